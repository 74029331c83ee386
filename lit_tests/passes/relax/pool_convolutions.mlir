// RUN: tyrex-opt %s --split-input-file -p pool-convolutions | filecheck %s

// A bias for each channel and a relu keep the order of values: they follow the maxima.
// CHECK-LABEL: relax.func @squares
// CHECK:         %[[y:.*]] = relax.winograd_conv %x, %u {m = 2 : i64, {{.*}}pool = 2 : i64{{.*}} -> !relax.tensor<[1, 2, 4, 4, 4], f32>
// CHECK-NEXT:    %[[z:.*]] = relax.add %[[y]], %b
// CHECK-NEXT:    %[[p:.*]] = relax.relu %[[z]]
// CHECK-NEXT:    relax.return %[[p]]
relax.func @squares(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %u: !relax.tensor<[16, 2, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 4, 4, 4], f32>) {
  %b = relax.constant <[2, 1, 1, 4], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : !relax.tensor<[2, 1, 1, 4], f32>
  %y = relax.winograd_conv %x, %u {m = 2, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[16, 2, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %z = relax.add %y, %b : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[2, 1, 1, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %r = relax.relu %z : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %p = relax.max_pool %r {kernel = array<i64: 2, 2, 1>, strides = array<i64: 2, 2, 1>, padding = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 4, 4, 4], f32>
  relax.return %p : !relax.tensor<[1, 2, 4, 4, 4], f32>
}

// -----

// Windows that overlap do not lie in one tile.
// CHECK-LABEL: relax.func @overlapping
// CHECK-NOT:     pool = 2
// CHECK:         relax.max_pool
relax.func @overlapping(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %u: !relax.tensor<[16, 2, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 4, 4, 4], f32>) {
  %b = relax.constant <[2, 1, 1, 4], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : !relax.tensor<[2, 1, 1, 4], f32>
  %y = relax.winograd_conv %x, %u {m = 2, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[16, 2, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %z = relax.add %y, %b : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[2, 1, 1, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %r = relax.relu %z : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %p = relax.max_pool %r {kernel = array<i64: 3, 3, 1>, strides = array<i64: 2, 2, 1>, padding = array<i64: 1, 1, 0, 1, 1, 0>, dilations = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 4, 4, 4], f32>
  relax.return %p : !relax.tensor<[1, 2, 4, 4, 4], f32>
}

// -----

// The last row belongs to no window.
// CHECK-LABEL: relax.func @cut_off
// CHECK-NOT:     pool = 2
// CHECK:         relax.max_pool
relax.func @cut_off(%x: !relax.tensor<[1, 2, 9, 9, 4], f32>, %u: !relax.tensor<[16, 2, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 4, 4, 4], f32>) {
  %b = relax.constant <[2, 1, 1, 4], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : !relax.tensor<[2, 1, 1, 4], f32>
  %y = relax.winograd_conv %x, %u {m = 2, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 9, 9, 4], f32>, !relax.tensor<[16, 2, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 9, 9, 4], f32>
  %z = relax.add %y, %b : (!relax.tensor<[1, 2, 9, 9, 4], f32>, !relax.tensor<[2, 1, 1, 4], f32>) -> !relax.tensor<[1, 2, 9, 9, 4], f32>
  %r = relax.relu %z : (!relax.tensor<[1, 2, 9, 9, 4], f32>) -> !relax.tensor<[1, 2, 9, 9, 4], f32>
  %p = relax.max_pool %r {kernel = array<i64: 2, 2, 1>, strides = array<i64: 2, 2, 1>, padding = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 2, 9, 9, 4], f32>) -> !relax.tensor<[1, 2, 4, 4, 4], f32>
  relax.return %p : !relax.tensor<[1, 2, 4, 4, 4], f32>
}

// -----

// A bias for each pixel may change which of them is the largest.
// CHECK-LABEL: relax.func @each_pixel
// CHECK-NOT:     pool = 2
// CHECK:         relax.max_pool
relax.func @each_pixel(%x: !relax.tensor<[1, 2, 2, 2, 4], f32>, %u: !relax.tensor<[16, 2, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 1, 1, 4], f32>) {
  %b = relax.constant <[2, 1], f32, [0.0, 1.0]> : !relax.tensor<[2, 1], f32>
  %y = relax.winograd_conv %x, %u {m = 2, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 2, 2, 4], f32>, !relax.tensor<[16, 2, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 2, 2, 4], f32>
  %z = relax.add %y, %b : (!relax.tensor<[1, 2, 2, 2, 4], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 2, 2, 2, 4], f32>
  %r = relax.relu %z : (!relax.tensor<[1, 2, 2, 2, 4], f32>) -> !relax.tensor<[1, 2, 2, 2, 4], f32>
  %p = relax.max_pool %r {kernel = array<i64: 2, 2, 1>, strides = array<i64: 2, 2, 1>, padding = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 2, 2, 2, 4], f32>) -> !relax.tensor<[1, 2, 1, 1, 4], f32>
  relax.return %p : !relax.tensor<[1, 2, 1, 1, 4], f32>
}

// -----

// Somebody else reads what is not pooled.
// CHECK-LABEL: relax.func @read_twice
// CHECK-NOT:     pool = 2
// CHECK:         relax.max_pool
relax.func @read_twice(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %u: !relax.tensor<[16, 2, 2, 4, 4], f32>) -> (!relax.tensor<[1, 2, 4, 4, 4], f32>, !relax.tensor<[1, 2, 8, 8, 4], f32>) {
  %b = relax.constant <[2, 1, 1, 4], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : !relax.tensor<[2, 1, 1, 4], f32>
  %y = relax.winograd_conv %x, %u {m = 2, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[16, 2, 2, 4, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %z = relax.add %y, %b : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[2, 1, 1, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %r = relax.relu %z : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 8, 8, 4], f32>
  %p = relax.max_pool %r {kernel = array<i64: 2, 2, 1>, strides = array<i64: 2, 2, 1>, padding = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>) -> !relax.tensor<[1, 2, 4, 4, 4], f32>
  relax.return %p, %r : !relax.tensor<[1, 2, 4, 4, 4], f32>, !relax.tensor<[1, 2, 8, 8, 4], f32>
}
