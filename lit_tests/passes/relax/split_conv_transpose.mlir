// RUN: tyrex-opt %s --split-input-file -p split-conv-transpose | filecheck %s

// Two channels of 1x2 pixels from one: four products each, bias and activation before the layout.
// CHECK-LABEL: relax.func @disjoint<n>
// CHECK:         %[[w:.*]] = relax.constant <[4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]>
// CHECK-NEXT:    %[[c:.*]] = relax.conv %x, %[[w]] {{.*}}-> !relax.tensor<[n, 4, 3], f32>
// CHECK-NEXT:    %[[b:.*]] = relax.constant <[4, 1], f32, [5.0, 5.0, 6.0, 6.0]>
// CHECK-NEXT:    %[[s:.*]] = relax.add %[[c]], %[[b]]
// CHECK-NEXT:    %[[r:.*]] = relax.relu %[[s]]
// CHECK-NEXT:    %[[p:.*]] = relax.reshape %[[r]] {shape = #relax.dims<[n, 2, 2, 3]>}
// CHECK-NEXT:    %[[q:.*]] = relax.permute_dims %[[p]] {axes = array<i64: 0, 1, 3, 2>}
// CHECK-NEXT:    %z = relax.reshape %[[q]] {shape = #relax.dims<[n, 2, 6]>}
// CHECK-NEXT:    relax.return %z
relax.func @disjoint<n>(%x: !relax.tensor<[n, 1, 3], f32>) -> (!relax.tensor<[n, 2, 6], f32>) {
  %w = relax.constant <[1, 2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 2, 2], f32>
  %b = relax.constant <[2, 1], f32, [5.0, 6.0]> : !relax.tensor<[2, 1], f32>
  %t = relax.conv_transpose %x, %w {strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64, output_padding = array<i64: 0>} : (!relax.tensor<[n, 1, 3], f32>, !relax.tensor<[1, 2, 2], f32>) -> !relax.tensor<[n, 2, 6], f32>
  %y = relax.add %t, %b : (!relax.tensor<[n, 2, 6], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[n, 2, 6], f32>
  %z = relax.relu %y : (!relax.tensor<[n, 2, 6], f32>) -> !relax.tensor<[n, 2, 6], f32>
  relax.return %z : !relax.tensor<[n, 2, 6], f32>
}

// -----

// Windows that overlap.
// CHECK-LABEL: relax.func @overlapping
// CHECK:         relax.conv_transpose
relax.func @overlapping(%x: !relax.tensor<[1, 1, 3], f32>) -> (!relax.tensor<[1, 1, 7], f32>) {
  %w = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %t = relax.conv_transpose %x, %w {strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64, output_padding = array<i64: 0>} : (!relax.tensor<[1, 1, 3], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 7], f32>
  relax.return %t : !relax.tensor<[1, 1, 7], f32>
}

// -----

// One channel of two that are pixels: each copy of the weights meets those of its own pixel.
// CHECK-LABEL: relax.func @mixed<n>
// CHECK:         %[[w:.*]] = relax.constant <[2, 4, 1], f32, [5.0, 0.0, 6.0, 0.0, 0.0, 5.0, 0.0, 6.0]>
// CHECK-NEXT:    %[[c:.*]] = relax.conv %x, %[[w]] {{.*}}-> !relax.tensor<[n, 2, 3], f32>
// CHECK-NEXT:    %[[r:.*]] = relax.relu %[[c]]
// CHECK-NEXT:    relax.reshape %[[r]] {shape = #relax.dims<[n, 1, 2, 3]>}
// CHECK-NEXT:    relax.permute_dims
// CHECK-NEXT:    relax.reshape
// CHECK-NEXT:    relax.return
relax.func @mixed<n>(%x: !relax.tensor<[n, 4, 3], f32>) -> (!relax.tensor<[n, 1, 6], f32>) {
  %p = relax.reshape %x {shape = #relax.dims<[n, 2, 2, 3]>} : (!relax.tensor<[n, 4, 3], f32>) -> !relax.tensor<[n, 2, 2, 3], f32>
  %q = relax.permute_dims %p {axes = array<i64: 0, 1, 3, 2>} : (!relax.tensor<[n, 2, 2, 3], f32>) -> !relax.tensor<[n, 2, 3, 2], f32>
  %y = relax.reshape %q {shape = #relax.dims<[n, 2, 6]>} : (!relax.tensor<[n, 2, 3, 2], f32>) -> !relax.tensor<[n, 2, 6], f32>
  %w = relax.constant <[1, 2, 1], f32, [5.0, 6.0]> : !relax.tensor<[1, 2, 1], f32>
  %c = relax.conv %y, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[n, 2, 6], f32>, !relax.tensor<[1, 2, 1], f32>) -> !relax.tensor<[n, 1, 6], f32>
  %z = relax.relu %c : (!relax.tensor<[n, 1, 6], f32>) -> !relax.tensor<[n, 1, 6], f32>
  relax.return %z : !relax.tensor<[n, 1, 6], f32>
}

// -----

// Another permutation: no pixels of channels.
// CHECK-LABEL: relax.func @no_pixels
// CHECK:         relax.permute_dims
// CHECK:         relax.conv
relax.func @no_pixels(%x: !relax.tensor<[1, 6, 2], f32>) -> (!relax.tensor<[1, 1, 4], f32>) {
  %p = relax.reshape %x {shape = #relax.dims<[1, 2, 3, 2]>} : (!relax.tensor<[1, 6, 2], f32>) -> !relax.tensor<[1, 2, 3, 2], f32>
  %q = relax.permute_dims %p {axes = array<i64: 0, 2, 1, 3>} : (!relax.tensor<[1, 2, 3, 2], f32>) -> !relax.tensor<[1, 3, 2, 2], f32>
  %y = relax.reshape %q {shape = #relax.dims<[1, 3, 4]>} : (!relax.tensor<[1, 3, 2, 2], f32>) -> !relax.tensor<[1, 3, 4], f32>
  %w = relax.constant <[1, 3, 1], f32, [5.0, 6.0, 7.0]> : !relax.tensor<[1, 3, 1], f32>
  %c = relax.conv %y, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 3, 4], f32>, !relax.tensor<[1, 3, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  relax.return %c : !relax.tensor<[1, 1, 4], f32>
}
