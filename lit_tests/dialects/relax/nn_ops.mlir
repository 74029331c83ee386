// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @matmul
relax.func @matmul<n, m>(%a: !relax.tensor<[n, 1, 8, 4], f32>, %b: !relax.tensor<[3, 4, m], f32>, %at: !relax.tensor<[4, 8], f32>, %bt: !relax.tensor<[m, 4], f32>) {
  // CHECK: relax.matmul %a, %b {transpose_a = false, transpose_b = false} : (!relax.tensor<[n, 1, 8, 4], f32>, !relax.tensor<[3, 4, m], f32>) -> !relax.tensor<[n, 3, 8, m], f32>
  %0 = relax.matmul %a, %b {transpose_a = false, transpose_b = false} : (!relax.tensor<[n, 1, 8, 4], f32>, !relax.tensor<[3, 4, m], f32>) -> !relax.tensor<[n, 3, 8, m], f32>
  // CHECK: relax.matmul %at, %bt {transpose_a = true, transpose_b = true} : (!relax.tensor<[4, 8], f32>, !relax.tensor<[m, 4], f32>) -> !relax.tensor<[8, m], f32>
  %1 = relax.matmul %at, %bt {transpose_a = true, transpose_b = true} : (!relax.tensor<[4, 8], f32>, !relax.tensor<[m, 4], f32>) -> !relax.tensor<[8, m], f32>
  relax.return
}

// CHECK-LABEL: relax.func @einsum
relax.func @einsum<n>(%a: !relax.tensor<[n, 8, 4], f32>, %b: !relax.tensor<[n, 4, 5], f32>) {
  // CHECK: relax.einsum %a, %b {equation = "bij,bjk->bik"} : (!relax.tensor<[n, 8, 4], f32>, !relax.tensor<[n, 4, 5], f32>) -> !relax.tensor<[n, 8, 5], f32>
  %0 = relax.einsum %a, %b {equation = "bij,bjk->bik"} : (!relax.tensor<[n, 8, 4], f32>, !relax.tensor<[n, 4, 5], f32>) -> !relax.tensor<[n, 8, 5], f32>
  // CHECK: relax.einsum %a {equation = "...i->..."} : (!relax.tensor<[n, 8, 4], f32>) -> !relax.tensor<[n, 8], f32>
  %1 = relax.einsum %a {equation = "...i->..."} : (!relax.tensor<[n, 8, 4], f32>) -> !relax.tensor<[n, 8], f32>
  // CHECK: relax.einsum %a, %b {equation = "bij,bjk"} : (!relax.tensor<[n, 8, 4], f32>, !relax.tensor<[n, 4, 5], f32>) -> !relax.tensor<[8, 5], f32>
  %2 = relax.einsum %a, %b {equation = "bij,bjk"} : (!relax.tensor<[n, 8, 4], f32>, !relax.tensor<[n, 4, 5], f32>) -> !relax.tensor<[8, 5], f32>
  relax.return
}

// CHECK-LABEL: relax.func @norms
relax.func @norms<n>(%x: !relax.tensor<[n, 3, 8, 8], f32>, %c: !relax.tensor<[3], f32>, %l: !relax.tensor<[8, 8], f32>) {
  // CHECK: relax.batch_norm %x, %c, %c, %c, %c {epsilon = 1.000000e-03 : f64} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  %0 = relax.batch_norm %x, %c, %c, %c, %c {epsilon = 0.001} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  // CHECK: relax.instance_norm %x, %c, %c {epsilon = 1.000000e-03 : f64} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  %1 = relax.instance_norm %x, %c, %c {epsilon = 0.001} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  // CHECK: relax.layer_norm %x, %l, %l {axis = 2 : i64, epsilon = 1.000000e-03 : f64} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  %2 = relax.layer_norm %x, %l, %l {axis = 2, epsilon = 0.001} : (!relax.tensor<[n, 3, 8, 8], f32>, !relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  // CHECK: relax.lrn %x {size = 5 : i64, alpha = 1.000000e-03 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64} : (!relax.tensor<[n, 3, 8, 8], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  %3 = relax.lrn %x {size = 5, alpha = 0.001, beta = 0.75, bias = 1.0} : (!relax.tensor<[n, 3, 8, 8], f32>) -> !relax.tensor<[n, 3, 8, 8], f32>
  relax.return
}
