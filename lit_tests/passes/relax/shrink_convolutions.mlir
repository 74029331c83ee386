// RUN: tyrex-opt %s --split-input-file -p shrink-convolutions | filecheck %s

// Four positions become one before channels are mixed.
// CHECK-LABEL: relax.func @pool_before
// CHECK:         %[[pooled:.*]] = relax.avg_pool %x {{.*}} -> !relax.tensor<[1, 2, 2, 2], f32>
// CHECK-NEXT:    %[[mixed:.*]] = relax.conv %[[pooled]], {{.*}} -> !relax.tensor<[1, 2, 2, 2], f32>
// CHECK-NEXT:    relax.return %[[mixed]]
relax.func @pool_before(%x: !relax.tensor<[1, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 2, 2], f32>) {
  %w = relax.constant <[2, 2, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 4, 4], f32>, !relax.tensor<[2, 2, 1, 1], f32>) -> !relax.tensor<[1, 2, 4, 4], f32>
  %z = relax.avg_pool %y {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, count_include_pad = false} : (!relax.tensor<[1, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  relax.return %z : !relax.tensor<[1, 2, 2, 2], f32>
}

// -----

// CHECK-LABEL: relax.func @mean_before
// CHECK:         %[[mean:.*]] = relax.mean %x
// CHECK-NEXT:    relax.conv %[[mean]]
relax.func @mean_before(%x: !relax.tensor<[1, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 1, 1], f32>) {
  %w = relax.constant <[2, 2, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 4, 4], f32>, !relax.tensor<[2, 2, 1, 1], f32>) -> !relax.tensor<[1, 2, 4, 4], f32>
  %z = relax.mean %y {axes = array<i64: 2, 3>, keepdims = true} : (!relax.tensor<[1, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 1, 1], f32>
  relax.return %z : !relax.tensor<[1, 2, 1, 1], f32>
}

// -----

// The image keeps its size: one channel is pooled, not two.
// CHECK-LABEL: relax.func @pool_after
// CHECK:         %[[mixed:.*]] = relax.conv %x, {{.*}} -> !relax.tensor<[1, 1, 3], f32>
// CHECK-NEXT:    relax.avg_pool %[[mixed]] {{.*}} padding = array<i64: 1, 1>
relax.func @pool_after(%x: !relax.tensor<[1, 2, 3], f32>) -> (!relax.tensor<[1, 1, 3], f32>) {
  %w = relax.constant <[1, 2, 1], f32, [1.0, 2.0]> : !relax.tensor<[1, 2, 1], f32>
  %y = relax.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 2, 3], f32>) -> !relax.tensor<[1, 2, 3], f32>
  %z = relax.conv %y, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[1, 2, 1], f32>) -> !relax.tensor<[1, 1, 3], f32>
  relax.return %z : !relax.tensor<[1, 1, 3], f32>
}

// -----

