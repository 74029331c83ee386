// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @counts
relax.func @counts<n>(%x: !relax.tensor<[n, 4, 6], f32>, %c: !relax.tensor<[3], i1>) {
  // CHECK: relax.non_zero %x {new_symbols = ["found"]} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[3, found], i64>
  %0 = relax.non_zero %x {new_symbols = ["found"]} : (!relax.tensor<[n, 4, 6], f32>) -> !relax.tensor<[3, found], i64>
  // CHECK: relax.compress %x, %c {new_symbols = ["kept"], axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, kept, 6], f32>
  %1 = relax.compress %x, %c {new_symbols = ["kept"], axis = 1 : i64} : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[n, kept, 6], f32>
  // CHECK: relax.compress %x, %c : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[?], f32>
  %2 = relax.compress %x, %c : (!relax.tensor<[n, 4, 6], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[?], f32>
  // CHECK: relax.unique %x {new_symbols = ["distinct"], sorted = true} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[distinct], f32>, !relax.tensor<[distinct], i64>, !relax.tensor<[n * 24], i64>, !relax.tensor<[distinct], i64>)
  %3, %4, %5, %6 = relax.unique %x {new_symbols = ["distinct"], sorted = true} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[distinct], f32>, !relax.tensor<[distinct], i64>, !relax.tensor<[n * 24], i64>, !relax.tensor<[distinct], i64>)
  // CHECK: relax.unique %x {axis = 1 : i64, sorted = false} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, ?, 6], f32>, !relax.tensor<[?], i64>, !relax.tensor<[4], i64>, !relax.tensor<[?], i64>)
  %7, %8, %9, %10 = relax.unique %x {axis = 1 : i64, sorted = false} : (!relax.tensor<[n, 4, 6], f32>) -> (!relax.tensor<[n, ?, 6], f32>, !relax.tensor<[?], i64>, !relax.tensor<[4], i64>, !relax.tensor<[?], i64>)
  relax.return
}

// CHECK-LABEL: relax.func @boxes
relax.func @boxes<n>(%b: !relax.tensor<[1, n, 4], f32>, %s: !relax.tensor<[1, 2, n], f32>) {
  // CHECK: relax.non_max_suppression %b, %s {new_symbols = ["chosen"], max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, score_threshold = 2.500000e-01 : f64, center_point_box = false} : (!relax.tensor<[1, n, 4], f32>, !relax.tensor<[1, 2, n], f32>) -> !relax.tensor<[chosen, 3], i64>
  %0 = relax.non_max_suppression %b, %s {new_symbols = ["chosen"], max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, score_threshold = 2.500000e-01 : f64, center_point_box = false} : (!relax.tensor<[1, n, 4], f32>, !relax.tensor<[1, 2, n], f32>) -> !relax.tensor<[chosen, 3], i64>
  relax.return
}
