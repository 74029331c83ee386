// RUN: tyrex-opt %s -p lower-selections --split-input-file | filecheck %s

// CHECK-LABEL: relax.func @non_zero
relax.func @non_zero<n>(%x: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[2, s], i64>) {
  // CHECK: %[[P:.*]], %[[N:.*]] = relax.positions %x : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n * 4], i64>, !relax.tensor<[1], i64>)
  // CHECK: %[[Q:.*]] = relax.prefix %[[N]], %[[P]] {new_symbols = ["s"]} : {{.*}} -> !relax.tensor<[s], i64>
  // CHECK: %y = relax.unravel %[[Q]], %x : {{.*}} -> !relax.tensor<[2, s], i64>
  %y = relax.non_zero %x {new_symbols = ["s"]} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[2, s], i64>
  relax.return %y : !relax.tensor<[2, s], i64>
}

// -----

// CHECK-LABEL: relax.func @compress
relax.func @compress(%x: !relax.tensor<[5, 4], f32>, %c: !relax.tensor<[3], i1>) -> (!relax.tensor<[5, s], f32>, !relax.tensor<[t], f32>) {
  // CHECK: relax.positions %c : (!relax.tensor<[3], i1>) -> (!relax.tensor<[3], i64>, !relax.tensor<[1], i64>)
  // CHECK: %[[Q:.*]] = relax.prefix {{.*}} {new_symbols = ["s"]}
  // CHECK: %y = relax.gather %x, %[[Q]] {axis = 1 : i64} : {{.*}} -> !relax.tensor<[5, s], f32>
  %y = relax.compress %x, %c {axis = 1 : i64, new_symbols = ["s"]} : (!relax.tensor<[5, 4], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[5, s], f32>
  // CHECK: %[[F:.*]] = relax.reshape %x {shape = #relax.dims<[20]>}
  // CHECK: %z = relax.gather %[[F]], %{{.*}} {axis = 0 : i64} : {{.*}} -> !relax.tensor<[t], f32>
  %z = relax.compress %x, %c {new_symbols = ["t"]} : (!relax.tensor<[5, 4], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[t], f32>
  relax.return %y, %z : !relax.tensor<[5, s], f32>, !relax.tensor<[t], f32>
}

// -----

// CHECK-LABEL: relax.func @unique
relax.func @unique(%x: !relax.tensor<[5], i32>) -> (!relax.tensor<[s], i32>, !relax.tensor<[5], i64>) {
  // CHECK: %[[F:.*]], %[[C:.*]], %i, %[[N:.*]] = relax.groups %x {axis = 0 : i64, sorted = true}
  // CHECK: %first, %counts = relax.prefix %[[N]], %[[F]], %[[C]] {new_symbols = ["s"]}
  // CHECK: %v = relax.gather %x, %first {axis = 0 : i64}
  // CHECK: relax.return %v, %i
  %v, %first, %i, %counts = relax.unique %x {sorted = true, new_symbols = ["s"]} : (!relax.tensor<[5], i32>) -> (!relax.tensor<[s], i32>, !relax.tensor<[s], i64>, !relax.tensor<[5], i64>, !relax.tensor<[s], i64>)
  relax.return %v, %i : !relax.tensor<[s], i32>, !relax.tensor<[5], i64>
}

// -----

// A result that nobody gave a name gets one, which nobody has; those who use it know as much as before.

// CHECK-LABEL: relax.func @boxes<found0>
relax.func @boxes<found0>(%b: !relax.tensor<[1, found0, 4], f32>, %s: !relax.tensor<[1, 2, found0], f32>) -> (!relax.tensor<[?, 3], i64>) {
  // CHECK: %[[R:.*]], %[[N:.*]] = relax.best_boxes %b, %s {{.*}} -> (!relax.tensor<[min(found0, 3) * 2, 3], i64>, !relax.tensor<[1], i64>)
  // CHECK: %y = relax.prefix %[[N]], %[[R]] {new_symbols = ["found1"]} : {{.*}} -> !relax.tensor<[found1, 3], i64>
  // CHECK: relax.match_cast %y : !relax.tensor<[found1, 3], i64> -> !relax.tensor<[?, 3], i64>
  %y = relax.non_max_suppression %b, %s {max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, center_point_box = false} : (!relax.tensor<[1, found0, 4], f32>, !relax.tensor<[1, 2, found0], f32>) -> !relax.tensor<[?, 3], i64>
  relax.return %y : !relax.tensor<[?, 3], i64>
}

// -----

// What has the same size whatever the data stays.

// CHECK-LABEL: relax.func @same
relax.func @same(%x: !relax.tensor<[5], f32>) -> (!relax.tensor<[5], f32>) {
  // CHECK-NEXT: %y = relax.tanh %x
  // CHECK-NEXT: relax.return %y
  %y = relax.tanh %x : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  relax.return %y : !relax.tensor<[5], f32>
}
