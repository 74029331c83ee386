// RUN: tyrex-opt %s -p legalize-ops --split-input-file | filecheck %s

// One block, broadcasting by index 0; the call keeps the name of the result.
// CHECK-LABEL: relax.func @broadcast
// CHECK: %y = relax.call_tir @add(%a, %b) : (!relax.tensor<[n, 1, 8], f32>, !relax.tensor<[8, 1], f32>) -> !relax.tensor<[n, 8, 8], f32>
// CHECK: tir.func @add<n>(%{{.*}}: !tir.buffer<[n, 1, 8], f32>, %{{.*}}: !tir.buffer<[8, 1], f32>) -> (%[[OUT:.*]]: !tir.buffer<[n, 8, 8], f32>)
// CHECK: tir.block "add" (%[[I:.*]]: spatial(n) = %{{.*}}, %[[J:.*]]: spatial(8) = %{{.*}}, %[[K:.*]]: spatial(8) = %{{.*}}) {
// CHECK: tir.load %{{.*}}[%[[I]], 0, %[[K]]]
// CHECK: tir.load %{{.*}}[%[[J]], 0]
// CHECK: arith.addf
// CHECK: tir.store %{{.*}}, %[[OUT]][%[[I]], %[[J]], %[[K]]]
relax.func @broadcast<n>(%a: !relax.tensor<[n, 1, 8], f32>, %b: !relax.tensor<[8, 1], f32>) -> (!relax.tensor<[n, 8, 8], f32>) {
  %y = relax.add %a, %b : (!relax.tensor<[n, 1, 8], f32>, !relax.tensor<[8, 1], f32>) -> !relax.tensor<[n, 8, 8], f32>
  relax.return %y : !relax.tensor<[n, 8, 8], f32>
}

// -----

