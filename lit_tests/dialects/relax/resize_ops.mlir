// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @resized
relax.func @resized<n>(%x: !relax.tensor<[1, 2, n, 8], f32>) {
  // CHECK: relax.resize %x {sizes = #relax.dims<[1, 2, n * 2, 16]>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_floor", cubic_coeff_a = -7.500000e-01 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.000000e+00 : f64} : (!relax.tensor<[1, 2, n, 8], f32>) -> !relax.tensor<[1, 2, n * 2, 16], f32>
  %0 = relax.resize %x {sizes = #relax.dims<[1, 2, n * 2, 16]>, scales = array<f64: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_floor", cubic_coeff_a = -7.500000e-01 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.000000e+00 : f64} : (!relax.tensor<[1, 2, n, 8], f32>) -> !relax.tensor<[1, 2, n * 2, 16], f32>
  // CHECK: relax.resize %x {sizes = #relax.dims<[1, 2, 5, 4]>, roi = array<f64: 0.000000e+00, 0.000000e+00, 5.000000e-01, 0.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00>, mode = "cubic", coordinate_transformation_mode = "tf_crop_and_resize", nearest_mode = "round_prefer_floor", cubic_coeff_a = -7.500000e-01 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.000000e+00 : f64} : (!relax.tensor<[1, 2, n, 8], f32>) -> !relax.tensor<[1, 2, 5, 4], f32>
  %1 = relax.resize %x {sizes = #relax.dims<[1, 2, 5, 4]>, roi = array<f64: 0.000000e+00, 0.000000e+00, 5.000000e-01, 0.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00>, mode = "cubic", coordinate_transformation_mode = "tf_crop_and_resize", nearest_mode = "round_prefer_floor", cubic_coeff_a = -7.500000e-01 : f64, exclude_outside = false, antialias = false, extrapolation_value = 0.000000e+00 : f64} : (!relax.tensor<[1, 2, n, 8], f32>) -> !relax.tensor<[1, 2, 5, 4], f32>
  relax.return
}

// CHECK-LABEL: relax.func @sampled
relax.func @sampled<n>(%x: !relax.tensor<[1, 2, 3, n], f32>, %g: !relax.tensor<[1, 5, 6, 2], f32>, %r: !relax.tensor<[9, 4], f32>, %b: !relax.tensor<[9], i64>) {
  // CHECK: relax.grid_sample %x, %g {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, n], f32>, !relax.tensor<[1, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  %0 = relax.grid_sample %x, %g {mode = "linear", padding_mode = "zeros", align_corners = false} : (!relax.tensor<[1, 2, 3, n], f32>, !relax.tensor<[1, 5, 6, 2], f32>) -> !relax.tensor<[1, 2, 5, 6], f32>
  // CHECK: relax.roi_align %x, %r, %b {output_height = 2 : i64, output_width = 3 : i64, sampling_ratio = 2 : i64, spatial_scale = 5.000000e-01 : f64, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, n], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 3], f32>
  %1 = relax.roi_align %x, %r, %b {output_height = 2 : i64, output_width = 3 : i64, sampling_ratio = 2 : i64, spatial_scale = 5.000000e-01 : f64, mode = "avg", coordinate_transformation_mode = "half_pixel"} : (!relax.tensor<[1, 2, 3, n], f32>, !relax.tensor<[9, 4], f32>, !relax.tensor<[9], i64>) -> !relax.tensor<[9, 2, 2, 3], f32>
  relax.return
}
