// RUN: tyrex-opt %s -p 'legalize-ops{share=false}' | filecheck %s
// RUN: tyrex-opt %s -p legalize-ops | filecheck %s --check-prefix=SHARED

// Two operators that do the same have a kernel each, which says where it comes from; or one.
// CHECK: relax.call_tir @tanh(
// CHECK: relax.call_tir @tanh_1(
// SHARED: relax.call_tir @tanh(
// SHARED: relax.call_tir @tanh(
relax.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %a = relax.tanh %x : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %b = relax.tanh %a : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %b : !relax.tensor<[4], f32>
}
