// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// What reads and writes at computed places: native code (-O0), and what the interpreter folds (-O2).

// CHECK: gather: float32[2, 3]
// CHECK-NEXT: {{\[\[}}3., 1., 3.],
// CHECK-NEXT: [6., 4., 6.]]
// CHECK: gather_elements: float32[2, 3]
// CHECK-NEXT: {{\[\[}}4., 2., 3.],
// CHECK-NEXT: [1., 5., 6.]]
// CHECK: gather_nd: float32[2]
// CHECK-NEXT: [3., 4.]
// CHECK: scatter_elements: float32[4]
// CHECK-NEXT: [ 1., 32.,  3., 34.]
// CHECK: scatter_nd: float32[2, 3]
// CHECK-NEXT: {{\[\[}}1., 2., 3.],
// CHECK-NEXT: [7., 8., 9.]]
// CHECK: reverse_sequence: float32[2, 3]
// CHECK-NEXT: {{\[\[}}2., 1., 3.],
// CHECK-NEXT: [6., 5., 4.]]
// CHECK: max_unpool: float32[1, 1, 4]
// CHECK-NEXT: {{\[\[}}[0., 5., 0., 7.]]]
// CHECK: top_k: float32[1, 3]
// CHECK-NEXT: {{\[\[}}9., 3., 3.]]
// CHECK: top_k_1: int64[1, 3]
// CHECK-NEXT: {{\[\[}}1, 0, 2]]
// CHECK: resize: float32[1, 1, 6]
// CHECK-NEXT: {{\[\[}}[1.  , 1.25, 1.75, 2.5 , 3.5 , 4.  ]]]
// CHECK: grid_sample: float32[1, 1, 1, 3]
// CHECK-NEXT: {{\[\[}}{{\[\[}}1. , 2.5, 2. ]]]]
// CHECK: roi_align: float32[1, 1, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}1., 2.],
// CHECK-NEXT: [4., 5.]]]]
// CHECK: position: int64[]
// CHECK-NEXT: 1

