// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @reductions
relax.func @reductions<n>(%x: !relax.tensor<[n, 3, 4], f32>, %c: !relax.tensor<[n], i1>) {
  // CHECK: relax.sum %x {axes = array<i64: 1, 2>, keepdims = false} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n], f32>
  %sum = relax.sum %x {axes = array<i64: 1, 2>, keepdims = false} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n], f32>
  // CHECK: relax.mean %x {axes = array<i64: 1, 2>, keepdims = true} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n, 1, 1], f32>
  %mean = relax.mean %x {axes = array<i64: 1, 2>, keepdims = true} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n, 1, 1], f32>
  // CHECK: relax.prod %x {axes = array<i64>, keepdims = false} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n, 3, 4], f32>
  %prod = relax.prod %x {axes = array<i64>, keepdims = false} : (!relax.tensor<[n, 3, 4], f32>) -> !relax.tensor<[n, 3, 4], f32>
  // CHECK: relax.max %c {axes = array<i64: 0>, keepdims = false} : (!relax.tensor<[n], i1>) -> !relax.tensor<[], i1>
  %max = relax.max %c {axes = array<i64: 0>, keepdims = false} : (!relax.tensor<[n], i1>) -> !relax.tensor<[], i1>
  // CHECK: relax.min %c {axes = array<i64: 0>, keepdims = true} : (!relax.tensor<[n], i1>) -> !relax.tensor<[1], i1>
  %min = relax.min %c {axes = array<i64: 0>, keepdims = true} : (!relax.tensor<[n], i1>) -> !relax.tensor<[1], i1>
  relax.return
}

// CHECK-LABEL: relax.func @positions
relax.func @positions<n>(%x: !relax.tensor<[n, 3], f32>) {
  // CHECK: relax.arg_max %x {axis = 0 : i64, keepdims = true, select_last_index = false} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[1, 3], i64>
  %0 = relax.arg_max %x {axis = 0, keepdims = true, select_last_index = false} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[1, 3], i64>
  // CHECK: relax.arg_min %x {axis = 1 : i64, keepdims = false, select_last_index = true} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n], i64>
  %1 = relax.arg_min %x {axis = 1, keepdims = false, select_last_index = true} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n], i64>
  relax.return
}

// CHECK-LABEL: relax.func @along
relax.func @along<n>(%x: !relax.tensor<[n, 3], f32>, %i: !relax.tensor<[n], i32>) {
  // CHECK: relax.softmax %x {axis = 1 : i64} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %0 = relax.softmax %x {axis = 1} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.log_softmax %x {axis = 0 : i64} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %1 = relax.log_softmax %x {axis = 0} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.cum_sum %i {axis = 0 : i64, exclusive = true, reverse = false} : (!relax.tensor<[n], i32>) -> !relax.tensor<[n], i32>
  %2 = relax.cum_sum %i {axis = 0, exclusive = true, reverse = false} : (!relax.tensor<[n], i32>) -> !relax.tensor<[n], i32>
  // CHECK: relax.cum_prod %x {axis = 0 : i64, exclusive = false, reverse = true} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  %3 = relax.cum_prod %x {axis = 0, exclusive = false, reverse = true} : (!relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 3], f32>
  relax.return
}
