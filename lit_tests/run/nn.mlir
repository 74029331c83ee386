// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// Products, windows, normalizations and recurrences: native code (-O0), and what the interpreter folds (-O2).

// CHECK: matmul: float32[2, 2]
// CHECK-NEXT: {{\[\[}}-2. ,  5.5],
// CHECK-NEXT: [-2. , 16. ]]
// CHECK: einsum: float32[2, 2]
// CHECK-NEXT: {{\[\[}}-2. , -2. ],
// CHECK-NEXT: [ 5.5, 16. ]]
// CHECK: batch_norm: float32[1, 2, 2]
// CHECK-NEXT: {{\[\[}}[0., 2.],
// CHECK-NEXT: [3., 5.]]]
// CHECK: instance_norm: float32[1, 2, 2]
// CHECK-NEXT: {{\[\[}}[{{ *}}-0.47014{{[0-9 ]*}}, 1.4701{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}-1.4142{{[0-9 ]*}}, 1.4142{{[0-9 ]*}}]]]
// CHECK: layer_norm: float32[2, 2]
// CHECK-NEXT: {{\[\[}}{{ *}}-0.47014{{[0-9 ]*}}, 1.9402{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}-0.2071{{[0-9 ]*}}, 1.4142{{[0-9 ]*}}]]
// CHECK: lrn: float32[1, 3, 1]
// CHECK-NEXT: {{\[\[}}[{{ *}}0.66666{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}0.9428{{[0-9 ]*}}],
// CHECK-NEXT: [{{ *}}1.4552{{[0-9 ]*}}]]]
// CHECK: conv: float32[1, 2, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}} 4. ,  6. ],
// CHECK-NEXT: [11.5, 13.5]],
// CHECK: {{\[\[}} 1. ,  8. ],
// CHECK-NEXT: [ 4. , 14. ]]]]
// CHECK: blocked_conv: float32[1, 1, 2, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}[ 7.,  0.],
// CHECK-NEXT: [15.,  2.]],
// CHECK: {{\[\[}}23.,  4.],
// CHECK-NEXT: [31.,  6.]]]]]
// CHECK: winograd_conv: float32[1, 1, 2, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}[11.  , 12.5 ],
// CHECK-NEXT: [-2.5 , 13.  ]],
// CHECK: {{\[\[}} 3.25, -5.5 ],
// CHECK-NEXT: [-6.5 ,  3.75]]]]]
// CHECK: grouped_conv: float32[1, 2, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}} 1. ,  2. ],
// CHECK-NEXT: [-3. , -4. ]],
// CHECK: {{\[\[}} 2. ,  4. ],
// CHECK-NEXT: [ 1.5,  2. ]]]]
// CHECK: conv_transpose: float32[1, 1, 6]
// CHECK-NEXT: {{\[\[}}[-2.,  2., -4.,  3., -6.,  0.]]]
// CHECK: max_pool: float32[1, 1, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}9., 5.],
// CHECK-NEXT: [9., 8.]]]]
// CHECK: max_pool_with_indices: float32[1, 1, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}9., 5.],
// CHECK-NEXT: [9., 8.]]]]
// CHECK: max_pool_with_indices_1: int64[1, 1, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}3, 4],
// CHECK-NEXT: [3, 7]]]]
// CHECK: avg_pool: float32[1, 1, 2, 2]
// CHECK-NEXT: {{\[\[}}{{\[\[}}4.5 , 3.  ],
// CHECK-NEXT: [7.25, 5.75]]]]
// CHECK: rnn: float32[2, 1, 2]
// CHECK-NEXT: {{\[\[}}[0.875 , 0.    ]],
// CHECK: {{\[\[}}1.125 , 1.4375]]]
// CHECK: rnn_1: float32[1, 2]
// CHECK-NEXT: {{\[\[}}1.125 , 1.4375]]
// CHECK: lstm: float32[2, 1, 1]
// CHECK-NEXT: {{\[\[}}[{{ *}}0.21826{{[0-9 ]*}}]],
// CHECK: {{\[\[}}{{ *}}0.45987{{[0-9 ]*}}]]]
// CHECK: lstm_1: float32[1, 1]
// CHECK-NEXT: {{\[\[}}{{ *}}0.45987{{[0-9 ]*}}]]
// CHECK: lstm_2: float32[1, 1]
// CHECK-NEXT: {{\[\[}}{{ *}}0.8871{{[0-9 ]*}}]]
// CHECK: gru: float32[2, 1, 1]
// CHECK-NEXT: {{\[\[}}[{{ *}}0.30032{{[0-9 ]*}}]],
// CHECK: {{\[\[}}{{ *}}0.28101{{[0-9 ]*}}]]]
// CHECK: gru_1: float32[1, 1]
// CHECK-NEXT: {{\[\[}}{{ *}}0.30032{{[0-9 ]*}}]]

