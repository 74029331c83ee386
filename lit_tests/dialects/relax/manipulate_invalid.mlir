// RUN: EXPECTED

relax.func @reshape_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.reshape: (C1) !relax.tensor<[2, 3], f32> has 6 elements, the new shape [7] has 7}}
  %0 = relax.reshape %x0 {shape = #relax.dims<[7]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[7], f32>
  relax.return
}

// -----

relax.func @permute_dims_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.permute_dims: (C1) axes [0, 0] are no permutation of [0, 1]}}
  %0 = relax.permute_dims %x0 {axes = array<i64: 0, 0>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @broadcast_to_c1_rank(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.broadcast_to: (C1) !relax.tensor<[2, 3], f32> does not broadcast to [3]}}
  %0 = relax.broadcast_to %x0 {shape = #relax.dims<[3]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @broadcast_to_c1_dim(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.broadcast_to: (C1) !relax.tensor<[2, 3], f32> does not broadcast to [4, 3]}}
  %0 = relax.broadcast_to %x0 {shape = #relax.dims<[4, 3]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 3], f32>
  relax.return
}

// -----

relax.func @concat_c1_none() {
  // expected-error @below {{relax.concat: (C1) needs at least one tensor}}
  %0 = relax.concat {axis = 0} : () -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @concat_c1_types(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], i64>) {
  // expected-error @below {{relax.concat: (C1) element types differ: f32, i64; cast first}}
  %0 = relax.concat %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @concat_c2_rank(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.concat: (C2) ranks differ: [1, 2]}}
  %0 = relax.concat %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @concat_c2_axis(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.concat: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.concat %x0, %x1 {axis = 2} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @concat_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[2, 4], f32>) {
  // expected-error @below {{relax.concat: (C3) dims of axis 1 differ: 3 and 4}}
  %0 = relax.concat %x0, %x1 {axis = 0} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @split_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.split: (C1) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.split %x0 {axis = 2, sections = #relax.dims<[1]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @split_c2(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.split: (C2) sections [1, 1] do not add up to 3}}
  %0, %1 = relax.split %x0 {axis = 1, sections = #relax.dims<[1, 1]>} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>)
  relax.return
}

// -----

relax.func @strided_slice_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.strided_slice: (C1) 1 starts, 2 sizes, 2 steps for rank 2}}
  %0 = relax.strided_slice %x0 {starts = #relax.dims<[0]>, sizes = #relax.dims<[1, 1]>, steps = array<i64: 1, 1>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[1, 1], f32>
  relax.return
}

// -----

relax.func @strided_slice_c2_step(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.strided_slice: (C2) a step is 0}}
  %0 = relax.strided_slice %x0 {starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[1, 1]>, steps = array<i64: 1, 0>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[1, 1], f32>
  relax.return
}

// -----

relax.func @strided_slice_c2_size(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.strided_slice: (C2) a size is negative in [1, -1]}}
  %0 = relax.strided_slice %x0 {starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[1, -1]>, steps = array<i64: 1, 1>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[1, 1], f32>
  relax.return
}

// -----

relax.func @strided_slice_c3(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.strided_slice: (C3) axis 1 reads 1 to 3, outside of 0..3-1}}
  %0 = relax.strided_slice %x0 {starts = #relax.dims<[0, 1]>, sizes = #relax.dims<[1, 3]>, steps = array<i64: 1, 1>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[1, 3], f32>
  relax.return
}

// -----

relax.func @pad_c1_count(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.pad: (C1) padding [1, 1]; needs 4 counts, none negative}}
  %0 = relax.pad %x0, %x1 {padding = array<i64: 1, 1>, mode = "edge"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @pad_c1_sign(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.pad: (C1) padding [0, -1, 0, 0]; needs 4 counts, none negative}}
  %0 = relax.pad %x0, %x1 {padding = array<i64: 0, -1, 0, 0>, mode = "edge"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @pad_c2(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.pad: (C2) mode "mirror" is unknown; use one of constant, edge, reflect, wrap}}
  %0 = relax.pad %x0, %x1 {padding = array<i64: 0, 0, 0, 0>, mode = "mirror"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @pad_c3(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[1], f32>) {
  // expected-error @below {{relax.pad: (C3) value is !relax.tensor<[1], f32>, expected a scalar of f32}}
  %0 = relax.pad %x0, %x1 {padding = array<i64: 0, 0, 0, 0>, mode = "edge"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[1], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @tile_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.tile: (C1) repeats [2] do not fit !relax.tensor<[2, 3], f32>}}
  %0 = relax.tile %x0 {repeats = #relax.dims<[2]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @iota_c1() {
  // expected-error @below {{relax.iota: (C1) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.iota {shape = #relax.dims<[2, 3]>, axis = 2, dtype = f32} : () -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @full_c1(%x0: !relax.tensor<[1], f32>) {
  // expected-error @below {{relax.full: (C1) value is !relax.tensor<[1], f32>, expected a scalar}}
  %0 = relax.full %x0 {shape = #relax.dims<[2, 3]>} : (!relax.tensor<[1], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @trilu_c1(%x0: !relax.tensor<[4], f32>) {
  // expected-error @below {{relax.trilu: (C1) !relax.tensor<[4], f32> has no two axes}}
  %0 = relax.trilu %x0 {k = 0, upper = true} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return
}

// -----

relax.func @result(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.permute_dims: result 0 has type !relax.tensor<[2, 3], f32>, but !relax.tensor<[3, 2], f32> is inferred}}
  %0 = relax.permute_dims %x0 {axes = array<i64: 1, 0>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}
