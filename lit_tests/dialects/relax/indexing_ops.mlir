// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @gathers
relax.func @gathers<n>(%x: !relax.tensor<[n, 4, 6], f32>, %i: !relax.tensor<[2, 3], i64>, %e: !relax.tensor<[n, 2, 6], i64>, %t: !relax.tensor<[n, 5, 1], i64>) {
  // CHECK: relax.gather %x, %i {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[n, 2, 3, 6], f32>
  %0 = relax.gather %x, %i {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[n, 2, 3, 6], f32>
  // CHECK: relax.gather_elements %x, %e {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 2, 6], i64>) -> !relax.tensor<[n, 2, 6], f32>
  %1 = relax.gather_elements %x, %e {axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 2, 6], i64>) -> !relax.tensor<[n, 2, 6], f32>
  // CHECK: relax.gather_nd %x, %t {batch_dims = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 5, 1], i64>) -> !relax.tensor<[n, 5, 6], f32>
  %2 = relax.gather_nd %x, %t {batch_dims = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 5, 1], i64>) -> !relax.tensor<[n, 5, 6], f32>
  relax.return
}

// CHECK-LABEL: relax.func @positions
relax.func @positions<n>(%p: !relax.tensor<[], i32>, %x: !relax.tensor<[n, 4, 6], f32>) {
  // CHECK: relax.check_position %p, %x {past_end = true, place = "Insert \22i\22"} : (!relax.tensor<[], i32>, !relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[], i64>
  %0 = relax.check_position %p, %x {past_end = true, place = "Insert \"i\""} : (!relax.tensor<[], i32>, !relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[], i64>
  relax.return
}

// CHECK-LABEL: relax.func @scatters
relax.func @scatters<n>(%x: !relax.tensor<[n, 4, 6], f32>, %i: !relax.tensor<[n, 2, 6], i64>, %u: !relax.tensor<[n, 2, 6], f32>, %t: !relax.tensor<[5, 2], i64>, %v: !relax.tensor<[5, 6], f32>) {
  // CHECK: relax.scatter_elements %x, %i, %u {axis = 1 : i64, reduction = "add"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 2, 6], i64>, !relax.tensor<[n, 2, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  %0 = relax.scatter_elements %x, %i, %u {axis = 1 : i64, reduction = "add"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 2, 6], i64>, !relax.tensor<[n, 2, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  // CHECK: relax.scatter_nd %x, %t, %v {reduction = "none"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[5, 2], i64>, !relax.tensor<[5, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  %1 = relax.scatter_nd %x, %t, %v {reduction = "none"} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[5, 2], i64>, !relax.tensor<[5, 6], f32>) -> !relax.tensor<[n, 4, 6], f32>
  relax.return
}

// CHECK-LABEL: relax.func @sorting
relax.func @sorting<n>(%x: !relax.tensor<[n, 4, 6], f32>, %l: !relax.tensor<[n], i64>, %i: !relax.tensor<[n, 4, 6], i64>) {
  // CHECK: relax.top_k %x {k = #relax.dims<[2]>, axis = 2 : i64, largest = true} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, 4, 2], f32>, !relax.tensor<[n, 4, 2], i64>)
  %0, %1 = relax.top_k %x {k = #relax.dims<[2]>, axis = 2 : i64, largest = true} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, 4, 2], f32>, !relax.tensor<[n, 4, 2], i64>)
  // CHECK: relax.top_k %x {k = #relax.dims<[min(n, 3)]>, axis = 0 : i64, largest = false} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[min(n, 3), 4, 6], f32>, !relax.tensor<[min(n, 3), 4, 6], i64>)
  %4, %5 = relax.top_k %x {k = #relax.dims<[min(n, 3)]>, axis = 0 : i64, largest = false} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[min(n, 3), 4, 6], f32>, !relax.tensor<[min(n, 3), 4, 6], i64>)
  // CHECK: relax.reverse_sequence %x, %l {batch_axis = 0 : i64, time_axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n], i64>) -> !relax.tensor<[n, 4, 6], f32>
  %2 = relax.reverse_sequence %x, %l {batch_axis = 0 : i64, time_axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n], i64>) -> !relax.tensor<[n, 4, 6], f32>
  // CHECK: relax.max_unpool %x, %i {shape = #relax.dims<[n, 8, 12]>} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 4, 6], i64>) -> !relax.tensor<[n, 8, 12], f32>
  %3 = relax.max_unpool %x, %i {shape = #relax.dims<[n, 8, 12]>} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[n, 4, 6], i64>) -> !relax.tensor<[n, 8, 12], f32>
  relax.return
}
