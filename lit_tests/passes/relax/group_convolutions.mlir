// RUN: tyrex-opt %s --split-input-file -p group-convolutions | filecheck %s

// Groups are an axis; maps, their constants and a second tensor follow; what goes out is a view.
// CHECK-LABEL: relax.func @groups
// CHECK:         %[[x:.*]] = relax.reshape %x {shape = #relax.dims<[1, 2, 2, 3]>}
// CHECK:         %[[w:.*]] = relax.constant <[2, 2, 2, 1], f32, [1.0, 2.0, 3.0, 4.0,
// CHECK:         %[[c:.*]] = relax.grouped_conv %[[x]], %[[w]] {{.*}}interleaved = false{{.*}} -> !relax.tensor<[1, 2, 2, 3], f32>
// CHECK:         %[[b:.*]] = relax.constant <[1, 2, 2, 1], f32, [5.0, 6.0, 7.0, 8.0]>
// CHECK:         %[[s:.*]] = relax.add %[[c]], %[[b]]
// CHECK:         %[[r:.*]] = relax.reshape %r {shape = #relax.dims<[1, 2, 2, 3]>}
// CHECK:         %[[t:.*]] = relax.add %[[s]], %[[r]]
// CHECK:         %z = relax.reshape %[[t]] {shape = #relax.dims<[1, 4, 3]>}
// CHECK-NEXT:    relax.return %z
relax.func @groups(%x: !relax.tensor<[1, 4, 3], f32>, %r: !relax.tensor<[1, 4, 3], f32>) -> (!relax.tensor<[1, 4, 3], f32>) {
  %w = relax.constant <[4, 2, 1], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[4, 2, 1], f32>
  %b = relax.constant <[4, 1], f32, [5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[4, 1], f32>
  %c = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2 : i64} : (!relax.tensor<[1, 4, 3], f32>, !relax.tensor<[4, 2, 1], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %y = relax.add %c, %b : (!relax.tensor<[1, 4, 3], f32>, !relax.tensor<[4, 1], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %z = relax.add %y, %r : (!relax.tensor<[1, 4, 3], f32>, !relax.tensor<[1, 4, 3], f32>) -> !relax.tensor<[1, 4, 3], f32>
  relax.return %z : !relax.tensor<[1, 4, 3], f32>
}

// -----

// A channel shuffle is the order in which the convolution writes; its bias moves along.
// CHECK-LABEL: relax.func @shuffle
// CHECK:         relax.grouped_conv {{.*}}interleaved = true{{.*}} -> !relax.tensor<[1, 2, 2, 3], f32>
// CHECK:         relax.constant <[1, 2, 2, 1], f32, [5.0, 7.0, 6.0, 8.0]>
// CHECK:         relax.add
// CHECK:         relax.relu
// CHECK-NOT:     relax.permute_dims
// CHECK:         relax.reshape %{{.*}} {shape = #relax.dims<[1, 4, 3]>}
relax.func @shuffle(%x: !relax.tensor<[1, 2, 3], f32>) -> (!relax.tensor<[1, 4, 3], f32>) {
  %w = relax.constant <[4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4, 1, 1], f32>
  %b = relax.constant <[4, 1], f32, [5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[4, 1], f32>
  %c = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2 : i64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[4, 1, 1], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %s = relax.add %c, %b : (!relax.tensor<[1, 4, 3], f32>, !relax.tensor<[4, 1], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %y = relax.relu %s : (!relax.tensor<[1, 4, 3], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %g = relax.reshape %y {shape = #relax.dims<[1, 2, 2, 3]>} : (!relax.tensor<[1, 4, 3], f32>) -> !relax.tensor<[1, 2, 2, 3], f32>
  %p = relax.permute_dims %g {axes = array<i64: 0, 2, 1, 3>} : (!relax.tensor<[1, 2, 2, 3], f32>) -> !relax.tensor<[1, 2, 2, 3], f32>
  %z = relax.reshape %p {shape = #relax.dims<[1, 4, 3]>} : (!relax.tensor<[1, 2, 2, 3], f32>) -> !relax.tensor<[1, 4, 3], f32>
  relax.return %z : !relax.tensor<[1, 4, 3], f32>
}

// -----

// Where the unshuffled channels are read too, the shuffle stays a move.
// CHECK-LABEL: relax.func @read_twice
// CHECK:         relax.grouped_conv {{.*}}interleaved = false
// CHECK:         relax.permute_dims
relax.func @read_twice(%x: !relax.tensor<[1, 2, 3], f32>) -> (!relax.tensor<[1, 4, 3], f32>, !relax.tensor<[1, 4, 3], f32>) {
  %w = relax.constant <[4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4, 1, 1], f32>
  %c = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2 : i64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[4, 1, 1], f32>) -> !relax.tensor<[1, 4, 3], f32>
  %g = relax.reshape %c {shape = #relax.dims<[1, 2, 2, 3]>} : (!relax.tensor<[1, 4, 3], f32>) -> !relax.tensor<[1, 2, 2, 3], f32>
  %p = relax.permute_dims %g {axes = array<i64: 0, 2, 1, 3>} : (!relax.tensor<[1, 2, 2, 3], f32>) -> !relax.tensor<[1, 2, 2, 3], f32>
  %z = relax.reshape %p {shape = #relax.dims<[1, 4, 3]>} : (!relax.tensor<[1, 2, 2, 3], f32>) -> !relax.tensor<[1, 4, 3], f32>
  relax.return %c, %z : !relax.tensor<[1, 4, 3], f32>, !relax.tensor<[1, 4, 3], f32>
}

// -----

// One group, and one channel in each.
// CHECK-LABEL: relax.func @must_not_fire
// CHECK-NOT:     relax.grouped_conv
relax.func @must_not_fire(%x: !relax.tensor<[1, 2, 3], f32>) -> (!relax.tensor<[1, 2, 3], f32>) {
  %w = relax.constant <[2, 1, 1], f32, [1.0, 2.0]> : !relax.tensor<[2, 1, 1], f32>
  %v = relax.constant <[2, 2, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2, 1], f32>
  %c = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2 : i64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[2, 1, 1], f32>) -> !relax.tensor<[1, 2, 3], f32>
  %d = relax.conv %c, %v {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[2, 2, 1], f32>) -> !relax.tensor<[1, 2, 3], f32>
  relax.return %d : !relax.tensor<[1, 2, 3], f32>
}

// -----

// A view of a matrix as a vector has no channels.
// CHECK-LABEL: relax.func @vectors
// CHECK:         relax.neg %{{.*}} : (!relax.tensor<[6], f32>) -> !relax.tensor<[6], f32>
relax.func @vectors(%x: !relax.tensor<[2, 3], f32>) -> (!relax.tensor<[6], f32>) {
  %v = relax.reshape %x {shape = #relax.dims<[6]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[6], f32>
  %n = relax.neg %v : (!relax.tensor<[6], f32>) -> !relax.tensor<[6], f32>
  relax.return %n : !relax.tensor<[6], f32>
}
