// RUN: tyrex-opt %s --split-input-file -p fold-scales | filecheck %s

// The factors go to the weight, both shifts become one bias.
// CHECK-LABEL: relax.func @conv
// CHECK-NOT:     relax.multiply
// CHECK:         %[[w:.*]] = relax.constant <[2, 1, 1], f32, [20.0, 300.0]>
// CHECK:         %[[y:.*]] = relax.conv %x, %[[w]]
// CHECK:         %[[b:.*]] = relax.constant <[2, 1], f32, [15.0, 115.0]>
// CHECK:         %z = relax.add %[[y]], %[[b]]
relax.func @conv(%x: !relax.tensor<[1, 1, 5], f32>) -> (!relax.tensor<[1, 2, 5], f32>) {
  %w = relax.constant <[2, 1, 1], f32, [2.0, 3.0]> : !relax.tensor<[2, 1, 1], f32>
  %b = relax.constant <[2, 1], f32, [1.0, 1.0]> : !relax.tensor<[2, 1], f32>
  %c = relax.constant <[2, 1], f32, [10.0, 100.0]> : !relax.tensor<[2, 1], f32>
  %d = relax.constant <[1], f32, [5.0]> : !relax.tensor<[1], f32>
  %e = relax.constant <[2, 1], f32, [0.0, 10.0]> : !relax.tensor<[2, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 5], f32>, !relax.tensor<[2, 1, 1], f32>) -> !relax.tensor<[1, 2, 5], f32>
  %biased = relax.add %y, %b : (!relax.tensor<[1, 2, 5], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 2, 5], f32>
  %scaled = relax.multiply %biased, %c : (!relax.tensor<[1, 2, 5], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 2, 5], f32>
  %shifted = relax.add %d, %scaled : (!relax.tensor<[1], f32>, !relax.tensor<[1, 2, 5], f32>) -> !relax.tensor<[1, 2, 5], f32>
  %z = relax.add %shifted, %e : (!relax.tensor<[1, 2, 5], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 2, 5], f32>
  relax.return %z : !relax.tensor<[1, 2, 5], f32>
}

// -----

// Output channels of two groups: w is [input channel, output channel of the group, position].
// CHECK-LABEL: relax.func @conv_transpose
// CHECK:         relax.constant <[2, 2, 1], f32, [1.0, 10.0, 100.0, 1000.0]>
// CHECK-NEXT:    relax.conv_transpose
// CHECK-NEXT:    relax.return
relax.func @conv_transpose(%x: !relax.tensor<[1, 2, 5], f32>) -> (!relax.tensor<[1, 4, 5], f32>) {
  %w = relax.constant <[2, 2, 1], f32, [1.0, 1.0, 1.0, 1.0]> : !relax.tensor<[2, 2, 1], f32>
  %c = relax.constant <[4, 1], f32, [1.0, 10.0, 100.0, 1000.0]> : !relax.tensor<[4, 1], f32>
  %y = relax.conv_transpose %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2 : i64, output_padding = array<i64: 0>} : (!relax.tensor<[1, 2, 5], f32>, !relax.tensor<[2, 2, 1], f32>) -> !relax.tensor<[1, 4, 5], f32>
  %z = relax.multiply %y, %c : (!relax.tensor<[1, 4, 5], f32>, !relax.tensor<[4, 1], f32>) -> !relax.tensor<[1, 4, 5], f32>
  relax.return %z : !relax.tensor<[1, 4, 5], f32>
}

// -----

// CHECK-LABEL: relax.func @matmul
// CHECK:         relax.constant <[2, 2], f32, [10.0, 20.0, 300.0, 400.0]>
// CHECK-NEXT:    relax.matmul
// CHECK-NEXT:    relax.return
relax.func @matmul(%x: !relax.tensor<[3, 2], f32>) -> (!relax.tensor<[3, 2], f32>) {
  %w = relax.constant <[2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2], f32>
  %c = relax.constant <[2], f32, [10.0, 100.0]> : !relax.tensor<[2], f32>
  %y = relax.matmul %x, %w {transpose_a = false, transpose_b = true} : (!relax.tensor<[3, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[3, 2], f32>
  %z = relax.multiply %y, %c : (!relax.tensor<[3, 2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[3, 2], f32>
  relax.return %z : !relax.tensor<[3, 2], f32>
}

// -----

// One factor per row is none per output channel; a product that is used twice keeps its weight; no
// constant grows; integers wrap elsewhere than before.
// CHECK-LABEL: relax.func @stays
// CHECK:         relax.matmul
// CHECK-NEXT:    relax.multiply
// CHECK:         relax.matmul
// CHECK-NEXT:    relax.multiply
// CHECK-NEXT:    relax.multiply
// CHECK-NEXT:    relax.multiply
// CHECK-NEXT:    relax.multiply
relax.func @stays(%x: !relax.tensor<[2, 2], f32>, %i: !relax.tensor<[2], i8>) -> (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2], i8>) {
  %w = relax.constant <[2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2], f32>
  %row = relax.constant <[2, 1], f32, [10.0, 100.0]> : !relax.tensor<[2, 1], f32>
  %col = relax.constant <[2], f32, [10.0, 100.0]> : !relax.tensor<[2], f32>
  %c = relax.constant <[2], i8, [10, 100]> : !relax.tensor<[2], i8>
  %y = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  %z = relax.multiply %y, %row : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 2], f32>
  %u = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  %v = relax.multiply %u, %col : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 2], f32>
  %r = relax.multiply %x, %row : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 2], f32>
  %s = relax.multiply %r, %col : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 2], f32>
  %j = relax.multiply %i, %c : (!relax.tensor<[2], i8>, !relax.tensor<[2], i8>) -> !relax.tensor<[2], i8>
  %k = relax.multiply %j, %c : (!relax.tensor<[2], i8>, !relax.tensor<[2], i8>) -> !relax.tensor<[2], i8>
  %t = relax.add %u, %s : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  relax.return %z, %v, %t, %k : !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2], i8>
}