// The mean of a bias is the bias, where no padding counts.
// CHECK-LABEL: relax.func @biased
// CHECK:         %[[pooled:.*]] = relax.avg_pool %x
// CHECK-NEXT:    %[[mixed:.*]] = relax.conv %[[pooled]]
// CHECK-NEXT:    relax.add %[[mixed]], %b
relax.func @biased(%x: !relax.tensor<[1, 1, 4], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 1], f32, [2.0]> : !relax.tensor<[1, 1, 1], f32>
  %b = relax.constant <[1, 1], f32, [3.0]> : !relax.tensor<[1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 1, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %s = relax.add %y, %b : (!relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %z = relax.avg_pool %s {kernel = array<i64: 2>, strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 1, 4], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %z : !relax.tensor<[1, 1, 2], f32>
}

// -----

// Padding that counts makes less of the bias at the border.
// CHECK-LABEL: relax.func @biased_with_padding
// CHECK:         relax.conv %x
// CHECK-NEXT:    relax.add
// CHECK-NEXT:    relax.avg_pool
relax.func @biased_with_padding(%x: !relax.tensor<[1, 1, 4], f32>) -> (!relax.tensor<[1, 1, 3], f32>) {
  %w = relax.constant <[1, 1, 1], f32, [2.0]> : !relax.tensor<[1, 1, 1], f32>
  %b = relax.constant <[1, 1], f32, [3.0]> : !relax.tensor<[1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 1, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %s = relax.add %y, %b : (!relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %z = relax.avg_pool %s {kernel = array<i64: 2>, strides = array<i64: 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1>, count_include_pad = true} : (!relax.tensor<[1, 1, 4], f32>) -> !relax.tensor<[1, 1, 3], f32>
  relax.return %z : !relax.tensor<[1, 1, 3], f32>
}

// -----

// A tap beside a position sees another image once it is pooled.
// CHECK-LABEL: relax.func @two_taps
// CHECK:         relax.conv %x
// CHECK-NEXT:    relax.avg_pool
relax.func @two_taps(%x: !relax.tensor<[1, 1, 5], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 1, 2], f32, [1.0, 2.0]> : !relax.tensor<[1, 1, 2], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 5], f32>, !relax.tensor<[1, 1, 2], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %z = relax.avg_pool %y {kernel = array<i64: 2>, strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 1, 4], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %z : !relax.tensor<[1, 1, 2], f32>
}

// -----

// Somebody else reads the image that is mixed: it has to be computed in any case.
// CHECK-LABEL: relax.func @read_twice
// CHECK:         %[[mixed:.*]] = relax.conv %x
// CHECK-NEXT:    relax.avg_pool %[[mixed]]
relax.func @read_twice(%x: !relax.tensor<[1, 1, 4], f32>) -> (!relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 4], f32>) {
  %w = relax.constant <[1, 1, 1], f32, [2.0]> : !relax.tensor<[1, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 1, 1], f32>) -> !relax.tensor<[1, 1, 4], f32>
  %z = relax.avg_pool %y {kernel = array<i64: 2>, strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 1, 4], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %z, %y : !relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 4], f32>
}

// -----

// Eight channels at two positions in place of eight at six.
// CHECK-LABEL: relax.func @resized_part
// CHECK-DAG:     %[[other:.*]] = relax.conv %s, {{.*}} -> !relax.tensor<[1, 1, 6], f32>
// CHECK-DAG:     %[[small:.*]] = relax.conv %x, {{.*}} -> !relax.tensor<[1, 1, 2], f32>
// CHECK:         %[[large:.*]] = relax.resize %[[small]] {sizes = #relax.dims<[1, 1, 6]>
// CHECK-NEXT:    relax.add %[[other]], %[[large]]
relax.func @resized_part(%x: !relax.tensor<[1, 8, 2], f32>, %s: !relax.tensor<[1, 1, 6], f32>) -> (!relax.tensor<[1, 1, 6], f32>) {
  %w = relax.constant <[1, 9, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : !relax.tensor<[1, 9, 1], f32>
  %r = relax.resize %x {sizes = #relax.dims<[1, 8, 6]>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.0 : f64} : (!relax.tensor<[1, 8, 2], f32>) -> !relax.tensor<[1, 8, 6], f32>
  %c = relax.concat %r, %s {axis = 1 : i64} : (!relax.tensor<[1, 8, 6], f32>, !relax.tensor<[1, 1, 6], f32>) -> !relax.tensor<[1, 9, 6], f32>
  %y = relax.conv %c, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 9, 6], f32>, !relax.tensor<[1, 9, 1], f32>) -> !relax.tensor<[1, 1, 6], f32>
  relax.return %y : !relax.tensor<[1, 1, 6], f32>
}

// -----

// Fewer positions after than before: there the channels are mixed.
// CHECK-LABEL: relax.func @smaller
// CHECK:         %[[small:.*]] = relax.resize %x
// CHECK-NEXT:    relax.conv %[[small]]
relax.func @smaller(%x: !relax.tensor<[1, 8, 4], f32>) -> (!relax.tensor<[1, 1, 2], f32>) {
  %w = relax.constant <[1, 8, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[1, 8, 1], f32>
  %r = relax.resize %x {sizes = #relax.dims<[1, 8, 2]>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.0 : f64} : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 8, 2], f32>
  %y = relax.conv %r, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 8, 2], f32>, !relax.tensor<[1, 8, 1], f32>) -> !relax.tensor<[1, 1, 2], f32>
  relax.return %y : !relax.tensor<[1, 1, 2], f32>
}
