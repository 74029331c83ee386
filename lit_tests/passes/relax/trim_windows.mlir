// RUN: tyrex-opt %s --split-input-file -p trim-windows | filecheck %s

// Outer taps lie two positions from an image of two.
// CHECK-LABEL: relax.func @middle
// CHECK:         %[[w:.*]] = relax.constant <[1, 1, 1], f32, [2.0]>
// CHECK-NEXT:    relax.conv %x, %[[w]] {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2>
relax.func @middle(%x: !relax.tensor<[1, 1, 2], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 2, 2>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %y : !relax.tensor<[1, 1, 2], f32>
}

// -----

// A stride: two results, at -1 and 1; the first tap meets the image in the second.
// CHECK-LABEL: relax.func @strided
// CHECK:         relax.constant <[1, 1, 2], f32, [1.0, 2.0]>
// CHECK-NEXT:    relax.conv {{.*}} {strides = array<i64: 2>, padding = array<i64: 1, 2>, dilations = array<i64: 2>
relax.func @strided(%x: !relax.tensor<[1, 1, 2], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %y = relax.conv %x, %w {strides = array<i64: 2>, padding = array<i64: 1, 4>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %y : !relax.tensor<[1, 1, 2], f32>
}

// -----

// Every tap meets the image.
// CHECK-LABEL: relax.func @all
// CHECK:         relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]>
// CHECK-NEXT:    relax.conv {{.*}} padding = array<i64: 2, 2>
relax.func @all(%x: !relax.tensor<[1, 1, 3], f32>) -> (!relax.tensor<[1, 1, 3], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 2, 2>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[1, 1, 3], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 3], f32>
  relax.return %y : !relax.tensor<[1, 1, 3], f32>
}

// -----

// Infinity times the padding is not a number.
// CHECK-LABEL: relax.func @infinite
// CHECK:         relax.conv {{.*}} padding = array<i64: 2, 2>
relax.func @infinite(%x: !relax.tensor<[1, 1, 2], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [inf, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 2, 2>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %y : !relax.tensor<[1, 1, 2], f32>
}

// -----

// The image's size is known in the run.
// CHECK-LABEL: relax.func @symbolic
// CHECK:         relax.conv {{.*}} padding = array<i64: 2, 2>
relax.func @symbolic<n>(%x: !relax.tensor<[1, 1, n], f32>) -> (!relax.tensor<[1, 1, n], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 2, 2>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[1, 1, n], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, n], f32>
  relax.return %y : !relax.tensor<[1, 1, n], f32>
}
