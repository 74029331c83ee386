// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @conv
relax.func @conv<n, h>(%x: !relax.tensor<[n, 4, 32, h], f32>, %w: !relax.tensor<[8, 2, 3, 3], f32>, %line: !relax.tensor<[n, 4, h], i32>, %v: !relax.tensor<[8, 4, 3], i32>) {
  // CHECK: relax.conv %x, %w {strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 2>, dilations = array<i64: 1, 1>, groups = 2 : i64} : (!relax.tensor<[n, 4, 32, h], f32>, !relax.tensor<[8, 2, 3, 3], f32>) -> !relax.tensor<[n, 8, 16, (h + 1) floordiv 2], f32>
  %0 = relax.conv %x, %w {strides = array<i64: 2, 2>, padding = array<i64: 1, 0, 1, 2>, dilations = array<i64: 1, 1>, groups = 2} : (!relax.tensor<[n, 4, 32, h], f32>, !relax.tensor<[8, 2, 3, 3], f32>) -> !relax.tensor<[n, 8, 16, (h + 1) floordiv 2], f32>
  // CHECK: relax.conv %line, %v {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2>, groups = 1 : i64} : (!relax.tensor<[n, 4, h], i32>, !relax.tensor<[8, 4, 3], i32>) -> !relax.tensor<[n, 8, h - 4], i32>
  %1 = relax.conv %line, %v {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2>, groups = 1} : (!relax.tensor<[n, 4, h], i32>, !relax.tensor<[8, 4, 3], i32>) -> !relax.tensor<[n, 8, h - 4], i32>
  relax.return
}

// CHECK-LABEL: relax.func @conv_transpose
relax.func @conv_transpose<n, h>(%x: !relax.tensor<[n, 8, 4, h], f32>, %w: !relax.tensor<[8, 2, 3, 2], f32>) {
  // CHECK: relax.conv_transpose %x, %w {strides = array<i64: 2, 1>, padding = array<i64: 1, 0, 1, 0>, dilations = array<i64: 1, 1>, groups = 4 : i64, output_padding = array<i64: 1, 0>} : (!relax.tensor<[n, 8, 4, h], f32>, !relax.tensor<[8, 2, 3, 2], f32>) -> !relax.tensor<[n, 8, 8, h + 1], f32>
  %0 = relax.conv_transpose %x, %w {strides = array<i64: 2, 1>, padding = array<i64: 1, 0, 1, 0>, dilations = array<i64: 1, 1>, groups = 4, output_padding = array<i64: 1, 0>} : (!relax.tensor<[n, 8, 4, h], f32>, !relax.tensor<[8, 2, 3, 2], f32>) -> !relax.tensor<[n, 8, 8, h + 1], f32>
  relax.return
}

// CHECK-LABEL: relax.func @pools
relax.func @pools<n>(%x: !relax.tensor<[n, 4, 7, 7], f32>, %b: !relax.tensor<[n, 4, 7], ui8>) {
  // CHECK: relax.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_extra = array<i64: 1, 1>} : (!relax.tensor<[n, 4, 7, 7], f32>) -> !relax.tensor<[n, 4, 4, 4], f32>
  %0 = relax.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_extra = array<i64: 1, 1>} : (!relax.tensor<[n, 4, 7, 7], f32>) -> !relax.tensor<[n, 4, 4, 4], f32>
  // CHECK: relax.max_pool %b {kernel = array<i64: 3>, strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2>} : (!relax.tensor<[n, 4, 7], ui8>) -> !relax.tensor<[n, 4, 3], ui8>
  %1 = relax.max_pool %b {kernel = array<i64: 3>, strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 2>} : (!relax.tensor<[n, 4, 7], ui8>) -> !relax.tensor<[n, 4, 3], ui8>
  // CHECK: relax.max_pool_with_indices %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (!relax.tensor<[n, 4, 7, 7], f32>) -> (!relax.tensor<[n, 4, 4, 4], f32>, !relax.tensor<[n, 4, 4, 4], i64>)
  %2, %3 = relax.max_pool_with_indices %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (!relax.tensor<[n, 4, 7, 7], f32>) -> (!relax.tensor<[n, 4, 4, 4], f32>, !relax.tensor<[n, 4, 4, 4], i64>)
  // CHECK: relax.avg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, count_include_pad = true} : (!relax.tensor<[n, 4, 7, 7], f32>) -> !relax.tensor<[n, 4, 4, 4], f32>
  %4 = relax.avg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, count_include_pad = true} : (!relax.tensor<[n, 4, 7, 7], f32>) -> !relax.tensor<[n, 4, 4, 4], f32>
  relax.return
}

