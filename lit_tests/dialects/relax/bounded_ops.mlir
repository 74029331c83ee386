// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @found
relax.func @found<n>(%x: !relax.tensor<[n, 4], f32>) {
  // CHECK: %p, %count = relax.positions %x : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n * 4], i64>, !relax.tensor<[1], i64>)
  %p, %count = relax.positions %x : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n * 4], i64>, !relax.tensor<[1], i64>)
  // CHECK: %q = relax.prefix %count, %p {new_symbols = ["s"]} : (!relax.tensor<[1], i64>, !relax.tensor<[n * 4], i64>) -> !relax.tensor<[s], i64>
  %q = relax.prefix %count, %p {new_symbols = ["s"]} : (!relax.tensor<[1], i64>, !relax.tensor<[n * 4], i64>) -> !relax.tensor<[s], i64>
  // CHECK: %r = relax.prefix %count, %p : (!relax.tensor<[1], i64>, !relax.tensor<[n * 4], i64>) -> !relax.tensor<[?], i64>
  %r = relax.prefix %count, %p : (!relax.tensor<[1], i64>, !relax.tensor<[n * 4], i64>) -> !relax.tensor<[?], i64>
  // CHECK: %i = relax.unravel %q, %x : (!relax.tensor<[s], i64>, !relax.tensor<[n, 4], f32>) -> !relax.tensor<[2, s], i64>
  %i = relax.unravel %q, %x : (!relax.tensor<[s], i64>, !relax.tensor<[n, 4], f32>) -> !relax.tensor<[2, s], i64>
  // CHECK: relax.groups %x {axis = 1 : i64, sorted = true} : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[1], i64>)
  %f, %c, %g, %m = relax.groups %x {axis = 1 : i64, sorted = true} : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[1], i64>)
  relax.return
}

// CHECK-LABEL: relax.func @boxes
relax.func @boxes<n>(%b: !relax.tensor<[1, n, 4], f32>, %s: !relax.tensor<[1, 2, n], f32>) {
  // CHECK: relax.best_boxes %b, %s {max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, center_point_box = false} : {{.*}} -> (!relax.tensor<[min(n, 3) * 2, 3], i64>, !relax.tensor<[1], i64>)
  %r, %c = relax.best_boxes %b, %s {max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, center_point_box = false} : (!relax.tensor<[1, n, 4], f32>, !relax.tensor<[1, 2, n], f32>) -> (!relax.tensor<[min(n, 3) * 2, 3], i64>, !relax.tensor<[1], i64>)
  relax.return
}
