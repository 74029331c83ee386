// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @views
relax.func @views<n>(%x: !relax.tensor<[n, 4, 6], f32>) {
  // CHECK: relax.reshape %x {shape = #relax.dims<[n * 2, 12]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n * 2, 12], f32>
  %0 = relax.reshape %x {shape = #relax.dims<[n * 2, 12]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n * 2, 12], f32>
  // CHECK: relax.permute_dims %x {axes = array<i64: 2, 0, 1>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[6, n, 4], f32>
  %1 = relax.permute_dims %x {axes = array<i64: 2, 0, 1>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[6, n, 4], f32>
  // CHECK: relax.broadcast_to %x {shape = #relax.dims<[3, n, 4, 6]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[3, n, 4, 6], f32>
  %2 = relax.broadcast_to %x {shape = #relax.dims<[3, n, 4, 6]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[3, n, 4, 6], f32>
  relax.return
}

// CHECK-LABEL: relax.func @pieces
relax.func @pieces<n>(%x: !relax.tensor<[n, 4, 6], f32>, %y: !relax.tensor<[n, 3, 6], f32>) {
  // CHECK: relax.concat %x, %y, %x {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 3, 6], f32>, !relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 11, 6], f32>
  %0 = relax.concat %x, %y, %x {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 3, 6], f32>, !relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 11, 6], f32>
  // CHECK: relax.split %x {axis = 1 : i64, sections = #relax.dims<[1, 3]>} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, 1, 6], f32>, !relax.tensor<[n, 3, 6], f32>)
  %1, %2 = relax.split %x {axis = 1 : i64, sections = #relax.dims<[1, 3]>} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, 1, 6], f32>, !relax.tensor<[n, 3, 6], f32>)
  // CHECK: relax.strided_slice %x {starts = #relax.dims<[0, 3, 1]>, sizes = #relax.dims<[n, 2, 3]>, steps = array<i64: 1, -2, 1>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 2, 3], f32>
  %3 = relax.strided_slice %x {starts = #relax.dims<[0, 3, 1]>, sizes = #relax.dims<[n, 2, 3]>, steps = array<i64: 1, -2, 1>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 2, 3], f32>
  relax.return
}

// CHECK-LABEL: relax.func @repetition
relax.func @repetition<n>(%x: !relax.tensor<[n, 4, 6], f32>, %v: !relax.tensor<[], f32>) {
  // CHECK: relax.pad %x, %v {padding = array<i64: 0, 1, 2, 0, 1, 2>, mode = "reflect"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 6, 10], f32>
  %0 = relax.pad %x, %v {padding = array<i64: 0, 1, 2, 0, 1, 2>, mode = "reflect"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 6, 10], f32>
  // CHECK: relax.tile %x {repeats = #relax.dims<[1, 2, n]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 8, n * 6], f32>
  %1 = relax.tile %x {repeats = #relax.dims<[1, 2, n]>} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 8, n * 6], f32>
  // CHECK: relax.full %v {shape = #relax.dims<[n, 3]>} : (!relax.tensor<[], f32>) -> !relax.tensor<[n, 3], f32>
  %2 = relax.full %v {shape = #relax.dims<[n, 3]>} : (!relax.tensor<[], f32>) -> !relax.tensor<[n, 3], f32>
  // CHECK: relax.iota {shape = #relax.dims<[n, 3]>, axis = 0 : i64, dtype = i64} : () -> !relax.tensor<[n, 3], i64>
  %3 = relax.iota {shape = #relax.dims<[n, 3]>, axis = 0 : i64, dtype = i64} : () -> !relax.tensor<[n, 3], i64>
  // CHECK: relax.trilu %x {k = -1 : i64, upper = true} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  %4 = relax.trilu %x {k = -1 : i64, upper = true} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  relax.return
}

// CHECK-LABEL: relax.func @unknown_dims
relax.func @unknown_dims<n>(%x: !relax.tensor<[n, ?], f32>, %y: !relax.tensor<*, f32>) {
  // CHECK: relax.concat %x, %x {axis = 0 : i64} : (!relax.tensor<[n, ?], f32>, !relax.tensor<[n, ?], f32>) -> !relax.tensor<[n * 2, ?], f32>
  %0 = relax.concat %x, %x {axis = 0 : i64} : (!relax.tensor<[n, ?], f32>, !relax.tensor<[n, ?], f32>) -> !relax.tensor<[n * 2, ?], f32>
  // CHECK: relax.permute_dims %x {axes = array<i64: 1, 0>} : (!relax.tensor<[n, ?], f32>) -> !relax.tensor<[?, n], f32>
  %1 = relax.permute_dims %x {axes = array<i64: 1, 0>} : (!relax.tensor<[n, ?], f32>) -> !relax.tensor<[?, n], f32>
  // CHECK: relax.permute_dims %y {axes = array<i64: 1, 0>} : (!relax.tensor<*, f32>) -> !relax.tensor<[?, ?], f32>
  %2 = relax.permute_dims %y {axes = array<i64: 1, 0>} : (!relax.tensor<*, f32>) -> !relax.tensor<[?, ?], f32>
  // CHECK: relax.reshape %y {shape = #relax.dims<[n]>} : (!relax.tensor<*, f32>) -> !relax.tensor<[n], f32>
  %3 = relax.reshape %y {shape = #relax.dims<[n]>} : (!relax.tensor<*, f32>) -> !relax.tensor<[n], f32>
  // CHECK: relax.concat %x, %y {axis = 0 : i64} : (!relax.tensor<[n, ?], f32>, !relax.tensor<*, f32>) -> !relax.tensor<[?, ?], f32>
  %4 = relax.concat %x, %y {axis = 0 : i64} : (!relax.tensor<[n, ?], f32>, !relax.tensor<*, f32>) -> !relax.tensor<[?, ?], f32>
  // CHECK: relax.split %x {axis = 1 : i64, sections = #relax.dims<[n]>} : (!relax.tensor<[n, ?], f32>) -> !relax.tensor<[n, n], f32>
  %5 = relax.split %x {axis = 1 : i64, sections = #relax.dims<[n]>} : (!relax.tensor<[n, ?], f32>) -> !relax.tensor<[n, n], f32>
  relax.return
}
