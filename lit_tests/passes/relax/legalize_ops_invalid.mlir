// RUN: tyrex-opt %s -p legalize-ops --split-input-file --verify-diagnostics -t none

relax.func @unknown_dim(%x: !relax.tensor<[?], f32>) -> (!relax.tensor<[?], f32>) {
  // expected-error @below {{has a value of type !relax.tensor<[?], f32>, whose shape is not known here}}
  %y = relax.tanh %x : (!relax.tensor<[?], f32>) -> !relax.tensor<[?], f32>
  relax.return %y : !relax.tensor<[?], f32>
}
