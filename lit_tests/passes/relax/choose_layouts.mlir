// RUN: tyrex-opt %s --split-input-file -p 'choose-layouts{block=4}' | filecheck %s

// A convolution and what follows it work on blocks; the borders are converted.
// CHECK-LABEL: relax.func @conv_relu
// CHECK:         relax.reshape %x {shape = #relax.dims<[1, 1, 4, 2, 2]>}
// CHECK:         relax.permute_dims %{{.*}} {axes = array<i64: 0, 1, 3, 4, 2>}
// CHECK:         relax.constant <[1, 1, 1, 1, 4, 4], f32, [0.0, 4.0, 8.0, 12.0, 1.0,
// CHECK:         relax.blocked_conv
// CHECK-SAME:      -> !relax.tensor<[1, 1, 2, 2, 4], f32>
// CHECK:         relax.relu %{{.*}} -> !relax.tensor<[1, 1, 2, 2, 4], f32>
// CHECK:         relax.constant <[1, 1, 1, 1, 4], f32, [1.0, 2.0, 3.0, 4.0]>
// CHECK:         relax.add %{{.*}} -> !relax.tensor<[1, 1, 2, 2, 4], f32>
// CHECK:         relax.permute_dims %{{.*}} {axes = array<i64: 0, 1, 4, 2, 3>}
// CHECK:         %[[z:.*]] = relax.reshape %{{.*}} {shape = #relax.dims<[1, 4, 2, 2]>}
// CHECK:         relax.return %[[z]]
relax.func @conv_relu(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>) {
  %w = relax.constant <[4, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : !relax.tensor<[4, 4, 1, 1], f32>
  %c = relax.constant <[4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  %r = relax.relu %y : (!relax.tensor<[1, 4, 2, 2], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  %z = relax.add %r, %c : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[4, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %z : !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// The first layer reads the plain image; a depthwise convolution and a pooling stay in blocks.
// CHECK-LABEL: relax.func @first_depthwise_pool
// CHECK:         relax.blocked_conv %x, %{{.*}} (!relax.tensor<[1, 1, 4, 4], f32>, !relax.tensor<[1, 1, 1, 1, 4], f32>) -> !relax.tensor<[1, 1, 4, 4, 4], f32>
// CHECK:         relax.blocked_conv %{{.*}} !relax.tensor<[1, 1, 1, 4], f32>) -> !relax.tensor<[1, 1, 4, 4, 4], f32>
// CHECK:         relax.max_pool %{{.*}} {kernel = array<i64: 2, 2, 1>
// CHECK-SAME:      -> !relax.tensor<[1, 1, 2, 2, 4], f32>
// CHECK:         relax.mean %{{.*}} -> !relax.tensor<[1, 1, 1, 1, 4], f32>
// CHECK:         relax.reshape %{{.*}} {shape = #relax.dims<[1, 4, 1, 1]>}
relax.func @first_depthwise_pool(%x: !relax.tensor<[1, 1, 4, 4], f32>) -> (!relax.tensor<[1, 4, 1, 1], f32>) {
  %w = relax.constant <[4, 1, 1, 1], f32, [0.0, 1.0, 2.0, 3.0]> : !relax.tensor<[4, 1, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 4, 4], f32>, !relax.tensor<[4, 1, 1, 1], f32>) -> !relax.tensor<[1, 4, 4, 4], f32>
  %d = relax.conv %y, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 4 : i64} : (!relax.tensor<[1, 4, 4, 4], f32>, !relax.tensor<[4, 1, 1, 1], f32>) -> !relax.tensor<[1, 4, 4, 4], f32>
  %p = relax.max_pool %d {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 4, 4, 4], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  %m = relax.mean %p {axes = array<i64: 2, 3>, keepdims = true} : (!relax.tensor<[1, 4, 2, 2], f32>) -> !relax.tensor<[1, 4, 1, 1], f32>
  relax.return %m : !relax.tensor<[1, 4, 1, 1], f32>
}

// -----

// Concatenations and splits of whole blocks need no conversion.
// CHECK-LABEL: relax.func @concat_split
// CHECK:         relax.concat %{{.*}} -> !relax.tensor<[1, 2, 1, 1, 4], f32>
// CHECK:         relax.split %{{.*}} {axis = 1 : i64, sections = #relax.dims<[1, 1]>}
relax.func @concat_split(%x: !relax.tensor<[1, 4, 1, 1], f32>) -> (!relax.tensor<[1, 4, 1, 1], f32>) {
  %w = relax.constant <[4, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : !relax.tensor<[4, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 1, 1], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[1, 4, 1, 1], f32>
  %c = relax.concat %x, %y {axis = 1 : i64} : (!relax.tensor<[1, 4, 1, 1], f32>, !relax.tensor<[1, 4, 1, 1], f32>) -> !relax.tensor<[1, 8, 1, 1], f32>
  %s, %t = relax.split %c {axis = 1 : i64, sections = #relax.dims<[4, 4]>} : (!relax.tensor<[1, 8, 1, 1], f32>) -> (!relax.tensor<[1, 4, 1, 1], f32>, !relax.tensor<[1, 4, 1, 1], f32>)
  relax.return %t : !relax.tensor<[1, 4, 1, 1], f32>
}

// -----

// Channels fill the last block in part: weights and constants are zero there, the next convolution
// reads what counts, and plain operators get a slice.
// CHECK-LABEL: relax.func @in_part
// CHECK:         relax.constant <[1, 1, 1, 1, 4, 4], f32, [0.0, 4.0, 8.0, 0.0, 1.0, 5.0, 9.0, 0.0,
// CHECK:         %[[y:.*]] = relax.blocked_conv
// CHECK:         relax.constant <[1, 1, 1, 1, 4], f32, [1.0, 2.0, 3.0, 0.0]>
// CHECK:         %[[s:.*]] = relax.sigmoid
// CHECK:         relax.permute_dims %[[s]]
// CHECK:         relax.strided_slice {{.*}} sizes = #relax.dims<[1, 3, 2, 2]>
// CHECK:         relax.constant <[1, 3, 1, 1, 4], f32, [0.0, 3.0, 6.0, 9.0, 1.0,
// CHECK:         %[[z:.*]] = relax.blocked_conv %[[s]], {{.*}} (!relax.tensor<[1, 1, 2, 2, 4], f32>, !relax.tensor<[1, 3, 1, 1, 4], f32>) -> !relax.tensor<[1, 1, 2, 2, 4], f32>
relax.func @in_part(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 3, 2, 2], f32>, !relax.tensor<[1, 4, 2, 2], f32>) {
  %w = relax.constant <[3, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]> : !relax.tensor<[3, 4, 1, 1], f32>
  %v = relax.constant <[4, 3, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]> : !relax.tensor<[4, 3, 1, 1], f32>
  %c = relax.constant <[3, 1, 1], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[3, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[3, 4, 1, 1], f32>) -> !relax.tensor<[1, 3, 2, 2], f32>
  %a = relax.add %y, %c : (!relax.tensor<[1, 3, 2, 2], f32>, !relax.tensor<[3, 1, 1], f32>) -> !relax.tensor<[1, 3, 2, 2], f32>
  %s = relax.sigmoid %a : (!relax.tensor<[1, 3, 2, 2], f32>) -> !relax.tensor<[1, 3, 2, 2], f32>
  %z = relax.conv %s, %v {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 3, 2, 2], f32>, !relax.tensor<[4, 3, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %s, %z : !relax.tensor<[1, 3, 2, 2], f32>, !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// The rest of a block has to stay a number: log(0) is none, and a convolution would multiply it by 0.
// CHECK-LABEL: relax.func @no_number
// CHECK:         relax.blocked_conv
// CHECK:         relax.log {{.*}} -> !relax.tensor<[1, 3, 1, 1], f32>
// CHECK-NOT:     relax.blocked_conv
relax.func @no_number(%x: !relax.tensor<[1, 4, 1, 1], f32>) -> (!relax.tensor<[1, 3, 1, 1], f32>) {
  %w = relax.constant <[3, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]> : !relax.tensor<[3, 4, 1, 1], f32>
  %v = relax.constant <[3, 3, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[3, 3, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 1, 1], f32>, !relax.tensor<[3, 4, 1, 1], f32>) -> !relax.tensor<[1, 3, 1, 1], f32>
  %l = relax.log %y : (!relax.tensor<[1, 3, 1, 1], f32>) -> !relax.tensor<[1, 3, 1, 1], f32>
  %z = relax.conv %l, %v {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 3, 1, 1], f32>, !relax.tensor<[3, 3, 1, 1], f32>) -> !relax.tensor<[1, 3, 1, 1], f32>
  relax.return %z : !relax.tensor<[1, 3, 1, 1], f32>
}

// -----

// Few channels, and weights that are no constants, stay as they are.
// CHECK-LABEL: relax.func @must_not_fire
// CHECK-NOT:     relax.blocked_conv
relax.func @must_not_fire(%x: !relax.tensor<[1, 4, 2, 1], f32>, %v: !relax.tensor<[4, 4, 1, 1], f32>) -> (!relax.tensor<[1, 2, 2, 1], f32>, !relax.tensor<[1, 4, 2, 1], f32>) {
  %w = relax.constant <[2, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : !relax.tensor<[2, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 1], f32>, !relax.tensor<[2, 4, 1, 1], f32>) -> !relax.tensor<[1, 2, 2, 1], f32>
  %z = relax.conv %x, %v {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 1], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 1], f32>
  relax.return %y, %z : !relax.tensor<[1, 2, 2, 1], f32>, !relax.tensor<[1, 4, 2, 1], f32>
}

// -----

// Symbols may decide batch, height and width; a constant channel count is what blocks need.
// CHECK-LABEL: relax.func @symbolic
// CHECK:         relax.reshape %x {shape = #relax.dims<[n, 1, 4, h, h]>}
// CHECK:         relax.blocked_conv %{{.*}} -> !relax.tensor<[n, 1, h, h, 4], f32>
// CHECK:         relax.relu %{{.*}} -> !relax.tensor<[n, 1, h, h, 4], f32>
relax.func @symbolic<n, h>(%x: !relax.tensor<[n, 4, h, h], f32>) -> (!relax.tensor<[n, 4, h, h], f32>) {
  %w = relax.constant <[4, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : !relax.tensor<[4, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[n, 4, h, h], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[n, 4, h, h], f32>
  %r = relax.relu %y : (!relax.tensor<[n, 4, h, h], f32>) -> !relax.tensor<[n, 4, h, h], f32>
  relax.return %r : !relax.tensor<[n, 4, h, h], f32>
}

// -----

// Channels that a symbol decides have no blocks.
// CHECK-LABEL: relax.func @channels
// CHECK-NOT:     blocked
relax.func @channels<c>(%x: !relax.tensor<[1, c, 2, 2], f32>, %w: !relax.tensor<[4, c, 1, 1], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>) {
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, c, 2, 2], f32>, !relax.tensor<[4, c, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %y : !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// Pixels are repeated in blocks where a map follows; must not: where none does.
// CHECK-LABEL: relax.func @repeated
// CHECK:         %[[c:.*]] = relax.blocked_conv
// CHECK:         %[[r:.*]] = relax.resize %[[c]] {sizes = #relax.dims<[n, 1, h * 2, 6, 4]>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00, 1.000000e+00>, mode = "nearest"
// CHECK:         relax.relu %[[r]]
// CHECK:         relax.resize {{.*}} -> !relax.tensor<[n, 4, h * 2, 6], f32>
relax.func @repeated<n, h>(%x: !relax.tensor<[n, 4, h, 3], f32>) -> (!relax.tensor<[n, 4, h * 2, 6], f32>, !relax.tensor<[n, 4, h * 2, 6], f32>) {
  %w = relax.constant <[4, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : !relax.tensor<[4, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[n, 4, h, 3], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[n, 4, h, 3], f32>
  %r = relax.resize %y {sizes = #relax.dims<[n, 4, h * 2, 6]>, scales = array<f64: 1.0, 1.0, 2.0, 2.0>, mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor", cubic_coeff_a = -0.75 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.0 : f64} : (!relax.tensor<[n, 4, h, 3], f32>) -> !relax.tensor<[n, 4, h * 2, 6], f32>
  %a = relax.relu %r : (!relax.tensor<[n, 4, h * 2, 6], f32>) -> !relax.tensor<[n, 4, h * 2, 6], f32>
  %b = relax.resize %y {sizes = #relax.dims<[n, 4, h * 2, 6]>, scales = array<f64: 1.0, 1.0, 2.0, 2.0>, mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor", cubic_coeff_a = -0.75 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.0 : f64} : (!relax.tensor<[n, 4, h, 3], f32>) -> !relax.tensor<[n, 4, h * 2, 6], f32>
  relax.return %a, %b : !relax.tensor<[n, 4, h * 2, 6], f32>, !relax.tensor<[n, 4, h * 2, 6], f32>
}

// -----

// So do branches. An image one pixel high may have any channels: the form for the first layer reads it as it is.
// CHECK-LABEL: relax.func @branch
// CHECK:         relax.if
// CHECK:           relax.blocked_conv %x, %{{.*}} (!relax.tensor<[1, 5, 1, 8], f32>, !relax.tensor<[1, 5, 1, 1, 4], f32>) -> !relax.tensor<[1, 1, 1, 8, 4], f32>
// CHECK:           relax.relu %{{.*}} -> !relax.tensor<[1, 1, 1, 8, 4], f32>
// CHECK:           relax.yield
relax.func @branch(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[1, 5, 1, 8], f32>, %z: !relax.tensor<[1, 4, 1, 8], f32>) -> (!relax.tensor<[1, 4, 1, 8], f32>) {
  %w = relax.constant <[4, 5, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0]> : !relax.tensor<[4, 5, 1, 1], f32>
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[1, 4, 1, 8], f32>) {
    %a = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 5, 1, 8], f32>, !relax.tensor<[4, 5, 1, 1], f32>) -> !relax.tensor<[1, 4, 1, 8], f32>
    %r = relax.relu %a : (!relax.tensor<[1, 4, 1, 8], f32>) -> !relax.tensor<[1, 4, 1, 8], f32>
    relax.yield %r : !relax.tensor<[1, 4, 1, 8], f32>
  } else {
    relax.yield %z : !relax.tensor<[1, 4, 1, 8], f32>
  }
  relax.return %y : !relax.tensor<[1, 4, 1, 8], f32>
}

// -----

// A slice of whole blocks.
// CHECK-LABEL: relax.func @slice
// CHECK:         %[[y:.*]] = relax.blocked_conv
// CHECK-NEXT:    %[[s:.*]] = relax.strided_slice %[[y]] {starts = #relax.dims<[0, 1, 0, 0, 0]>, sizes = #relax.dims<[1, 1, 2, 2, 4]>, steps = array<i64: 1, 1, 1, 1, 1>}
// CHECK-NEXT:    relax.relu %[[s]]
relax.func @slice(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>) {
  %w = relax.constant <[8, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0]> : !relax.tensor<[8, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[8, 4, 1, 1], f32>) -> !relax.tensor<[1, 8, 2, 2], f32>
  %s = relax.strided_slice %y {starts = #relax.dims<[0, 4, 0, 0]>, sizes = #relax.dims<[1, 4, 2, 2]>, steps = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 8, 2, 2], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  %z = relax.relu %s : (!relax.tensor<[1, 4, 2, 2], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %z : !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// A slice that begins within a block.
// CHECK-LABEL: relax.func @slice_within
// CHECK:         relax.permute_dims
// CHECK:         relax.strided_slice {{.*}} -> !relax.tensor<[1, 4, 2, 2], f32>
relax.func @slice_within(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>) {
  %w = relax.constant <[8, 4, 1, 1], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0]> : !relax.tensor<[8, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[8, 4, 1, 1], f32>) -> !relax.tensor<[1, 8, 2, 2], f32>
  %s = relax.strided_slice %y {starts = #relax.dims<[0, 2, 0, 0]>, sizes = #relax.dims<[1, 4, 2, 2]>, steps = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 8, 2, 2], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  %z = relax.relu %s : (!relax.tensor<[1, 4, 2, 2], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %z : !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// Half a block, which only another convolution reads.
// CHECK-LABEL: relax.func @half_between
// CHECK:         %[[y:.*]] = relax.blocked_conv {{.*}} -> !relax.tensor<[1, 1, 2, 2, 4], f32>
// CHECK-NEXT:    %[[r:.*]] = relax.relu %[[y]]
// CHECK:         relax.blocked_conv %[[r]]
relax.func @half_between(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>) {
  %w = relax.constant <[2, 4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[2, 4, 1, 1], f32>
  %v = relax.constant <[4, 2, 1, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[4, 2, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[2, 4, 1, 1], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  %r = relax.relu %y : (!relax.tensor<[1, 2, 2, 2], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  %z = relax.conv %r, %v {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[4, 2, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %z : !relax.tensor<[1, 4, 2, 2], f32>
}

// -----

// Half a block, which others read as well.
// CHECK-LABEL: relax.func @half_elsewhere
// CHECK-NOT:     relax.blocked_conv %x
// CHECK:         relax.conv %x
relax.func @half_elsewhere(%x: !relax.tensor<[1, 4, 2, 2], f32>) -> (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[1, 2, 2, 2], f32>) {
  %w = relax.constant <[2, 4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[2, 4, 1, 1], f32>
  %v = relax.constant <[4, 2, 1, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[4, 2, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[2, 4, 1, 1], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  %z = relax.conv %y, %v {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[4, 2, 1, 1], f32>) -> !relax.tensor<[1, 4, 2, 2], f32>
  relax.return %z, %y : !relax.tensor<[1, 4, 2, 2], f32>, !relax.tensor<[1, 2, 2, 2], f32>
}

// -----

// A quarter of a block of a single pixel.
// CHECK-LABEL: relax.func @pixel
// CHECK:         relax.blocked_conv {{.*}} -> !relax.tensor<[1, 1, 1, 1, 4], f32>
relax.func @pixel(%x: !relax.tensor<[1, 4, 1, 1], f32>) -> (!relax.tensor<[1, 1, 1, 1], f32>) {
  %w = relax.constant <[1, 4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 4, 1, 1], f32>
  %y = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 1, 1], f32>, !relax.tensor<[1, 4, 1, 1], f32>) -> !relax.tensor<[1, 1, 1, 1], f32>
  relax.return %y : !relax.tensor<[1, 1, 1, 1], f32>
}
