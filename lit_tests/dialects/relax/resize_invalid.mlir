// RUN: EXPECTED

relax.func @resize_c1_sizes(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C1) 1 sizes, None scales for !relax.tensor<[2, 3], f32>}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4]>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4], f32>
  relax.return
}

// -----

relax.func @resize_c1_scales(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C1) 2 sizes, 1 scales for !relax.tensor<[2, 3], f32>}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, scales = array<f64: 2.0>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c1_positive(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C1) scales (2.0, -1.0) are not all positive}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, scales = array<f64: 2.0, -1.0>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c2_mode(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C2) mode "area" is unknown; use one of nearest, linear, cubic}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, mode = "area", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c2_coordinates(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C2) coordinate_transformation_mode "corner" is unknown; use one of half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, mode = "nearest", coordinate_transformation_mode = "corner", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c2_nearest(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C2) nearest_mode "round" is unknown; use one of round_prefer_floor, round_prefer_ceil, floor, ceil}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "round", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c3_missing(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C3) 0 numbers in roi, expected 4}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, mode = "nearest", coordinate_transformation_mode = "tf_crop_and_resize", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @resize_c3_useless(%x0: !relax.tensor<[2, 3], f32>) {
  // expected-error @below {{relax.resize: (C3) 4 numbers in roi, expected 0}}
  %0 = relax.resize %x0 {sizes = #relax.dims<[4, 6]>, roi = array<f64: 0.0, 0.0, 1.0, 1.0>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[4, 6], f32>
  relax.return
}

// -----

relax.func @grid_sample_c1_axes(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[1, 5, 6, 3], f32>) {
  // expected-error @below {{relax.grid_sample: (C1) !relax.tensor<[1, 5, 6, 3], f32> does not sample !relax.tensor<[1, 2, 3, 4], f32>}}
  %0 = relax.grid_sample %x0, %x1 {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[1, 5, 6, 3], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @grid_sample_c1_batch(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[2, 5, 6, 2], f32>) {
  // expected-error @below {{relax.grid_sample: (C1) !relax.tensor<[2, 5, 6, 2], f32> does not sample !relax.tensor<[1, 2, 3, 4], f32>}}
  %0 = relax.grid_sample %x0, %x1 {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[2, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @grid_sample_c2_mode(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[1, 5, 6, 2], f32>) {
  // expected-error @below {{relax.grid_sample: (C2) mode "area" is unknown; use one of nearest, linear, cubic}}
  %0 = relax.grid_sample %x0, %x1 {mode = "area", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[1, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @grid_sample_c2_padding(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[1, 5, 6, 2], f32>) {
  // expected-error @below {{relax.grid_sample: (C2) padding_mode "ones" is unknown; use one of zeros, border, reflection}}
  %0 = relax.grid_sample %x0, %x1 {mode = "linear", padding_mode = "ones", align_corners = false} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[1, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @grid_sample_c3(%x0: !relax.tensor<[1, 2, 3, 4], i32>, %x1: !relax.tensor<[1, 5, 6, 2], f32>) {
  // expected-error @below {{relax.grid_sample: (C3) x is i32, grid f32; expected floats}}
  %0 = relax.grid_sample %x0, %x1 {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, 4], i32>, !relax.tensor<[1, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  relax.return
}

// -----

relax.func @roi_align_c1_x(%x0: !relax.tensor<[2, 3], f32>, %x1: !relax.tensor<[9, 4], f32>, %x2: !relax.tensor<[9], i64>) {
  // expected-error @below {{relax.roi_align: (C1) x: !relax.tensor<[2, 3], f32>, expected shape [?, ?, ?, ?]}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[2, 3], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}

// -----

relax.func @roi_align_c1_rois(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[9, 5], f32>, %x2: !relax.tensor<[9], i64>) {
  // expected-error @below {{relax.roi_align: (C1) rois: !relax.tensor<[9, 5], f32>, expected shape [9, 4]}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[9, 5], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}

// -----

relax.func @roi_align_c1_type(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[9, 4], f64>, %x2: !relax.tensor<[9], i64>) {
  // expected-error @below {{relax.roi_align: (C1) x is f32, rois are f64}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[9, 4], f64>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}

// -----

relax.func @roi_align_c2_mode(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[9, 4], f32>, %x2: !relax.tensor<[9], i64>) {
  // expected-error @below {{relax.roi_align: (C2) mode "sum" is unknown; use one of avg, max}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "sum", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}

// -----

relax.func @roi_align_c2_coordinates(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[9, 4], f32>, %x2: !relax.tensor<[9], i64>) {
  // expected-error @below {{relax.roi_align: (C2) coordinate_transformation_mode "asymmetric" is unknown; use one of half_pixel, output_half_pixel}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "avg", coordinate_transformation_mode = "asymmetric"} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}

// -----

relax.func @roi_align_c3(%x0: !relax.tensor<[1, 2, 3, 4], f32>, %x1: !relax.tensor<[9, 4], f32>, %x2: !relax.tensor<[9], f32>) {
  // expected-error @below {{relax.roi_align: (C3) batch_indices are f32}}
  %0 = relax.roi_align %x0, %x1, %x2 {output_height = 2, output_width = 2, sampling_ratio = 2, spatial_scale = 1.0, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, 4], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], f32>) -> !relax.tensor<[9, 2, 2, 2], f32>
  relax.return
}