// A symbol may be 1; names of kernels are numbered.
// CHECK-LABEL: relax.func @may_be_one
// CHECK: relax.call_tir @add(
// CHECK: relax.call_tir @add_1(
// CHECK: tir.func @add<n>
// CHECK: tir.load %{{.*}}[min(%{{.*}}, n - 1)]
// CHECK: tir.func @add_1(
relax.func @may_be_one<n>(%a: !relax.tensor<[n], f32>, %b: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %y = relax.add %a, %b : (!relax.tensor<[n], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %z = relax.add %y, %y : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %z : !relax.tensor<[8], f32>
}

// -----

// Half floats are computed in f32 and rounded once.
// CHECK-LABEL: relax.func @half
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: math.exp %{{.*}} : f32
// CHECK: arith.divf %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to bf16
relax.func @half(%x: !relax.tensor<[8], bf16>) -> (!relax.tensor<[8], bf16>) {
  %y = relax.sigmoid %x : (!relax.tensor<[8], bf16>) -> !relax.tensor<[8], bf16>
  relax.return %y : !relax.tensor<[8], bf16>
}

// -----

// Neither 0 nor -1 is ever a divisor.
// CHECK-LABEL: relax.func @integer_division
// CHECK: %[[SAFE:.*]] = arith.select
// CHECK: arith.divsi %{{.*}}, %[[SAFE]] : i32
// CHECK: arith.select
// CHECK: arith.select
relax.func @integer_division(%x: !relax.tensor<[8], i32>) -> (!relax.tensor<[8], i32>) {
  %y = relax.divide %x, %x : (!relax.tensor<[8], i32>, !relax.tensor<[8], i32>) -> !relax.tensor<[8], i32>
  relax.return %y : !relax.tensor<[8], i32>
}

// -----

// Sums of half floats are f32; one rounding at the end.
// CHECK-LABEL: relax.func @mean
// CHECK: %[[SUM:.*]] = tir.alloc : !tir.buffer<[4], f32>
// CHECK: tir.block "sum" (%[[I:.*]]: spatial(4) = %{{.*}}, %[[K:.*]]: reduce(8) = %{{.*}}) init {
// CHECK: tir.load %{{.*}}[%[[I]], %[[K]]] : !tir.buffer<[4, 8], f16>
// CHECK: tir.block "mean"
// CHECK: arith.constant 1.250000e-01 : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
relax.func @mean(%x: !relax.tensor<[4, 8], f16>) -> (!relax.tensor<[4], f16>) {
  %y = relax.mean %x {axes = array<i64: 1>, keepdims = false} : (!relax.tensor<[4, 8], f16>) -> !relax.tensor<[4], f16>
  relax.return %y : !relax.tensor<[4], f16>
}

// -----

// The maximum, then the least position that has it: two reductions that vectorize.
// CHECK-LABEL: relax.func @arg_max
// CHECK: tir.block "max"
// CHECK: arith.maxsi
// CHECK: tir.block "position"
// CHECK: arith.cmpi eq
// CHECK: arith.minsi %{{.*}} : i32
// CHECK: arith.extsi %{{.*}} : i32 to i64
relax.func @arg_max(%x: !relax.tensor<[4, 8], i32>) -> (!relax.tensor<[4], i64>) {
  %y = relax.arg_max %x {axis = 1, keepdims = false, select_last_index = false} : (!relax.tensor<[4, 8], i32>) -> !relax.tensor<[4], i64>
  relax.return %y : !relax.tensor<[4], i64>
}

// -----

// A scan reads what it wrote: the axis runs in order.
// CHECK-LABEL: relax.func @scan
// CHECK: tir.block "cum_sum" (%{{.*}}: spatial(4) = %{{.*}}, %[[I:.*]]: ordered(8) = %{{.*}}) {
// CHECK: tir.predicated_load %{{.*}}[%{{.*}}, -%[[I]] + 8] where (%[[I]] - 1 >= 0)
// CHECK: tir.store %{{.*}}[%{{.*}}, -%[[I]] + 7]
relax.func @scan(%x: !relax.tensor<[4, 8], f32>) -> (!relax.tensor<[4, 8], f32>) {
  %y = relax.cum_sum %x {axis = 1, exclusive = false, reverse = true} : (!relax.tensor<[4, 8], f32>) -> !relax.tensor<[4, 8], f32>
  relax.return %y : !relax.tensor<[4, 8], f32>
}

// -----

// Transposition is an order of indices.
// CHECK-LABEL: relax.func @matmul
// CHECK: tir.block "matmul" (%[[B:.*]]: spatial(n) = %{{.*}}, %[[H:.*]]: spatial(6) = %{{.*}}, %[[I:.*]]: spatial(4) = %{{.*}}, %[[J:.*]]: spatial(3) = %{{.*}}, %[[K:.*]]: reduce(8) = %{{.*}}) init {
// CHECK: tir.load %{{.*}}[%[[B]], 0, %[[I]], %[[K]]]
// CHECK: tir.load %{{.*}}[%[[H]], %[[J]], %[[K]]]
relax.func @matmul<n>(%a: !relax.tensor<[n, 1, 4, 8], f32>, %b: !relax.tensor<[6, 3, 8], f32>) -> (!relax.tensor<[n, 6, 4, 3], f32>) {
  %y = relax.matmul %a, %b {transpose_a = false, transpose_b = true} : (!relax.tensor<[n, 1, 4, 8], f32>, !relax.tensor<[6, 3, 8], f32>) -> !relax.tensor<[n, 6, 4, 3], f32>
  relax.return %y : !relax.tensor<[n, 6, 4, 3], f32>
}

// -----

// Without padding there are no predicates; a group is a quotient.
// CHECK-LABEL: relax.func @depthwise
// CHECK: tir.block "conv" (%{{.*}}: spatial(1) = %{{.*}}, %[[O:.*]]: spatial(16) = %{{.*}}, %[[Y:.*]]: spatial(4) = %{{.*}}, %[[X:.*]]: spatial(4) = %{{.*}}, %[[C:.*]]: reduce(1) = %{{.*}}, %[[KH:.*]]: reduce(3) = %{{.*}}, %[[KW:.*]]: reduce(3) = %{{.*}}) init {
// CHECK: tir.load %{{.*}}[%{{.*}}, %[[C]] + %[[O]] floordiv 2, %[[Y]] * 2 + %[[KH]], %[[X]] * 2 + %[[KW]]]
relax.func @depthwise(%x: !relax.tensor<[1, 8, 9, 9], f32>, %w: !relax.tensor<[16, 1, 3, 3], f32>) -> (!relax.tensor<[1, 16, 4, 4], f32>) {
  %y = relax.conv %x, %w {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 8} : (!relax.tensor<[1, 8, 9, 9], f32>, !relax.tensor<[16, 1, 3, 3], f32>) -> !relax.tensor<[1, 16, 4, 4], f32>
  relax.return %y : !relax.tensor<[1, 16, 4, 4], f32>
}

// -----

// The window never passes the end, though it is padded: only the start is tested.
// CHECK-LABEL: relax.func @conv_padding
// CHECK: tir.predicated_load %{{.*}}[%{{.*}}, %{{.*}}, %[[Y:.*]] * 2 + %[[K:.*]] - 1] where (%[[Y]] * 2 + %[[K]] - 1 >= 0) else %{{.*}} :
relax.func @conv_padding(%x: !relax.tensor<[1, 3, 8], f32>, %w: !relax.tensor<[4, 3, 3], f32>) -> (!relax.tensor<[1, 4, 4], f32>) {
  %y = relax.conv %x, %w {strides = array<i64: 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1>, groups = 1} : (!relax.tensor<[1, 3, 8], f32>, !relax.tensor<[4, 3, 3], f32>) -> !relax.tensor<[1, 4, 4], f32>
  relax.return %y : !relax.tensor<[1, 4, 4], f32>
}

// -----

// Gathered: one tap in `stride` meets an element, and the loop runs over these alone.
// CHECK-LABEL: relax.func @conv_transpose
// CHECK: tir.block "conv_transpose" (%{{.*}}: spatial(1) = %{{.*}}, %[[O:.*]]: spatial(2) = %{{.*}}, %[[T:.*]]: spatial(8) = %{{.*}}, %[[C:.*]]: reduce(3) = %{{.*}}, %[[J:.*]]: reduce(1) = %{{.*}}) init {
// CHECK: tir.load %{{.*}}[%{{.*}}, %[[C]], -%[[J]] + %[[T]] floordiv 2]
// CHECK: tir.load %{{.*}}[%[[C]], %[[O]], %[[J]] * 2 + %[[T]] mod 2]
relax.func @conv_transpose(%x: !relax.tensor<[1, 3, 4], f32>, %w: !relax.tensor<[3, 2, 2], f32>) -> (!relax.tensor<[1, 2, 8], f32>) {
  %y = relax.conv_transpose %x, %w {strides = array<i64: 2>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1, output_padding = array<i64: 0>} : (!relax.tensor<[1, 3, 4], f32>, !relax.tensor<[3, 2, 2], f32>) -> !relax.tensor<[1, 2, 8], f32>
  relax.return %y : !relax.tensor<[1, 2, 8], f32>
}

// -----

// How many elements count is an expression, computed once for all channels.
// CHECK-LABEL: relax.func @avg_pool
// CHECK: tir.block "count" (%[[I:.*]]: spatial(8)
// CHECK: tir.index_value min(-%[[I]] + 9, 3) - max(-%[[I]] + 1, 0) : i64
// CHECK: tir.block "sum"
// CHECK: tir.block "avg_pool"
relax.func @avg_pool(%x: !relax.tensor<[1, 3, 8], f32>) -> (!relax.tensor<[1, 3, 8], f32>) {
  %y = relax.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1>, count_include_pad = false} : (!relax.tensor<[1, 3, 8], f32>) -> !relax.tensor<[1, 3, 8], f32>
  relax.return %y : !relax.tensor<[1, 3, 8], f32>
}

