// RUN: EXPECTED

relax.func @constant_c1() {
  // expected-error @below {{relax.constant: type !relax.tensor<[2], f32>, value !relax.tensor<[1], f32>}}
  %0 = relax.constant <[1], f32, [1.0]> : !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @inplace_c1(%x: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.call_tir_inplace: argument 0 cannot hold a !relax.tensor<[3], f32>}}
  %0 = relax.call_tir_inplace @k(%x) {inplace = array<i64: 0>} : (!relax.tensor<[2], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @inplace_c1_count(%x: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.call_tir_inplace: inplace (0, 0) does not fit}}
  %0, %1 = relax.call_tir_inplace @k(%x) {inplace = array<i64: 0, 0>} : (!relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>)
  relax.return
}

// -----

relax.func @tuple_get_item_c1(%t: tuple<!relax.tensor<[2], f32>>) {
  // expected-error @below {{relax.tuple_get_item: index 1 is out of range; the tuple has 1}}
  %0 = relax.tuple_get_item %t {index = 1} : (tuple<!relax.tensor<[2], f32>>) -> !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @match_cast_c1(%x: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.match_cast: !relax.tensor<[2], f32> can never be !relax.tensor<[3], f32>}}
  %0 = relax.match_cast %x : !relax.tensor<[2], f32> -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @tuple_result_type(%x: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.tuple: result 0 has type tuple<!relax.tensor<[2], f32>>, but tuple<!relax.tensor<[2], f32>, !relax.tensor<[2], f32>> is inferred}}
  %0 = relax.tuple %x, %x : (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> tuple<!relax.tensor<[2], f32>>
  relax.return
}

// -----

relax.func @check_dims_c1<n>(%x: !relax.tensor<[n], f32>) {
  // expected-error @below {{relax.check_dims: (C1) relation 'less' of 2 dims; use one of equal, broadcast, expand, at_most, at_least of two}}
  relax.check_dims "n" {relation = "less", dims = #relax.dims<[n, 4]>}
  relax.return
}

// -----

relax.func @check_dims_c1_count<n>(%x: !relax.tensor<[n], f32>) {
  // expected-error @below {{relax.check_dims: (C1) relation 'equal' of 1 dims}}
  relax.check_dims "n" {relation = "equal", dims = #relax.dims<[n]>}
  relax.return
}
