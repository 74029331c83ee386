// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// As large as it can get, cut to what counts.

// CHECK: found: int64[2]
// CHECK-NEXT: [1, 5]
// CHECK: indices: int64[2, 2]
// CHECK-NEXT: {{\[\[}}0, 1],
// CHECK-NEXT: [1, 2]]
// CHECK: first: int64[3]
// CHECK-NEXT: [1, 3, 0]
// CHECK: counts: int64[3]
// CHECK-NEXT: [2, 1, 1]
// CHECK: inverse: int64[4]
// CHECK-NEXT: [2, 0, 0, 1]
// CHECK: rows: int64[2, 3]
// CHECK-NEXT: {{\[\[}}0, 0, 2],
// CHECK-NEXT: [0, 0, 0]]

relax.func @main() -> (!relax.tensor<[s], i64>, !relax.tensor<[2, s], i64>, !relax.tensor<[g], i64>, !relax.tensor<[g], i64>, !relax.tensor<[4], i64>, !relax.tensor<[k, 3], i64>) attributes {input_names = [], output_names = ["found", "indices", "first", "counts", "inverse", "rows"]} {
  %x = relax.constant <[2, 3], f32, [0.0, 2.0, 0.0, 0.0, 0.0, -1.0]> : !relax.tensor<[2, 3], f32>
  %p, %n = relax.positions %x : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[6], i64>, !relax.tensor<[1], i64>)
  %found = relax.prefix %n, %p {new_symbols = ["s"]} : (!relax.tensor<[1], i64>, !relax.tensor<[6], i64>) -> !relax.tensor<[s], i64>
  %indices = relax.unravel %found, %x : (!relax.tensor<[s], i64>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, s], i64>
  %y = relax.constant <[4], f32, [7.0, 3.0, 3.0, 5.0]> : !relax.tensor<[4], f32>
  %f, %c, %inverse, %m = relax.groups %y {axis = 0 : i64, sorted = true} : (!relax.tensor<[4], f32>) -> (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[1], i64>)
  %first, %counts = relax.prefix %m, %f, %c {new_symbols = ["g"]} : (!relax.tensor<[1], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>) -> (!relax.tensor<[g], i64>, !relax.tensor<[g], i64>)
  %boxes = relax.constant <[1, 3, 4], f32, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 5.0, 5.0, 6.0, 6.0]> : !relax.tensor<[1, 3, 4], f32>
  %scores = relax.constant <[1, 1, 3], f32, [0.5, 0.25, 0.75]> : !relax.tensor<[1, 1, 3], f32>
  %r, %b = relax.best_boxes %boxes, %scores {max_output_boxes_per_class = 3 : i64, iou_threshold = 5.000000e-01 : f64, center_point_box = false} : (!relax.tensor<[1, 3, 4], f32>, !relax.tensor<[1, 1, 3], f32>) -> (!relax.tensor<[3, 3], i64>, !relax.tensor<[1], i64>)
  %rows = relax.prefix %b, %r {new_symbols = ["k"]} : (!relax.tensor<[1], i64>, !relax.tensor<[3, 3], i64>) -> !relax.tensor<[k, 3], i64>
  relax.return %found, %indices, %first, %counts, %inverse, %rows : !relax.tensor<[s], i64>, !relax.tensor<[2, s], i64>, !relax.tensor<[g], i64>, !relax.tensor<[g], i64>, !relax.tensor<[4], i64>, !relax.tensor<[k, 3], i64>
}
