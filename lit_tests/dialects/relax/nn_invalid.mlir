// RUN: EXPECTED

relax.func @matmul_c1(%a: !relax.tensor<[2, 3], f32>, %b: !relax.tensor<[3, 2], f64>) {
  // expected-error @below {{relax.matmul: (C1) element types f32, f64 differ}}
  %0 = relax.matmul %a, %b {transpose_a = false, transpose_b = false} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3, 2], f64>) -> !relax.tensor<[2, 2], f32>
  relax.return
}

// -----

relax.func @matmul_c2(%a: !relax.tensor<[3], f32>, %b: !relax.tensor<[3, 2], f32>) {
  // expected-error @below {{relax.matmul: (C2) !relax.tensor<[3], f32> has rank 1, expected at least 2; reshape it}}
  %0 = relax.matmul %a, %b {transpose_a = false, transpose_b = false} : (!relax.tensor<[3], f32>, !relax.tensor<[3, 2], f32>) -> !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @matmul_c3(%a: !relax.tensor<[2, 3], f32>, %b: !relax.tensor<[3, 2], f32>) {
  // expected-error @below {{relax.matmul: (C3) summed dims: 2 and 3 differ}}
  %0 = relax.matmul %a, %b {transpose_a = true, transpose_b = false} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3, 2], f32>) -> !relax.tensor<[3, 2], f32>
  relax.return
}

// -----

relax.func @matmul_c4(%a: !relax.tensor<[4, 2, 3], f32>, %b: !relax.tensor<[5, 3, 2], f32>) {
  // expected-error @below {{relax.matmul: (C4) dims 4 and 5 do not broadcast}}
  %0 = relax.matmul %a, %b {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 2, 3], f32>, !relax.tensor<[5, 3, 2], f32>) -> !relax.tensor<[4, 2, 2], f32>
  relax.return
}

// -----

relax.func @einsum_c1(%a: !relax.tensor<[2], i1>) {
  // expected-error @below {{relax.einsum: (C1) element type i1 is not a number}}
  %0 = relax.einsum %a {equation = "i->"} : (!relax.tensor<[2], i1>) -> !relax.tensor<[], i1>
  relax.return
}

// -----

relax.func @einsum_c2(%a: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.einsum: (C2) term 'i' does not label the axes of a tensor of rank 2}}
  %0 = relax.einsum %a {equation = "i->"} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[], f32>
  relax.return
}

// -----

relax.func @einsum_c3(%a: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.einsum: (C3) dims 2 and 3 do not broadcast}}
  %0 = relax.einsum %a {equation = "ii->i"} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @batch_norm_c1(%x: !relax.tensor<[2, 3], i32>, %c: !relax.tensor<[3], i32>) {
  // expected-error @below {{relax.batch_norm: (C1) element type i32 is not a float}}
  %0 = relax.batch_norm %x, %c, %c, %c, %c {epsilon = 0.1} : (!relax.tensor<[2, 3], i32>, !relax.tensor<[3], i32>, !relax.tensor<[3], i32>, !relax.tensor<[3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[2, 3], i32>
  relax.return
}

// -----

relax.func @instance_norm_c2(%x: !relax.tensor<[2, 3, 5], f32>, %c: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.instance_norm: (C2) channels: 3 and 2 differ}}
  %0 = relax.instance_norm %x, %c, %c {epsilon = 0.1} : (!relax.tensor<[2, 3, 5], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 3, 5], f32>
  relax.return
}

// -----

relax.func @layer_norm_c2(%x: !relax.tensor<[2, 3], f32>, %c: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.layer_norm: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.layer_norm %x, %c, %c {axis = 2, epsilon = 0.1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @layer_norm_c3(%x: !relax.tensor<[2, 3], f32>, %c: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.layer_norm: (C3) scale or bias: 3 and 2 differ}}
  %0 = relax.layer_norm %x, %c, %c {axis = 1, epsilon = 0.1} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return
}

// -----

relax.func @lrn_c2(%x: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.lrn: (C2) !relax.tensor<[2], f32> has rank 1, expected at least 2}}
  %0 = relax.lrn %x {size = 5, alpha = 0.1, beta = 0.75, bias = 1.0} : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @batch_norm_c2(%x: !relax.tensor<[2], f32>, %c: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.batch_norm: (C2) !relax.tensor<[2], f32> has rank 1, expected at least 2}}
  %0 = relax.batch_norm %x, %c, %c, %c, %c {epsilon = 0.1} : (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  relax.return
}

// -----

relax.func @batch_norm_c2_vectors(%x: !relax.tensor<[1, 2], f32>, %c: !relax.tensor<[2], f32>, %v: !relax.tensor<[2, 1], f32>) {
  // expected-error @below {{relax.batch_norm: (C2)}}
  %0 = relax.batch_norm %x, %c, %c, %c, %v {epsilon = 0.1} : (!relax.tensor<[1, 2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[1, 2], f32>
  relax.return
}

// -----

relax.func @instance_norm_c1(%x: !relax.tensor<[2, 3, 5], f32>, %c: !relax.tensor<[3], f64>) {
  // expected-error @below {{relax.instance_norm: (C1) element types f32, f64, f64 differ}}
  %0 = relax.instance_norm %x, %c, %c {epsilon = 0.1} : (!relax.tensor<[2, 3, 5], f32>, !relax.tensor<[3], f64>, !relax.tensor<[3], f64>) -> !relax.tensor<[2, 3, 5], f32>
  relax.return
}

// -----

relax.func @layer_norm_c1(%x: !relax.tensor<[2, 3], i32>, %c: !relax.tensor<[3], i32>) {
  // expected-error @below {{relax.layer_norm: (C1) element type i32 is not a float}}
  %0 = relax.layer_norm %x, %c, %c {axis = 1, epsilon = 0.1} : (!relax.tensor<[2, 3], i32>, !relax.tensor<[3], i32>, !relax.tensor<[3], i32>) -> !relax.tensor<[2, 3], i32>
  relax.return
}

// -----

relax.func @lrn_c1(%x: !relax.tensor<[2, 3], i32>) {
  // expected-error @below {{relax.lrn: (C1) element type i32 is not a float}}
  %0 = relax.lrn %x {size = 5, alpha = 0.1, beta = 0.75, bias = 1.0} : (!relax.tensor<[2, 3], i32>) -> !relax.tensor<[2, 3], i32>
  relax.return
}
