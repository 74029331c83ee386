// RUN: tyrex-opt %s --split-input-file -p 'widen-convolutions{block=4}' | filecheck %s

// A chain of sequences becomes one of images; a constant and another value come along.

// CHECK-LABEL: relax.func @chain
// CHECK:      %[[X:.*]] = relax.reshape %x {shape = #relax.dims<[1, 3, 1, n]>}
// CHECK:      %c = relax.conv %[[X]], %{{.*}} {strides = array<i64: 1, 2>, padding = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64} : (!relax.tensor<[1, 3, 1, n], f32>, !relax.tensor<[4, 3, 1, 3], f32>) -> !relax.tensor<[1, 4, 1, (n + 1) floordiv 2], f32>
// CHECK:      %[[B:.*]] = relax.constant <[4, 1, 1], f32
// CHECK:      %a = relax.add %c, %[[B]]
// CHECK:      %[[R:.*]] = relax.reshape %r {shape = #relax.dims<[1, 4, 1, (n + 1) floordiv 2]>}
// CHECK:      %m = relax.multiply %a, %[[R]]
// CHECK:      %y = relax.relu %m
// CHECK:      %[[Y:.*]] = relax.reshape %y {shape = #relax.dims<[1, 4, (n + 1) floordiv 2]>}
// CHECK-NEXT: relax.return %[[Y]]
relax.func @chain<n>(%x: !relax.tensor<[1, 3, n], f32>, %r: !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>) -> (!relax.tensor<[1, 4, (n + 1) floordiv 2], f32>) {
  %w = relax.constant <[4, 3, 3], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0]> : !relax.tensor<[4, 3, 3], f32>
  %b = relax.constant <[4, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4, 1], f32>
  %c = relax.conv %x, %w {strides = array<i64: 2>, padding = array<i64: 1, 1>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 3, n], f32>, !relax.tensor<[4, 3, 3], f32>) -> !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>
  %a = relax.add %c, %b : (!relax.tensor<[1, 4, (n + 1) floordiv 2], f32>, !relax.tensor<[4, 1], f32>) -> !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>
  %m = relax.multiply %a, %r : (!relax.tensor<[1, 4, (n + 1) floordiv 2], f32>, !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>) -> !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>
  %y = relax.relu %m : (!relax.tensor<[1, 4, (n + 1) floordiv 2], f32>) -> !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>
  relax.return %y : !relax.tensor<[1, 4, (n + 1) floordiv 2], f32>
}

// -----

// Few filters, several groups, weights of the run: these stay, and so do sequences of no convolution.

// CHECK-LABEL: relax.func @others
// CHECK-NOT: relax.reshape
// CHECK: relax.return
relax.func @others(%x: !relax.tensor<[1, 4, 9], f32>, %v: !relax.tensor<[4, 4, 1], f32>) -> (!relax.tensor<[1, 1, 9], f32>, !relax.tensor<[1, 4, 9], f32>, !relax.tensor<[1, 4, 9], f32>) {
  %w = relax.constant <[1, 4, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[1, 4, 1], f32>
  %g = relax.constant <[4, 1, 1], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4, 1, 1], f32>
  %e = relax.relu %x : (!relax.tensor<[1, 4, 9], f32>) -> !relax.tensor<[1, 4, 9], f32>
  %a = relax.conv %e, %w {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 9], f32>, !relax.tensor<[1, 4, 1], f32>) -> !relax.tensor<[1, 1, 9], f32>
  %b = relax.conv %e, %g {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 4 : i64} : (!relax.tensor<[1, 4, 9], f32>, !relax.tensor<[4, 1, 1], f32>) -> !relax.tensor<[1, 4, 9], f32>
  %c = relax.conv %e, %v {strides = array<i64: 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 4, 9], f32>, !relax.tensor<[4, 4, 1], f32>) -> !relax.tensor<[1, 4, 9], f32>
  relax.return %a, %b, %c : !relax.tensor<[1, 1, 9], f32>, !relax.tensor<[1, 4, 9], f32>, !relax.tensor<[1, 4, 9], f32>
}
