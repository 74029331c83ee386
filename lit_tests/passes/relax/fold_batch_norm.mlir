// RUN: tyrex-opt %s -p fold-batch-norm | filecheck %s

// CHECK-LABEL: relax.func @known
// CHECK-NEXT:    %scale = relax.constant <[2, 1, 1], f32, [1.0, 2.0]>
// CHECK-NEXT:    %[[scaled:.*]] = relax.multiply %x, %scale
// CHECK-NEXT:    %bias = relax.constant <[2, 1, 1], f32, [-1.0, 1.0]>
// CHECK-NEXT:    %y = relax.add %[[scaled]], %bias
// CHECK-NEXT:    relax.return %y
relax.func @known(%x: !relax.tensor<[1, 2, 3, 3], f32>) -> (!relax.tensor<[1, 2, 3, 3], f32>) {
  %scale = relax.constant <[2], f32, [2.0, 4.0]> : !relax.tensor<[2], f32>
  %bias = relax.constant <[2], f32, [0.0, 3.0]> : !relax.tensor<[2], f32>
  %mean = relax.constant <[2], f32, [1.0, 1.0]> : !relax.tensor<[2], f32>
  %var = relax.constant <[2], f32, [3.0, 3.0]> : !relax.tensor<[2], f32>
  %y = relax.batch_norm %x, %scale, %bias, %mean, %var {epsilon = 1.0 : f64} : (!relax.tensor<[1, 2, 3, 3], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[1, 2, 3, 3], f32>
  relax.return %y : !relax.tensor<[1, 2, 3, 3], f32>
}

// Statistics that are not known stay what they are.
// CHECK-LABEL: relax.func @unknown
// CHECK:         relax.batch_norm
relax.func @unknown(%x: !relax.tensor<[1, 2, 3], f32>, %s: !relax.tensor<[2], f32>) -> (!relax.tensor<[1, 2, 3], f32>) {
  %c = relax.constant <[2], f32, [2.0, 4.0]> : !relax.tensor<[2], f32>
  %y = relax.batch_norm %x, %c, %c, %s, %c {epsilon = 1.0 : f64} : (!relax.tensor<[1, 2, 3], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[1, 2, 3], f32>
  relax.return %y : !relax.tensor<[1, 2, 3], f32>
}