// CHECK-LABEL: relax.func @blocked_conv
relax.func @blocked_conv(%image: !relax.tensor<[1, 3, 8, 8], f32>, %first: !relax.tensor<[2, 3, 3, 3, 4], f32>, %dense: !relax.tensor<[1, 2, 1, 1, 4, 4], f32>, %depthwise: !relax.tensor<[1, 3, 3, 4], f32>, %part: !relax.tensor<[3, 6, 1, 1, 4], f32>) {
  // CHECK: relax.blocked_conv %image, %first {{.*}} -> !relax.tensor<[1, 2, 6, 6, 4], f32>
  %0 = relax.blocked_conv %image, %first {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 3, 8, 8], f32>, !relax.tensor<[2, 3, 3, 3, 4], f32>) -> !relax.tensor<[1, 2, 6, 6, 4], f32>
  // CHECK: relax.blocked_conv %{{.*}}, %dense {{.*}} -> !relax.tensor<[1, 1, 6, 6, 4], f32>
  %1 = relax.blocked_conv %0, %dense {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 2, 6, 6, 4], f32>, !relax.tensor<[1, 2, 1, 1, 4, 4], f32>) -> !relax.tensor<[1, 1, 6, 6, 4], f32>
  // CHECK: relax.blocked_conv %{{.*}}, %depthwise {{.*}} -> !relax.tensor<[1, 1, 3, 3, 4], f32>
  %2 = relax.blocked_conv %1, %depthwise {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 1, 6, 6, 4], f32>, !relax.tensor<[1, 3, 3, 4], f32>) -> !relax.tensor<[1, 1, 3, 3, 4], f32>
  // CHECK: relax.blocked_conv %{{.*}}, %part {{.*}} -> !relax.tensor<[1, 3, 6, 6, 4], f32>
  %3 = relax.blocked_conv %0, %part {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 2, 6, 6, 4], f32>, !relax.tensor<[3, 6, 1, 1, 4], f32>) -> !relax.tensor<[1, 3, 6, 6, 4], f32>
  relax.return
}

// CHECK-LABEL: relax.func @grouped_conv
relax.func @grouped_conv(%x: !relax.tensor<[1, 2, 3, 8], f32>, %w: !relax.tensor<[2, 5, 3, 3], f32>) {
  // CHECK: relax.grouped_conv %x, %w {{.*}}interleaved = false{{.*}} -> !relax.tensor<[1, 2, 5, 6], f32>
  %0 = relax.grouped_conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, interleaved = false} : (!relax.tensor<[1, 2, 3, 8], f32>, !relax.tensor<[2, 5, 3, 3], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  // CHECK: relax.grouped_conv %x, %w {{.*}}interleaved = true{{.*}} -> !relax.tensor<[1, 5, 2, 4], f32>
  %1 = relax.grouped_conv %x, %w {strides = array<i64: 2>, padding = array<i64: 1, 0>, dilations = array<i64: 1>, interleaved = true} : (!relax.tensor<[1, 2, 3, 8], f32>, !relax.tensor<[2, 5, 3, 3], f32>) -> !relax.tensor<[1, 5, 2, 4], f32>
  relax.return
}