relax.func @main() -> (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[1, 2, 2], f32>, !relax.tensor<[1, 2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[1, 3, 1], f32>, !relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2, 2], f32>, !relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 6], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2], i64>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[2, 1, 2], f32>, !relax.tensor<[1, 2], f32>, !relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>) attributes {input_names = [], output_names = ["matmul", "einsum", "batch_norm", "instance_norm", "layer_norm", "lrn", "conv", "blocked_conv", "winograd_conv", "grouped_conv", "conv_transpose", "max_pool", "max_pool_with_indices", "max_pool_with_indices_1", "avg_pool", "rnn", "rnn_1", "lstm", "lstm_1", "lstm_2", "gru", "gru_1"]} {
  %0 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %1 = relax.constant <[2, 3], f32, [1.0, 0.0, -1.0, 2.0, 1.0, 0.5]> : !relax.tensor<[2, 3], f32>
  %matmul = relax.matmul %0, %1 {transpose_a = false, transpose_b = true} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 2], f32>
  %2 = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %3 = relax.constant <[2, 3], f32, [1.0, 0.0, -1.0, 2.0, 1.0, 0.5]> : !relax.tensor<[2, 3], f32>
  %einsum = relax.einsum %2, %3 {equation = "ij,kj->ki"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 2], f32>
  %4 = relax.constant <[1, 2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 2, 2], f32>
  %5 = relax.constant <[2], f32, [2.0, 4.0]> : !relax.tensor<[2], f32>
  %6 = relax.constant <[2], f32, [0.0, 1.0]> : !relax.tensor<[2], f32>
  %7 = relax.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %8 = relax.constant <[2], f32, [0.75, 3.75]> : !relax.tensor<[2], f32>
  %batch_norm = relax.batch_norm %4, %5, %6, %7, %8 {epsilon = 2.500000e-01 : f64} : (!relax.tensor<[1, 2, 2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[1, 2, 2], f32>
  %9 = relax.constant <[1, 2, 2], f32, [1.0, 5.0, 3.0, 4.0]> : !relax.tensor<[1, 2, 2], f32>
  %10 = relax.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %11 = relax.constant <[2], f32, [0.5, 0.0]> : !relax.tensor<[2], f32>
  %instance_norm = relax.instance_norm %9, %10, %11 {epsilon = 2.500000e-01 : f64} : (!relax.tensor<[1, 2, 2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[1, 2, 2], f32>
  %12 = relax.constant <[2, 2], f32, [1.0, 5.0, 3.0, 4.0]> : !relax.tensor<[2, 2], f32>
  %13 = relax.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %14 = relax.constant <[2], f32, [0.5, 0.0]> : !relax.tensor<[2], f32>
  %layer_norm = relax.layer_norm %12, %13, %14 {axis = 1 : i64, epsilon = 2.500000e-01 : f64} : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2, 2], f32>
  %15 = relax.constant <[1, 3, 1], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 3, 1], f32>
  %lrn = relax.lrn %15 {size = 3 : i64, alpha = 7.500000e-01 : f64, beta = 5.000000e-01 : f64, bias = 1.000000e+00 : f64} : (!relax.tensor<[1, 3, 1], f32>) -> !relax.tensor<[1, 3, 1], f32>
  %16 = relax.constant <[1, 1, 3, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]> : !relax.tensor<[1, 1, 3, 3], f32>
  %17 = relax.constant <[2, 1, 2, 2], f32, [1.0, 2.0, -1.0, 0.5, 0.0, 1.0, 1.0, 0.0]> : !relax.tensor<[2, 1, 2, 2], f32>
  %conv = relax.conv %16, %17 {groups = 1 : i64, strides = array<i64: 1, 2>, padding = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 1, 3, 3], f32>, !relax.tensor<[2, 1, 2, 2], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  %18 = relax.constant <[1, 1, 2, 2, 2], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : !relax.tensor<[1, 1, 2, 2, 2], f32>
  %19 = relax.constant <[1, 1, 1, 1, 2, 2], f32, [1.0, 2.0, 3.0, -1.0]> : !relax.tensor<[1, 1, 1, 1, 2, 2], f32>
  %blocked_conv = relax.blocked_conv %18, %19 {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (!relax.tensor<[1, 1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 1, 1, 2, 2], f32>) -> !relax.tensor<[1, 1, 2, 2, 2], f32>
  %20 = relax.constant <[1, 1, 4, 4, 2], f32, [-2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0, 2.0, -1.0, 1.0, -2.0, 0.0]> : !relax.tensor<[1, 1, 4, 4, 2], f32>
  %21 = relax.constant <[16, 1, 1, 2, 2], f32, [-0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75, 0.5, 0.0, -0.5, 0.75, 0.25, -0.25, -0.75]> : !relax.tensor<[16, 1, 1, 2, 2], f32>
  %winograd_conv = relax.winograd_conv %20, %21 {m = 2 : i64, padding = array<i64: 0, 0, 0, 0>} : (!relax.tensor<[1, 1, 4, 4, 2], f32>, !relax.tensor<[16, 1, 1, 2, 2], f32>) -> !relax.tensor<[1, 1, 2, 2, 2], f32>
  %groups = relax.constant <[1, 2, 1, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 2, 1, 2], f32>
  %filters = relax.constant <[2, 2, 1, 1], f32, [1.0, 2.0, -1.0, 0.5]> : !relax.tensor<[2, 2, 1, 1], f32>
  %grouped_conv = relax.grouped_conv %groups, %filters {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, interleaved = true} : (!relax.tensor<[1, 2, 1, 2], f32>, !relax.tensor<[2, 2, 1, 1], f32>) -> !relax.tensor<[1, 2, 2, 2], f32>
  %22 = relax.constant <[1, 1, 3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[1, 1, 3], f32>
  %23 = relax.constant <[1, 1, 2], f32, [1.0, -2.0]> : !relax.tensor<[1, 1, 2], f32>
  %conv_transpose = relax.conv_transpose %22, %23 {groups = 1 : i64, strides = array<i64: 2>, padding = array<i64: 1, 0>, dilations = array<i64: 1>, output_padding = array<i64: 1>} : (!relax.tensor<[1, 1, 3], f32>, !relax.tensor<[1, 1, 2], f32>) -> !relax.tensor<[1, 1, 6], f32>
  %24 = relax.constant <[1, 1, 3, 3], f32, [3.0, 1.0, 2.0, 9.0, 5.0, 4.0, 7.0, 8.0, 6.0]> : !relax.tensor<[1, 1, 3, 3], f32>
  %max_pool = relax.max_pool %24 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_extra = array<i64: 0, 0>} : (!relax.tensor<[1, 1, 3, 3], f32>) -> !relax.tensor<[1, 1, 2, 2], f32>
  %25 = relax.constant <[1, 1, 3, 3], f32, [3.0, 1.0, 2.0, 9.0, 5.0, 4.0, 7.0, 8.0, 6.0]> : !relax.tensor<[1, 1, 3, 3], f32>
  %max_pool_with_indices, %max_pool_with_indices_1 = relax.max_pool_with_indices %25 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_extra = array<i64: 0, 0>} : (!relax.tensor<[1, 1, 3, 3], f32>) -> (!relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2], i64>)
  %26 = relax.constant <[1, 1, 3, 3], f32, [3.0, 1.0, 2.0, 9.0, 5.0, 4.0, 7.0, 8.0, 6.0]> : !relax.tensor<[1, 1, 3, 3], f32>
  %avg_pool = relax.avg_pool %26 {count_include_pad = true, kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_extra = array<i64: 0, 0>} : (!relax.tensor<[1, 1, 3, 3], f32>) -> !relax.tensor<[1, 1, 2, 2], f32>
  %27 = relax.constant <[2, 1, 2], f32, [0.5, -1.0, 0.25, 1.0]> : !relax.tensor<[2, 1, 2], f32>
  %28 = relax.constant <[2, 2], f32, [1.0, 0.5, -0.5, 2.0]> : !relax.tensor<[2, 2], f32>
  %29 = relax.constant <[1, 2], f32, [0.5, 0.25]> : !relax.tensor<[1, 2], f32>
  %30 = relax.constant <[1], i64, [2]> : !relax.tensor<[1], i64>
  %rnn, %rnn_1 = relax.rnn %27, %28, %29, %30 {reverse = false, activations = ["relu"]} : (!relax.tensor<[2, 1, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[1, 2], f32>, !relax.tensor<[1], i64>) -> (!relax.tensor<[2, 1, 2], f32>, !relax.tensor<[1, 2], f32>)
  %31 = relax.constant <[2, 1, 4], f32, [0.5, -1.0, 0.25, 1.0, 0.0, 0.5, -0.25, 2.0]> : !relax.tensor<[2, 1, 4], f32>
  %32 = relax.constant <[1, 4], f32, [1.0, 0.5, -0.5, 2.0]> : !relax.tensor<[1, 4], f32>
  %33 = relax.constant <[1, 1], f32, [0.5]> : !relax.tensor<[1, 1], f32>
  %34 = relax.constant <[1, 1], f32, [0.25]> : !relax.tensor<[1, 1], f32>
  %35 = relax.constant <[1], i64, [2]> : !relax.tensor<[1], i64>
  %lstm, %lstm_1, %lstm_2 = relax.lstm %31, %32, %33, %34, %35 {reverse = false} : (!relax.tensor<[2, 1, 4], f32>, !relax.tensor<[1, 4], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1], i64>) -> (!relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1, 1], f32>)
  %36 = relax.constant <[2, 1, 3], f32, [0.5, -1.0, 0.25, 0.0, 0.5, -0.25]> : !relax.tensor<[2, 1, 3], f32>
  %37 = relax.constant <[1, 3], f32, [1.0, 0.5, -0.5]> : !relax.tensor<[1, 3], f32>
  %38 = relax.constant <[1], f32, [0.5]> : !relax.tensor<[1], f32>
  %39 = relax.constant <[1, 1], f32, [0.5]> : !relax.tensor<[1, 1], f32>
  %40 = relax.constant <[1], i64, [2]> : !relax.tensor<[1], i64>
  %gru, %gru_1 = relax.gru %36, %37, %38, %39, %40 {reverse = true, linear_before_reset = true} : (!relax.tensor<[2, 1, 3], f32>, !relax.tensor<[1, 3], f32>, !relax.tensor<[1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1], i64>) -> (!relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>)
  relax.return %matmul, %einsum, %batch_norm, %instance_norm, %layer_norm, %lrn, %conv, %blocked_conv, %winograd_conv, %grouped_conv, %conv_transpose, %max_pool, %max_pool_with_indices, %max_pool_with_indices_1, %avg_pool, %rnn, %rnn_1, %lstm, %lstm_1, %lstm_2, %gru, %gru_1 : !relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[1, 2, 2], f32>, !relax.tensor<[1, 2, 2], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[1, 3, 1], f32>, !relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2, 2], f32>, !relax.tensor<[1, 2, 2, 2], f32>, !relax.tensor<[1, 1, 6], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[1, 1, 2, 2], i64>, !relax.tensor<[1, 1, 2, 2], f32>, !relax.tensor<[2, 1, 2], f32>, !relax.tensor<[1, 2], f32>, !relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[1, 1], f32>, !relax.tensor<[2, 1, 1], f32>, !relax.tensor<[1, 1], f32>
}