// -----

// Padding is the smallest value.
// CHECK-LABEL: relax.func @max_pool
// CHECK: arith.constant -128 : i8
// CHECK: tir.predicated_load
// CHECK: arith.maxsi
relax.func @max_pool(%x: !relax.tensor<[1, 3, 8], i8>) -> (!relax.tensor<[1, 3, 4], i8>) {
  %y = relax.max_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1>} : (!relax.tensor<[1, 3, 8], i8>) -> !relax.tensor<[1, 3, 4], i8>
  relax.return %y : !relax.tensor<[1, 3, 4], i8>
}

// -----

// The variance is of differences from the mean.
// CHECK-LABEL: relax.func @layer_norm
// CHECK: tir.block "sum"
// CHECK: tir.block "mean"
// CHECK: tir.block "squares"
// CHECK: %[[D:.*]] = arith.subf
// CHECK: arith.mulf %[[D]], %[[D]]
// CHECK: tir.block "inverse_deviation"
// CHECK: tir.block "layer_norm"
relax.func @layer_norm<n>(%x: !relax.tensor<[n, 8], f32>, %s: !relax.tensor<[8], f32>) -> (!relax.tensor<[n, 8], f32>) {
  %y = relax.layer_norm %x, %s, %s {axis = 1, epsilon = 0.001} : (!relax.tensor<[n, 8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[n, 8], f32>
  relax.return %y : !relax.tensor<[n, 8], f32>
}

// -----

// Not legalized: constants, tuples, control flow stay.
// CHECK-LABEL: relax.func @stays
// CHECK: relax.constant
// CHECK: relax.tuple
relax.func @stays(%x: !relax.tensor<[2], f32>) -> (tuple<!relax.tensor<[2], f32>, !relax.tensor<[1], f32>>) {
  %c = relax.constant <[1], f32, [2.0]> : !relax.tensor<[1], f32>
  %t = relax.tuple %x, %c : (!relax.tensor<[2], f32>, !relax.tensor<[1], f32>) -> tuple<!relax.tensor<[2], f32>, !relax.tensor<[1], f32>>
  relax.return %t : tuple<!relax.tensor<[2], f32>, !relax.tensor<[1], f32>>
}
