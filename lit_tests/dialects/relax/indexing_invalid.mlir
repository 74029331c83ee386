// RUN: EXPECTED

relax.func @gather_c1(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.gather: (C1) indices are f32, expected integers}}
  %0 = relax.gather %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3, 3], f32>
  relax.return
}

// -----

relax.func @gather_c2(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>) {
  // expected-error @below {{relax.gather: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.gather %x0, %x1 {axis = 2} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3, 3], f32>
  relax.return
}

// -----

relax.func @gather_elements_c1_type(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.gather_elements: (C1) indices are f32, expected integers}}
  %0 = relax.gather_elements %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_elements_c1_rank(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.gather_elements: (C1) indices have rank 1, x has rank 2}}
  %0 = relax.gather_elements %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_elements_c2(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>) {
  // expected-error @below {{relax.gather_elements: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.gather_elements %x0, %x1 {axis = 2} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_elements_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3, 3], i64>) {
  // expected-error @below {{relax.gather_elements: (C3) axis 0 of the indices, 3, is larger than x's, 2}}
  %0 = relax.gather_elements %x0, %x1 {axis = 1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3, 3], i64>) -> !relax.tensor<[3, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c3_larger(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3, 3], i64>, %x2: !relax.tensor<[3, 3], f32>) {
  // expected-error @below {{relax.scatter_elements: (C3) axis 0 of the indices, 3, is larger than x's, 2}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 1, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3, 3], i64>, !relax.tensor<[3, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_nd_c1(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.gather_nd: (C1) indices are f32, expected integers}}
  %0 = relax.gather_nd %x0, %x1 {batch_dims = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_nd_c2_depth(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>) {
  // expected-error @below {{relax.gather_nd: (C2) index tuples of 3 after 0 batch axes do not fit !relax.tensor<[2, 3], f32>}}
  %0 = relax.gather_nd %x0, %x1 {batch_dims = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_nd_c2_unknown(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, ?], i64>) {
  // expected-error @below {{relax.gather_nd: (C2) indices are !relax.tensor<[2, ?], i64>; their last dim must be a number}}
  %0 = relax.gather_nd %x0, %x1 {batch_dims = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, ?], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @gather_nd_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[4, 1], i64>) {
  // expected-error @below {{relax.gather_nd: (C3) batch axis 0 differs: !relax.tensor<[2, 3], f32>, !relax.tensor<[4, 1], i64>}}
  %0 = relax.gather_nd %x0, %x1 {batch_dims = 1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[4, 1], i64>) -> !relax.tensor<[4], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c1_indices(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_elements: (C1) indices are f32, expected integers}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 0, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c1_updates(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>, %x2: !relax.tensor<[2, 3], i64>) {
  // expected-error @below {{relax.scatter_elements: (C1) updates are i64, x is f32}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 0, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c1_reduction(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_elements: (C1) reduction "sub" is unknown; use one of none, add, mul, max, min}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 0, reduction = "sub"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c2_rank(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2], i64>, %x2: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.scatter_elements: (C2) indices have rank 1, x has rank 2}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 0, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], i64>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c2_axis(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_elements: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 2, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_elements_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>, %x2: !relax.tensor<[2, 2], f32>) {
  // expected-error @below {{relax.scatter_elements: (C3) updates: !relax.tensor<[2, 2], f32>, expected shape [2, 3]}}
  %0 = relax.scatter_elements %x0, %x1, %x2 {axis = 0, reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_nd_c1(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_nd: (C1) indices are f32, expected integers}}
  %0 = relax.scatter_nd %x0, %x1, %x2 {reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_nd_c2(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_nd: (C2) index tuples of 3 after 0 batch axes do not fit !relax.tensor<[2, 3], f32>}}
  %0 = relax.scatter_nd %x0, %x1, %x2 {reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @scatter_nd_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[4, 1], i64>, %x2: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.scatter_nd: (C3) updates: !relax.tensor<[2, 3], f32>, expected shape [4, 3]}}
  %0 = relax.scatter_nd %x0, %x1, %x2 {reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[4, 1], i64>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @top_k_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.top_k: (C1) axis 2 is out of range for rank 2; use 0..1}}
  %0, %1 = relax.top_k %x0 {k = #relax.dims<[1]>, axis = 2, largest = true} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>)
  relax.return
}

// -----

relax.func @top_k_c2(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.top_k: (C2) k = 4 of 3 elements along axis 1}}
  %0, %1 = relax.top_k %x0 {k = #relax.dims<[4]>, axis = 1, largest = true} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], i64>)
  relax.return
}

// -----

relax.func @top_k_c2_one(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.top_k: (C2) k is 2 dims, expected one}}
  %0, %1 = relax.top_k %x0 {k = #relax.dims<[2, 2]>, axis = 1, largest = true} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], i64>)
  relax.return
}

// -----

relax.func @top_k_c2_symbol<n>(%x0: !relax.tensor<[2, n], f32>) {
  // expected-error @below {{relax.top_k: (C2) k = n + 1 of n elements along axis 1}}
  %0, %1 = relax.top_k %x0 {k = #relax.dims<[n + 1]>, axis = 1, largest = true} : (!relax.tensor<[2, n], f32>) -> (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], i64>)
  relax.return
}

// -----

relax.func @reverse_sequence_c1(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.reverse_sequence: (C1) batch axis 0, time axis 2 of !relax.tensor<[2, 3], f32>; use 0 and 1}}
  %0 = relax.reverse_sequence %x0, %x1 {batch_axis = 0, time_axis = 2} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @reverse_sequence_c2_type(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.reverse_sequence: (C2) lengths are !relax.tensor<[2], f32>}}
  %0 = relax.reverse_sequence %x0, %x1 {batch_axis = 0, time_axis = 1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @reverse_sequence_c2_shape(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3], i64>) {
  // expected-error @below {{relax.reverse_sequence: (C2) lengths: !relax.tensor<[3], i64>, expected shape [2]}}
  %0 = relax.reverse_sequence %x0, %x1 {batch_axis = 0, time_axis = 1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @max_unpool_c1_type(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.max_unpool: (C1) indices are f32, expected integers}}
  %0 = relax.max_unpool %x0, %x1 {shape = #relax.dims<[4, 6]>} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @max_unpool_c1_shape(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 2], i64>) {
  // expected-error @below {{relax.max_unpool: (C1) indices: !relax.tensor<[2, 2], i64>, expected shape [2, 3]}}
  %0 = relax.max_unpool %x0, %x1 {shape = #relax.dims<[4, 6]>} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 2], i64>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @check_position_c1(%p: !relax.tensor<[1], i64>, %x: !relax.tensor<[4], f32>) {
  // expected-error @below {{relax.check_position: (C1) the position is !relax.tensor<[1], i64>, expected one integer}}
  %0 = relax.check_position %p, %x {past_end = true, place = "p"} : (!relax.tensor<[1], i64>, !relax.tensor<[4], f32>) -> !relax.tensor<[], i64>
  relax.return
}

// -----

relax.func @check_position_c1_type(%p: !relax.tensor<[], f32>, %x: !relax.tensor<[4], f32>) {
  // expected-error @below {{relax.check_position: (C1) the position is !relax.tensor<[], f32>, expected one integer}}
  %0 = relax.check_position %p, %x {past_end = true, place = "p"} : (!relax.tensor<[], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[], i64>
  relax.return
}

// -----

relax.func @check_position_c2(%p: !relax.tensor<[], i64>, %x: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.check_position: (C2) !relax.tensor<[], f32> has no slices}}
  %0 = relax.check_position %p, %x {past_end = true, place = "p"} : (!relax.tensor<[], i64>, !relax.tensor<[], f32>) -> !relax.tensor<[], i64>
  relax.return
}
