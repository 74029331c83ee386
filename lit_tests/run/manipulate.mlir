// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// What moves elements: native code (-O0), and what the interpreter folds (-O2).

// CHECK: permute_dims: float32[3, 2]
// CHECK-NEXT: {{\[\[}}1., 4.],
// CHECK-NEXT: [2., 5.],
// CHECK-NEXT: [3., 6.]]
// CHECK: reshape: float32[3, 2]
// CHECK-NEXT: {{\[\[}}1., 2.],
// CHECK-NEXT: [3., 4.],
// CHECK-NEXT: [5., 6.]]
// CHECK: broadcast_to: float32[2, 3, 1]
// CHECK-NEXT: {{\[\[}}[1.],
// CHECK-NEXT: [2.],
// CHECK-NEXT: [3.]],
// CHECK: {{\[\[}}1.],
// CHECK-NEXT: [2.],
// CHECK-NEXT: [3.]]]
// CHECK: concat: float32[2, 4]
// CHECK-NEXT: {{\[\[}}1., 2., 3., 7.],
// CHECK-NEXT: [4., 5., 6., 8.]]
// CHECK: split: float32[2, 1]
// CHECK-NEXT: {{\[\[}}1.],
// CHECK-NEXT: [4.]]
// CHECK: split_1: float32[2, 2]
// CHECK-NEXT: {{\[\[}}2., 3.],
// CHECK-NEXT: [5., 6.]]
// CHECK: strided_slice: float32[2, 2]
// CHECK-NEXT: {{\[\[}}7., 9.],
// CHECK-NEXT: [1., 3.]]
// CHECK: pad: float32[6]
// CHECK-NEXT: [3., 2., 1., 2., 3., 2.]
// CHECK: tile: float32[2, 4]
// CHECK-NEXT: {{\[\[}}1., 2., 1., 2.],
// CHECK-NEXT: [1., 2., 1., 2.]]
// CHECK: iota: int64[2, 3]
// CHECK-NEXT: {{\[\[}}0, 1, 2],
// CHECK-NEXT: [0, 1, 2]]
// CHECK: full: float32[2, 2]
// CHECK-NEXT: {{\[\[}}2.5, 2.5],
// CHECK-NEXT: [2.5, 2.5]]
// CHECK: trilu: float32[3, 3]
// CHECK-NEXT: {{\[\[}}1., 2., 3.],
// CHECK-NEXT: [4., 5., 6.],
// CHECK-NEXT: [0., 8., 9.]]

relax.func @main() -> (!relax.tensor<[3, 2], f32>, !relax.tensor<[3, 2], f32>, !relax.tensor<[2, 3, 1], f32>, !relax.tensor<[2, 4], f32>, !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[6], f32>, !relax.tensor<[2, 4], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 2], f32>, !relax.tensor<[3, 3], f32>) attributes {input_names = [], output_names = ["permute_dims", "reshape", "broadcast_to", "concat", "split", "split_1", "strided_slice", "pad", "tile", "iota", "full", "trilu"]} {
  %0 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %permute_dims = relax.permute_dims %0 {axes = array<i64: 1, 0>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[3, 2], f32>
  %1 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %reshape = relax.reshape %1 {shape = #relax.dims<[3, 2]>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[3, 2], f32>
  %2 = relax.constant <[3, 1], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[3, 1], f32>
  %broadcast_to = relax.broadcast_to %2 {shape = #relax.dims<[2, 3, 1]>} : (!relax.tensor<[3, 1], f32>) -> !relax.tensor<[2, 3, 1], f32>
  %3 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %4 = relax.constant <[2, 1], f32, [7.0, 8.0]> : !relax.tensor<[2, 1], f32>
  %concat = relax.concat %3, %4 {axis = 1 : i64} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 4], f32>
  %5 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %split, %split_1 = relax.split %5 {axis = 1 : i64, sections = #relax.dims<[1, 2]>} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 1], f32>, !relax.tensor<[2, 2], f32>)
  %6 = relax.constant <[3, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : !relax.tensor<[3, 3], f32>
  %strided_slice = relax.strided_slice %6 {starts = #relax.dims<[2, 0]>, sizes = #relax.dims<[2, 2]>, steps = array<i64: -2, 2>} : (!relax.tensor<[3, 3], f32>) -> !relax.tensor<[2, 2], f32>
  %7 = relax.constant <[3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[3], f32>
  %8 = relax.constant <[], f32, [9.0]> : !relax.tensor<[], f32>
  %pad = relax.pad %7, %8 {padding = array<i64: 2, 1>, mode = "reflect"} : (!relax.tensor<[3], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[6], f32>
  %9 = relax.constant <[1, 2], f32, [1.0, 2.0]> : !relax.tensor<[1, 2], f32>
  %tile = relax.tile %9 {repeats = #relax.dims<[2, 2]>} : (!relax.tensor<[1, 2], f32>) -> !relax.tensor<[2, 4], f32>
  %iota = relax.iota {shape = #relax.dims<[2, 3]>, axis = 1 : i64, dtype = i64} : () -> !relax.tensor<[2, 3], i64>
  %10 = relax.constant <[], f32, [2.5]> : !relax.tensor<[], f32>
  %full = relax.full %10 {shape = #relax.dims<[2, 2]>} : (!relax.tensor<[], f32>) -> !relax.tensor<[2, 2], f32>
  %11 = relax.constant <[3, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : !relax.tensor<[3, 3], f32>
  %trilu = relax.trilu %11 {k = -1 : i64, upper = true} : (!relax.tensor<[3, 3], f32>) -> !relax.tensor<[3, 3], f32>
  relax.return %permute_dims, %reshape, %broadcast_to, %concat, %split, %split_1, %strided_slice, %pad, %tile, %iota, %full, %trilu : !relax.tensor<[3, 2], f32>, !relax.tensor<[3, 2], f32>, !relax.tensor<[2, 3, 1], f32>, !relax.tensor<[2, 4], f32>, !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[6], f32>, !relax.tensor<[2, 4], f32>, !relax.tensor<[2, 3], i64>, !relax.tensor<[2, 2], f32>, !relax.tensor<[3, 3], f32>
}