relax.func @main() -> (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2], f32>, !relax.tensor<[4], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 3], f32>, !relax.tensor<[1, 3], i64>, !relax.tensor<[1, 1, 6], f32>, !relax.tensor<[1, 1, 1, 3], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[], i64>) attributes {input_names = [], output_names = ["gather", "gather_elements", "gather_nd", "scatter_elements", "scatter_nd", "reverse_sequence", "max_unpool", "top_k", "top_k_1", "resize", "grid_sample", "roi_align", "position"]} {
  %0 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %1 = relax.constant <[3], i64, [2, 0, -1]> : !relax.tensor<[3], i64>
  %gather = relax.gather %0, %1 {axis = 1 : i64} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], i64>) -> !relax.tensor<[2, 3], f32>
  %2 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %3 = relax.constant <[2, 3], i64, [1, 0, 0, 0, 1, 1]> : !relax.tensor<[2, 3], i64>
  %gather_elements = relax.gather_elements %2, %3 {axis = 0 : i64} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], i64>) -> !relax.tensor<[2, 3], f32>
  %4 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %5 = relax.constant <[2, 2], i64, [0, 2, 1, 0]> : !relax.tensor<[2, 2], i64>
  %gather_nd = relax.gather_nd %4, %5 {batch_dims = 0 : i64} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 2], i64>) -> !relax.tensor<[2], f32>
  %6 = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4], f32>
  %7 = relax.constant <[3], i64, [1, 1, 3]> : !relax.tensor<[3], i64>
  %8 = relax.constant <[3], f32, [10.0, 20.0, 30.0]> : !relax.tensor<[3], f32>
  %scatter_elements = relax.scatter_elements %6, %7, %8 {axis = 0 : i64, reduction = "add"} : (!relax.tensor<[4], f32>, !relax.tensor<[3], i64>, !relax.tensor<[3], f32>) -> !relax.tensor<[4], f32>
  %9 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %10 = relax.constant <[1, 1], i64, [1]> : !relax.tensor<[1, 1], i64>
  %11 = relax.constant <[1, 3], f32, [7.0, 8.0, 9.0]> : !relax.tensor<[1, 3], f32>
  %scatter_nd = relax.scatter_nd %9, %10, %11 {reduction = "none"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[1, 1], i64>, !relax.tensor<[1, 3], f32>) -> !relax.tensor<[2, 3], f32>
  %12 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %13 = relax.constant <[2], i64, [2, 3]> : !relax.tensor<[2], i64>
  %reverse_sequence = relax.reverse_sequence %12, %13 {batch_axis = 0 : i64, time_axis = 1 : i64} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2], i64>) -> !relax.tensor<[2, 3], f32>
  %14 = relax.constant <[1, 1, 2], f32, [5.0, 7.0]> : !relax.tensor<[1, 1, 2], f32>
  %15 = relax.constant <[1, 1, 2], i64, [1, 3]> : !relax.tensor<[1, 1, 2], i64>
  %max_unpool = relax.max_unpool %14, %15 {shape = #relax.dims<[1, 1, 4]>} : (!relax.tensor<[1, 1, 2], f32>, !relax.tensor<[1, 1, 2], i64>) -> !relax.tensor<[1, 1, 4], f32>
  %16 = relax.constant <[1, 4], f32, [3.0, 9.0, 3.0, 1.0]> : !relax.tensor<[1, 4], f32>
  %top_k, %top_k_1 = relax.top_k %16 {k = #relax.dims<[3]>, axis = 1 : i64, largest = true} : (!relax.tensor<[1, 4], f32>) -> (!relax.tensor<[1, 3], f32>, !relax.tensor<[1, 3], i64>)
  %17 = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 4.0]> : !relax.tensor<[1, 1, 3], f32>
  %resize = relax.resize %17 {sizes = #relax.dims<[1, 1, 6]>, mode = "linear", coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_floor", cubic_coeff_a = -7.500000e-01 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.000000e+00 : f64} : (!relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 6], f32>
  %18 = relax.constant <[1, 1, 2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 1, 2, 2], f32>
  %19 = relax.constant <[1, 1, 3, 2], f32, [-0.5, -0.5, 0.0, 0.0, 0.5, 1.0]> : !relax.tensor<[1, 1, 3, 2], f32>
  %grid_sample = relax.grid_sample %18, %19 {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 3, 2], f32>) -> !relax.tensor<[1, 1, 1, 3], f32>
  %20 = relax.constant <[1, 1, 3, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : !relax.tensor<[1, 1, 3, 3], f32>
  %21 = relax.constant <[1, 4], f32, [0.0, 0.0, 2.0, 2.0]> : !relax.tensor<[1, 4], f32>
  %22 = relax.constant <[1], i64, [0]> : !relax.tensor<[1], i64>
  %roi_align = relax.roi_align %20, %21, %22 {output_height = 2 : i64, output_width = 2 : i64, sampling_ratio = 1 : i64, spatial_scale = 1.000000e+00 : f64, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 1, 3, 3], f32>, !relax.tensor<[1, 4], f32>, !relax.tensor<[1], i64>) -> !relax.tensor<[1, 1, 2, 2], f32>
  %23 = relax.constant <[], i64, [-2]> : !relax.tensor<[], i64>
  %position = relax.check_position %23, %1 {past_end = true, place = "p"} : (!relax.tensor<[], i64>, !relax.tensor<[3], i64>) -> !relax.tensor<[], i64>
  relax.return %gather, %gather_elements, %gather_nd, %scatter_elements, %scatter_nd, %reverse_sequence, %max_unpool, %top_k, %top_k_1, %resize, %grid_sample, %roi_align, %position : !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2], f32>, !relax.tensor<[4], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[1, 1, 4], f32>, !relax.tensor<[1, 3], f32>, !relax.tensor<[1, 3], i64>, !relax.tensor<[1, 1, 6], f32>, !relax.tensor<[1, 1, 1, 3], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[], i64>
}
