// RUN: EXPECTED

relax.func @non_zero_c1(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.non_zero: (C1) introduces one symbol, not a, b}}
  %0 = relax.non_zero %x0 {new_symbols = ["a", "b"]} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, ?], i64>
  relax.return
}

// -----

relax.func @compress_c1(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3], f32>) {
  // expected-error @below {{relax.compress: (C1) the condition is !relax.tensor<[3], f32>, expected a bool tensor of rank 1}}
  %0 = relax.compress %x0, %x1 : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[?], f32>
  relax.return
}

// -----

relax.func @compress_c2_axis(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.compress: (C2) axis 2 is out of range for rank 2; use 0..1}}
  %0 = relax.compress %x0, %x1 {axis = 2} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[2, ?], f32>
  relax.return
}

// -----

relax.func @compress_c2_symbols(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[3], i1>) {
  // expected-error @below {{relax.compress: (C2) introduces one symbol, not a, b}}
  %0 = relax.compress %x0, %x1 {new_symbols = ["a", "b"]} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[3], i1>) -> !relax.tensor<[?], f32>
  relax.return
}

// -----

relax.func @unique_c1_axis(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.unique: (C1) axis 2 is out of range for rank 2; use 0..1}}
  %0, %1, %2, %3 = relax.unique %x0 {axis = 2, sorted = true} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[2, 3], f32>, !relax.tensor<[?], i64>, !relax.tensor<[?], i64>, !relax.tensor<[?], i64>)
  relax.return
}

// -----

relax.func @unique_c1_symbols(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.unique: (C1) introduces one symbol, not a, b}}
  %0, %1, %2, %3 = relax.unique %x0 {sorted = true, new_symbols = ["a", "b"]} : (!relax.tensor<[2, 3], f32>) -> (!relax.tensor<[?], f32>, !relax.tensor<[?], i64>, !relax.tensor<[?], i64>, !relax.tensor<[?], i64>)
  relax.return
}

// -----

relax.func @non_max_suppression_c1_type(%x0: !relax.tensor<[1, 5, 4], f32>, %x1: !relax.tensor<[1, 2, 5], f64>) {
  // expected-error @below {{relax.non_max_suppression: (C1) boxes are f32, scores f64; expected one float type}}
  %0 = relax.non_max_suppression %x0, %x1 {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false} : (!relax.tensor<[1, 5, 4], f32>, !relax.tensor<[1, 2, 5], f64>) -> !relax.tensor<[?, 3], i64>
  relax.return
}

// -----

relax.func @non_max_suppression_c1_scores(%x0: !relax.tensor<[1, 5, 4], f32>, %x1: !relax.tensor<[2, 5], f32>) {
  // expected-error @below {{relax.non_max_suppression: (C1) scores: !relax.tensor<[2, 5], f32>, expected shape [?, ?, ?]}}
  %0 = relax.non_max_suppression %x0, %x1 {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false} : (!relax.tensor<[1, 5, 4], f32>, !relax.tensor<[2, 5], f32>) -> !relax.tensor<[?, 3], i64>
  relax.return
}

// -----

relax.func @non_max_suppression_c1_boxes(%x0: !relax.tensor<[1, 6, 4], f32>, %x1: !relax.tensor<[1, 2, 5], f32>) {
  // expected-error @below {{relax.non_max_suppression: (C1) boxes: !relax.tensor<[1, 6, 4], f32>, expected shape [1, 5, 4]}}
  %0 = relax.non_max_suppression %x0, %x1 {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false} : (!relax.tensor<[1, 6, 4], f32>, !relax.tensor<[1, 2, 5], f32>) -> !relax.tensor<[?, 3], i64>
  relax.return
}

// -----

relax.func @non_max_suppression_c2(%x0: !relax.tensor<[1, 5, 4], f32>, %x1: !relax.tensor<[1, 2, 5], f32>) {
  // expected-error @below {{relax.non_max_suppression: (C2) introduces one symbol, not a, b}}
  %0 = relax.non_max_suppression %x0, %x1 {max_output_boxes_per_class = 3, iou_threshold = 0.5, center_point_box = false, new_symbols = ["a", "b"]} : (!relax.tensor<[1, 5, 4], f32>, !relax.tensor<[1, 2, 5], f32>) -> !relax.tensor<[?, 3], i64>
  relax.return
}
