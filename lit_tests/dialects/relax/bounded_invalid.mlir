// RUN: EXPECTED

relax.func @unravel_c1(%p: !relax.tensor<[3], i32>, %x: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.unravel: (C1) the numbers of elements are !relax.tensor<[3], i32>, expected i64 of rank 1}}
  %0 = relax.unravel %p, %x : (!relax.tensor<[3], i32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], i64>
  relax.return
}

// -----

relax.func @unravel_c2(%p: !relax.tensor<[3], i64>, %x: !relax.tensor<*, f32>) {
  // expected-error @below {{relax.unravel: (C2) the rank of x is not known}}
  %0 = relax.unravel %p, %x : (!relax.tensor<[3], i64>, !relax.tensor<*, f32>) -> !relax.tensor<[2, 3], i64>
  relax.return
}

// -----

relax.func @groups_c1(%x: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.groups: (C1) axis 2 is out of range for rank 2; use 0..1}}
  %0, %1, %2, %3 = relax.groups %x {axis = 2, sorted = true} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[3], i64>, !relax.tensor<[3], i64>, !relax.tensor<[3], i64>, !relax.tensor<[1], i64>)
  relax.return
}

// -----

relax.func @best_boxes_c1_type(%b: !relax.tensor<[1, 5, 4], f32>, %s: !relax.tensor<[1, 2, 5], f64>) {
  // expected-error @below {{relax.best_boxes: (C1) boxes are f32, scores f64; expected one float type}}
  %0, %1 = relax.best_boxes %b, %s {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false} : (!relax.tensor<[1, 5, 4], f32>, !relax.tensor<[1, 2, 5], f64>) -> (!relax.tensor<[6, 3], i64>, !relax.tensor<[1], i64>)
  relax.return
}

// -----

relax.func @best_boxes_c1_boxes(%b: !relax.tensor<[1, 6, 4], f32>, %s: !relax.tensor<[1, 2, 5], f32>) {
  // expected-error @below {{relax.best_boxes: (C1) boxes: !relax.tensor<[1, 6, 4], f32>, expected shape [1, 5, 4]}}
  %0, %1 = relax.best_boxes %b, %s {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false} : (!relax.tensor<[1, 6, 4], f32>, !relax.tensor<[1, 2, 5], f32>) -> (!relax.tensor<[6, 3], i64>, !relax.tensor<[1], i64>)
  relax.return
}

// -----

relax.func @prefix_c1(%c: !relax.tensor<[2], i64>, %x: !relax.tensor<[6], f32>) {
  // expected-error @below {{relax.prefix: (C1) the count is !relax.tensor<[2], i64>, expected i64 of one element}}
  %0 = relax.prefix %c, %x {new_symbols = ["s"]} : (!relax.tensor<[2], i64>, !relax.tensor<[6], f32>) -> !relax.tensor<[s], f32>
  relax.return
}

// -----

relax.func @prefix_c2(%c: !relax.tensor<[1], i64>, %x: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.prefix: (C2) !relax.tensor<[], f32> has no axis}}
  %0 = relax.prefix %c, %x {new_symbols = ["s"]} : (!relax.tensor<[1], i64>, !relax.tensor<[], f32>) -> !relax.tensor<[s], f32>
  relax.return
}

// -----

relax.func @prefix_c3(%c: !relax.tensor<[1], i64>, %x: !relax.tensor<[6], f32>) {
  // expected-error @below {{relax.prefix: (C3) tells one symbol, not a, b}}
  %0 = relax.prefix %c, %x {new_symbols = ["a", "b"]} : (!relax.tensor<[1], i64>, !relax.tensor<[6], f32>) -> !relax.tensor<[?], f32>
  relax.return
}

// -----

relax.func @positions(%x: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.positions: result 0 has type !relax.tensor<[5], i64>, but !relax.tensor<[6], i64> is inferred}}
  %0, %1 = relax.positions %x : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[5], i64>, !relax.tensor<[1], i64>)
  relax.return
}
