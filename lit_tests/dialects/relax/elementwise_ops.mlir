// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @unary
relax.func @unary<n>(%x: !relax.tensor<[n, 3], f32>, %c: !relax.tensor<[n, 3], i1>, %i: !relax.tensor<[n, 3], i32>, %b: !relax.tensor<[n, 3], i8>) {
  // CHECK: relax.abs %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %abs = relax.abs %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.acos %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %acos = relax.acos %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.acosh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %acosh = relax.acosh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.asin %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %asin = relax.asin %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.asinh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %asinh = relax.asinh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.atan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %atan = relax.atan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.atanh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %atanh = relax.atanh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.bitwise_not %b : (!relax.tensor<[n, 3], i8>) -> !relax.tensor<[n, 3], i8>
  %bitwise_not = relax.bitwise_not %b : (!relax.tensor<[n, 3], i8>) -> !relax.tensor<[n, 3], i8>
  // CHECK: relax.ceil %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %ceil = relax.ceil %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.cos %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %cos = relax.cos %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.cosh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %cosh = relax.cosh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.erf %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %erf = relax.erf %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.exp %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %exp = relax.exp %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.floor %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %floor = relax.floor %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.is_nan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], i1>
  %is_nan = relax.is_nan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.log %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %log = relax.log %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.logical_not %c : (!relax.tensor<[n, 3], i1>) -> !relax.tensor<[n, 3], i1>
  %logical_not = relax.logical_not %c : (!relax.tensor<[n, 3], i1>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.neg %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %neg = relax.neg %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.relu %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %relu = relax.relu %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.round %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %round = relax.round %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.rsqrt %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %rsqrt = relax.rsqrt %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.sigmoid %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %sigmoid = relax.sigmoid %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.sign %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %sign = relax.sign %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.sin %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %sin = relax.sin %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.sinh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %sinh = relax.sinh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.sqrt %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %sqrt = relax.sqrt %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.tan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %tan = relax.tan %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.tanh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %tanh = relax.tanh %x : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.is_inf %x {detect_positive = true, detect_negative = false} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], i1>
  %is_inf = relax.is_inf %x {detect_positive = true, detect_negative = false} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.cast %x {dtype = ui8} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], ui8>
  %cast = relax.cast %x {dtype = ui8} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], ui8>
  relax.return
}

// CHECK-LABEL: relax.func @binary
relax.func @binary<n>(
    %x: !relax.tensor<[n, 3], f32>, %x_row: !relax.tensor<[3], f32>,
    %c: !relax.tensor<[n, 3], i1>, %c_row: !relax.tensor<[3], i1>,
    %i: !relax.tensor<[n, 3], i32>, %i_row: !relax.tensor<[3], i32>,
    %b: !relax.tensor<[n, 3], i8>, %b_row: !relax.tensor<[3], i8>
) {
  // CHECK: relax.add %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %add = relax.add %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.bitwise_and %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  %bitwise_and = relax.bitwise_and %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  // CHECK: relax.bitwise_or %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  %bitwise_or = relax.bitwise_or %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  // CHECK: relax.bitwise_xor %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  %bitwise_xor = relax.bitwise_xor %b, %b_row : (!relax.tensor<[n, 3], i8>, !relax.tensor<[3], i8>) -> !relax.tensor<[n, 3], i8>
  // CHECK: relax.divide %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %divide = relax.divide %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %equal = relax.equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.floor_mod %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %floor_mod = relax.floor_mod %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.fmod %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %fmod = relax.fmod %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.greater_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %greater_equal = relax.greater_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.greater %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %greater = relax.greater %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.left_shift %i, %i_row : (!relax.tensor<[n, 3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[n, 3], i32>
  %left_shift = relax.left_shift %i, %i_row : (!relax.tensor<[n, 3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[n, 3], i32>
  // CHECK: relax.less_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %less_equal = relax.less_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.less %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %less = relax.less %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.logical_and %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  %logical_and = relax.logical_and %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.logical_or %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  %logical_or = relax.logical_or %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.logical_xor %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  %logical_xor = relax.logical_xor %c, %c_row : (!relax.tensor<[n, 3], i1>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.maximum %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %maximum = relax.maximum %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.minimum %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %minimum = relax.minimum %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.multiply %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %multiply = relax.multiply %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.not_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  %not_equal = relax.not_equal %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], i1>
  // CHECK: relax.power %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %power = relax.power %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.right_shift %i, %i_row : (!relax.tensor<[n, 3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[n, 3], i32>
  %right_shift = relax.right_shift %i, %i_row : (!relax.tensor<[n, 3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[n, 3], i32>
  // CHECK: relax.subtract %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  %subtract = relax.subtract %x, %x_row : (!relax.tensor<[n, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3], f32>
  relax.return
}

// CHECK-LABEL: relax.func @where
relax.func @where<n>(%c: !relax.tensor<[n, 1], i1>, %a: !relax.tensor<[1, 4], f32>, %b: !relax.tensor<[], f32>) {
  // CHECK: relax.where %c, %a, %b : (!relax.tensor<[n, 1], i1>, !relax.tensor<[1, 4], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 4], f32>
  %0 = relax.where %c, %a, %b : (!relax.tensor<[n, 1], i1>, !relax.tensor<[1, 4], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 4], f32>
  relax.return
}

// Dims that cannot be compared: one of them may be 1, the other is the result's.
// CHECK-LABEL: relax.func @unknown_dims
relax.func @unknown_dims<n, m>(%a: !relax.tensor<[n, ?], f32>, %b: !relax.tensor<[m, 4], f32>, %c: !relax.tensor<*, f32>) {
  // CHECK: -> !relax.tensor<[min(m, 1) * min(n, 1) * max(m, n), 4], f32>
  %0 = relax.add %a, %b : (!relax.tensor<[n, ?], f32>, !relax.tensor<[m, 4], f32>) -> !relax.tensor<[min(n, 1) * min(m, 1) * max(n, m), 4], f32>
  // CHECK: -> !relax.tensor<*, f32>
  %1 = relax.add %a, %c : (!relax.tensor<[n, ?], f32>, !relax.tensor<*, f32>) -> !relax.tensor<*, f32>
  relax.return
}

// A dim that is never the smaller one is the result's: so are the first 512 of n positions: n or fewer.
// CHECK-LABEL: relax.func @first_of
relax.func @first_of<n>(%a: !relax.tensor<[n, 4], f32>, %b: !relax.tensor<[min(n, 512), 4], f32>) {
  // CHECK: -> !relax.tensor<[n, 4], f32>
  %0 = relax.add %a, %b : (!relax.tensor<[n, 4], f32>, !relax.tensor<[min(n, 512), 4], f32>) -> !relax.tensor<[n, 4], f32>
  relax.return
}
