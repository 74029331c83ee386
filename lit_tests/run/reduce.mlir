// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// Reductions and scans: native code (-O0), and what the interpreter folds (-O2).

// CHECK: sum: float32[2]
// CHECK-NEXT: [ 2. , -1.5]
// CHECK: mean: float32[2]
// CHECK-NEXT: [{{ *}}0.66666{{[0-9 ]*}}, -0.5{{[0-9 ]*}}]
// CHECK: max: float32[2]
// CHECK-NEXT: [3., 4.]
// CHECK: min: float32[2]
// CHECK-NEXT: [-2., -6.]
// CHECK: prod: float32[2]
// CHECK-NEXT: [ -6., -12.]
// CHECK: arg_max: int64[2]
// CHECK-NEXT: [2, 0]
// CHECK: arg_min: int64[2, 1]
// CHECK-NEXT: {{\[\[}}0],
// CHECK-NEXT: [1]]
// CHECK: softmax: float32[2, 3]
// CHECK-NEXT: {{\[\[}}{{ *}}0.04201{{[0-9 ]*}}, 0.11419{{[0-9 ]*}}, 0.84379{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}0.27406{{[0-9 ]*}}, 0.27406{{[0-9 ]*}}, 0.45186{{[0-9 ]*}}]]
// CHECK: log_softmax: float32[2, 3]
// CHECK-NEXT: {{\[\[}}{{ *}}-3.1698{{[0-9 ]*}}, -2.1698{{[0-9 ]*}}, -0.16984{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}-1.2943{{[0-9 ]*}}, -1.2943{{[0-9 ]*}}, -0.79437{{[0-9 ]*}}]]
// CHECK: cum_sum: float32[2, 3]
// CHECK-NEXT: {{\[\[}} 1. ,  3. ,  0. ],
// CHECK-NEXT: [-5.5, -6. ,  0. ]]
// CHECK: cum_prod: float32[2, 3]
// CHECK-NEXT: {{\[\[}}  1.,  -2.,   3.],
// CHECK-NEXT: [  4.,  -1., -18.]]

relax.func @main() -> (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], i64>, !relax.tensor<[2, 1], i64>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) attributes {input_names = [], output_names = ["sum", "mean", "max", "min", "prod", "arg_max", "arg_min", "softmax", "log_softmax", "cum_sum", "cum_prod"]} {
  %0 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %sum = relax.sum %0 {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  %1 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %mean = relax.mean %1 {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  %2 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %max = relax.max %2 {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  %3 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %min = relax.min %3 {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  %4 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %prod = relax.prod %4 {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], f32>
  %5 = relax.constant <[2, 3], f32, [1.0, 3.0, 3.0, 2.0, -1.0, -1.0]> : !relax.tensor<[2, 3], f32>
  %arg_max = relax.arg_max %5 {axis = 1 : i64, keepdims = false, select_last_index = true} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2], i64>
  %6 = relax.constant <[2, 3], f32, [1.0, 3.0, 3.0, 2.0, -1.0, -1.0]> : !relax.tensor<[2, 3], f32>
  %arg_min = relax.arg_min %6 {axis = 1 : i64, keepdims = true, select_last_index = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 1], i64>
  %7 = relax.constant <[2, 3], f32, [1.0, 2.0, 4.0, 0.0, 0.0, 0.5]> : !relax.tensor<[2, 3], f32>
  %softmax = relax.softmax %7 {axis = 1 : i64} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  %8 = relax.constant <[2, 3], f32, [1.0, 2.0, 4.0, 0.0, 0.0, 0.5]> : !relax.tensor<[2, 3], f32>
  %log_softmax = relax.log_softmax %8 {axis = 1 : i64} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  %9 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %cum_sum = relax.cum_sum %9 {axis = 1 : i64, exclusive = true, reverse = true} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  %10 = relax.constant <[2, 3], f32, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]> : !relax.tensor<[2, 3], f32>
  %cum_prod = relax.cum_prod %10 {axis = 0 : i64, exclusive = false, reverse = false} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return %sum, %mean, %max, %min, %prod, %arg_max, %arg_min, %softmax, %log_softmax, %cum_sum, %cum_prod : !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], i64>, !relax.tensor<[2, 1], i64>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>
}
