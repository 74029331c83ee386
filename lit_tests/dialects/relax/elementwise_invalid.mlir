// RUN: EXPECTED

relax.func @unary_c1(%x: !relax.tensor<[3], i32>) {
  // expected-error @below {{relax.exp: (C1) element type i32 is not a float; cast the operand}}
  %0 = relax.exp %x : (!relax.tensor<[3], i32>) -> !relax.tensor<[3], i32>
  relax.return
}

// -----

relax.func @binary_c1(%x: !relax.tensor<[3], i32>, %y: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.add: (C1) element types i32, f32 differ; cast the operands to one}}
  %0 = relax.add %x, %y : (!relax.tensor<[3], i32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], i32>
  relax.return
}

// -----

relax.func @binary_c2(%x: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.add: (C2) element type i1 is not a number; cast the operand}}
  %0 = relax.add %x, %x : (!relax.tensor<[3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[3], i1>
  relax.return
}

// -----

relax.func @binary_c3(%x: !relax.tensor<[3], f32>, %y: !relax.tensor<[2, 4], f32>) {
  // expected-error @below {{relax.add: (C3) dims 3 and 4 do not broadcast}}
  %0 = relax.add %x, %y : (!relax.tensor<[3], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  relax.return
}

// -----

relax.func @where_c1(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.where: (C1) element type f32 is not bool; cast the operand}}
  %0 = relax.where %x, %x, %x : (!relax.tensor<[3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @where_c2(%c: !relax.tensor<[3], i1>, %x: !relax.tensor<[3], f32>, %y: !relax.tensor<[3], f64>) {
  // expected-error @below {{relax.where: (C2) element types f32 and f64 differ; cast one operand}}
  %0 = relax.where %c, %x, %y : (!relax.tensor<[3], i1>, !relax.tensor<[3], f32>, !relax.tensor<[3], f64>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @where_c3(%c: !relax.tensor<[2], i1>, %x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.where: (C3) dims 2 and 3 do not broadcast}}
  %0 = relax.where %c, %x, %x : (!relax.tensor<[2], i1>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @result_type(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.equal: result 0 has type !relax.tensor<[3], f32>, but !relax.tensor<[3], i1> is inferred}}
  %0 = relax.equal %x, %x : (!relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @cast_result_type(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.cast: result 0 has type !relax.tensor<[3], f32>, but !relax.tensor<[3], i32> is inferred}}
  %0 = relax.cast %x {dtype = i32} : (!relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}

// -----

relax.func @cast_to_no_element_type(%x: !relax.tensor<[3], f32>) {
  // expected-error @below {{!relax.tensor: index is no element type}}
  %0 = relax.cast %x {dtype = index} : (!relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return
}
