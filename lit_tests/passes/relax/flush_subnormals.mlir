// RUN: tyrex-opt %s --split-input-file -p flush-subnormals | filecheck %s

// CHECK-LABEL: relax.func @conv
// CHECK:         %[[w:.*]] = relax.constant <[1, 1, 2], f32, [0.0, 2.0]>
// CHECK:         relax.conv %x, %[[w]]
relax.func @conv(%x: !relax.tensor<[1, 1, 3], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 2], f32, [1.0e-40, 2.0]> : !relax.tensor<[1, 1, 2], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 3], f32>, !relax.tensor<[1, 1, 2], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %y : !relax.tensor<[1, 1, 2], f32>
}

// -----

// CHECK-LABEL: relax.func @matmul
// CHECK:         relax.constant <[2, 1], f32, [-3.0, 0.0]>
relax.func @matmul(%x: !relax.tensor<[1, 2], f32>) -> (!relax.tensor<[1, 1], f32>) {
  %w = relax.constant <[2, 1], f32, [-3.0, -1.0e-40]> : !relax.tensor<[2, 1], f32>
  %y = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[1, 2], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 1], f32>
  relax.return %y : !relax.tensor<[1, 1], f32>
}

// -----

// The least normal number, and one that is no weight.
// CHECK-LABEL: relax.func @stays
// CHECK:         %[[w:.*]] = relax.constant <[1, 1], f32, [1.1754943508222875e-38]>
// CHECK:         relax.matmul %x, %[[w]]
// CHECK:         relax.constant <[], f32, [9.99994610111476e-41]>
relax.func @stays(%x: !relax.tensor<[1, 1], f32>) -> (!relax.tensor<[1, 1], f32>) {
  %w = relax.constant <[1, 1], f32, [1.1754943508222875e-38]> : !relax.tensor<[1, 1], f32>
  %y = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[1, 1], f32>, !relax.tensor<[1, 1], f32>) -> !relax.tensor<[1, 1], f32>
  %c = relax.constant <[], f32, [1.0e-40]> : !relax.tensor<[], f32>
  %z = relax.add %y, %c : (!relax.tensor<[1, 1], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[1, 1], f32>
  relax.return %z : !relax.tensor<[1, 1], f32>
}
