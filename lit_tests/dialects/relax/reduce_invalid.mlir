// RUN: EXPECTED

relax.func @reduction_c1(%x: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.sum: (C1) element type i1 is not a number; cast the operand}}
  %0 = relax.sum %x {axes = array<i64: 0>, keepdims = false} : (!relax.tensor<[3], i1>) -> !relax.tensor<[], i1>
  relax.return
}

// -----

relax.func @reduction_c2_order(%x: !relax.tensor<[3, 4], f32>) {
  // expected-error @below {{relax.sum: (C2) axes [1, 0] are not sorted}}
  %0 = relax.sum %x {axes = array<i64: 1, 0>, keepdims = false} : (!relax.tensor<[3, 4], f32>) -> !relax.tensor<[], f32>
  relax.return
}

// -----

relax.func @reduction_c2_range(%x: !relax.tensor<[3, 4], f32>) {
  // expected-error @below {{relax.mean: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.mean %x {axes = array<i64: 2>, keepdims = false} : (!relax.tensor<[3, 4], f32>) -> !relax.tensor<[3, 4], f32>
  relax.return
}

// -----

relax.func @arg_c1(%x: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.arg_max: (C1) element type i1 is not a number; cast the operand}}
  %0 = relax.arg_max %x {axis = 0, keepdims = false, select_last_index = false} : (!relax.tensor<[3], i1>) -> !relax.tensor<[], i64>
  relax.return
}

// -----

relax.func @arg_c2(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.arg_min: (C2) axis 1 is out of range for rank 1; use 0..0}}
  %0 = relax.arg_min %x {axis = 1, keepdims = false, select_last_index = false} : (!relax.tensor<[3], f32>) -> !relax.tensor<[], i64>
  relax.return
}

// -----

relax.func @axis_c1(%x: !relax.tensor<[3], i32>) {
  // expected-error @below {{relax.softmax: (C1) element type i32 is not a float; cast the operand}}
  %0 = relax.softmax %x {axis = 0} : (!relax.tensor<[3], i32>) -> !relax.tensor<[3], i32>
  relax.return
}

// -----

relax.func @axis_c2(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.log_softmax: (C2) axis -1 is out of range for rank 1; use 0..0}}
  %0 = relax.log_softmax %x {axis = -1} : (!relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @scan_c1(%x: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.cum_sum: (C1) element type i1 is not a number; cast the operand}}
  %0 = relax.cum_sum %x {axis = 0, exclusive = false, reverse = false} : (!relax.tensor<[3], i1>) -> !relax.tensor<[3], i1>
  relax.return
}
