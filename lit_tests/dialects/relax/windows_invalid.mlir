// RUN: EXPECTED

relax.func @conv_c1(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 3, 3], f16>) {
  // expected-error @below {{relax.conv: (C1) element types f32, f16 differ}}
  %0 = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 3, 3], f16>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_c2_rank(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 3, 3], f32>) {
  // expected-error @below {{relax.conv: (C2) !relax.tensor<[1, 3, 8], f32> with 2 strides; expected [N, C, *S] with one stride for each of 1 to 3 spatial axes}}
  %0 = relax.conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 3, 3], f32>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_c2_padding(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 3, 3], f32>) {
  // expected-error @below {{relax.conv: (C2) padding has 1 entries, expected 2 for 1 spatial axes}}
  %0 = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 3, 3], f32>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_c2_stride(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 3, 3], f32>) {
  // expected-error @below {{relax.conv: (C2) strides and dilations are at least 1}}
  %0 = relax.conv %x, %w {strides = array<i64: 0>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 3, 3], f32>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_c3_channels(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 2, 3], f32>) {
  // expected-error @below {{relax.conv: (C3) input channels: 3 and 2 differ}}
  %0 = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 2, 3], f32>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_c3_groups(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 1, 3], f32>) {
  // expected-error @below {{relax.conv: (C3) 3 groups do not divide 4}}
  %0 = relax.conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 3} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 1, 3], f32>) -> !relax.tensor<[1, 4, 6], f32>
  relax.return
}

// -----

relax.func @conv_transpose_c3(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 1, 3], f32>) {
  // expected-error @below {{relax.conv_transpose: (C3) input channels: 3 and 4 differ}}
  %0 = relax.conv_transpose %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1, output_padding = array<i64: 0>} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 1, 3], f32>) -> !relax.tensor<[1, 1, 10], f32>
  relax.return
}

// -----

relax.func @pool_c1(%x: !relax.tensor<[1, 3, 8], i32>) {
  // expected-error @below {{relax.avg_pool: (C1) element type i32 is not a float; cast the operand}}
  %0 = relax.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 3, 8], i32>) -> !relax.tensor<[1, 3, 7], i32>
  relax.return
}

// -----

relax.func @pool_c2(%x: !relax.tensor<[1, 3, 8], f32>) {
  // expected-error @below {{relax.max_pool: (C2) kernel has 2 entries, expected 1 for 1 spatial axes}}
  %0 = relax.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>} : (!relax.tensor<[1, 3, 8], f32>) -> !relax.tensor<[1, 3, 7], f32>
  relax.return
}

// -----

relax.func @blocked_conv_c1(%x: !relax.tensor<[1, 1, 8, 8, 4], f32>, %w: !relax.tensor<[1, 1, 1, 1, 4, 4], f64>) {
  // expected-error @below {{relax.blocked_conv: (C1)}}
  %0 = relax.blocked_conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 1, 8, 8, 4], f32>, !relax.tensor<[1, 1, 1, 1, 4, 4], f64>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}

// -----

relax.func @blocked_conv_c2(%x: !relax.tensor<[1, 4, 8, 8], f32>, %w: !relax.tensor<[4, 4, 1, 1], f32>) {
  // expected-error @below {{relax.blocked_conv: (C2)}}
  %0 = relax.blocked_conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 4, 8, 8], f32>, !relax.tensor<[4, 4, 1, 1], f32>) -> !relax.tensor<[1, 4, 8, 8], f32>
  relax.return
}

// -----

relax.func @blocked_conv_c3(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %w: !relax.tensor<[1, 1, 1, 1, 4, 4], f32>) {
  // expected-error @below {{relax.blocked_conv: (C3) input channels: 2 and 1 differ}}
  %0 = relax.blocked_conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[1, 1, 1, 1, 4, 4], f32>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}

// -----

relax.func @max_pool_with_indices_result_type(%x: !relax.tensor<[1, 2, 8], f32>) {
  // expected-error @below {{relax.max_pool_with_indices: result 1 has type !relax.tensor<[1, 2, 4], i32>, but !relax.tensor<[1, 2, 4], i64> is inferred}}
  %0, %1 = relax.max_pool_with_indices %x {kernel = array<i64: 2>, strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, ceil_extra = array<i64: 0>} : (!relax.tensor<[1, 2, 8], f32>) -> (!relax.tensor<[1, 2, 4], f32>, !relax.tensor<[1, 2, 4], i32>)
  relax.return
}

// -----

relax.func @conv_transpose_c1(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[3, 1, 3], f64>) {
  // expected-error @below {{relax.conv_transpose: (C1) element types f32, f64 differ}}
  %0 = relax.conv_transpose %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1, output_padding = array<i64: 0>} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[3, 1, 3], f64>) -> !relax.tensor<[1, 1, 10], f32>
  relax.return
}

// -----

relax.func @conv_transpose_c2(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[3, 1, 3], f32>) {
  // expected-error @below {{relax.conv_transpose: (C2)}}
  %0 = relax.conv_transpose %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1, output_padding = array<i64: 0, 0>} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[3, 1, 3], f32>) -> !relax.tensor<[1, 1, 10], f32>
  relax.return
}

// -----

relax.func @grouped_conv_c1(%x: !relax.tensor<[1, 2, 3, 8], f32>, %w: !relax.tensor<[2, 5, 3, 3], f64>) {
  // expected-error @below {{relax.grouped_conv: (C1)}}
  %0 = relax.grouped_conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, interleaved = false} : (!relax.tensor<[1, 2, 3, 8], f32>, !relax.tensor<[2, 5, 3, 3], f64>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @grouped_conv_c2(%x: !relax.tensor<[1, 6, 8], f32>, %w: !relax.tensor<[10, 3, 3], f32>) {
  // expected-error @below {{relax.grouped_conv: (C2)}}
  %0 = relax.grouped_conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, interleaved = false} : (!relax.tensor<[1, 6, 8], f32>, !relax.tensor<[10, 3, 3], f32>) -> !relax.tensor<[1, 10, 6], f32>
  relax.return
}

// -----

relax.func @grouped_conv_c3(%x: !relax.tensor<[1, 2, 3, 8], f32>, %w: !relax.tensor<[2, 5, 4, 3], f32>) {
  // expected-error @below {{relax.grouped_conv: (C3) input channels of a group: 3 and 4 differ}}
  %0 = relax.grouped_conv %x, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, interleaved = false} : (!relax.tensor<[1, 2, 3, 8], f32>, !relax.tensor<[2, 5, 4, 3], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @blocked_conv_in_part_c3(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %w: !relax.tensor<[1, 4, 1, 1, 4], f32>) {
  // expected-error @below {{relax.blocked_conv: (C3) input channels: 2 and 1 differ}}
  %0 = relax.blocked_conv %x, %w {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[1, 4, 1, 1, 4], f32>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}
