// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @winograd_conv
relax.func @winograd_conv(%x: !relax.tensor<[1, 2, 8, 9, 4], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>, %v: !relax.tensor<[16, 1, 2, 4, 4], f32>) {
  // CHECK: relax.winograd_conv %x, %u {m = 4 : i64, padding = array<i64: 1, 1, 1, 1>} : {{.*}} -> !relax.tensor<[1, 1, 8, 9, 4], f32>
  %0 = relax.winograd_conv %x, %u {m = 4, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 9, 4], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 8, 9, 4], f32>
  // CHECK: relax.winograd_conv %x, %v {m = 2 : i64, {{.*}} -> !relax.tensor<[1, 1, 6, 7, 4], f32>
  %1 = relax.winograd_conv %x, %v {m = 2, padding = array<i64: 0, 0, 0, 0>} : (!relax.tensor<[1, 2, 8, 9, 4], f32>, !relax.tensor<[16, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 6, 7, 4], f32>
  // CHECK: relax.winograd_conv %x, %v {m = 2 : i64, {{.*}}pool = 2 : i64{{.*}} -> !relax.tensor<[1, 1, 4, 5, 4], f32>
  %2 = relax.winograd_conv %x, %v {m = 2, padding = array<i64: 1, 1, 1, 2>, pool = 2} : (!relax.tensor<[1, 2, 8, 9, 4], f32>, !relax.tensor<[16, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 4, 5, 4], f32>
  relax.return
}
