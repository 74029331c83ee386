// RUN: tyrex-opt %s -p legalize-ops | filecheck %s

// Batches are independent; the product with r adds rows, along memory.
// CHECK-LABEL: relax.func @main
// CHECK: relax.call_tir @rnn(
// CHECK: tir.func @rnn<t, b>(%[[GATES:[0-9]+]]: !tir.buffer<[t, b, 5], f32>, %[[R:[0-9]+]]: !tir.buffer<[5, 5], f32>, %[[H0:[0-9]+]]: !tir.buffer<[b, 5], f32>, %[[LENGTHS:[0-9]+]]: !tir.buffer<[b], i64>) -> (%[[Y:[0-9]+]]: !tir.buffer<[t, b, 5], f32>, %[[H:[0-9]+]]: !tir.buffer<[b, 5], f32>)
// CHECK: %[[SUMS:[0-9]+]] = tir.alloc : !tir.buffer<[b, 5], f32>
// CHECK: tir.block "rnn" (%[[B:[0-9]+]]: spatial(b) = %{{[0-9]+}})
// CHECK: tir.store %{{[0-9]+}}, %[[H]][%[[B]], %{{[0-9]+}}]
// CHECK: tir.for %[[T:[0-9]+]] in t serial
// CHECK: tir.if
// CHECK: tir.load %[[GATES]][-%[[T]] + t - 1, %[[B]], %{{[0-9]+}}]
// CHECK: tir.for %[[Q:[0-9]+]] in 5 serial
// CHECK: %[[FACTOR:[0-9]+]] = tir.load %[[H]][%[[B]], %[[Q]]]
// CHECK: tir.for %[[G:[0-9]+]] in 5 serial
// CHECK: %[[WEIGHT:[0-9]+]] = tir.load %[[R]][%[[Q]], %[[G]]]
// CHECK: arith.mulf %[[FACTOR]], %[[WEIGHT]] : f32
// CHECK: tir.store %{{[0-9]+}}, %[[SUMS]][%[[B]], %[[G]]]
// CHECK: math.tanh
// CHECK: tir.store %{{[0-9]+}}, %[[Y]][-%[[T]] + t - 1, %[[B]], %{{[0-9]+}}]
// CHECK: } else {
// CHECK: tir.store %{{[0-9]+}}, %[[Y]][-%[[T]] + t - 1, %[[B]], %{{[0-9]+}}]
relax.func @main<t, b>(%gates: !relax.tensor<[t, b, 5], f32>, %r: !relax.tensor<[5, 5], f32>, %h0: !relax.tensor<[b, 5], f32>, %lengths: !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>) {
  %y, %h = relax.rnn %gates, %r, %h0, %lengths {reverse = true, activations = ["tanh"]} : (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>)
  relax.return %y, %h : !relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>
}
