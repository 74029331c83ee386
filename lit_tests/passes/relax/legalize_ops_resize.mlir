// RUN: tyrex-opt %s -p legalize-ops --split-input-file | filecheck %s

// Twice the size is an integer division, without a clamp.
// CHECK-LABEL: relax.func @twice
// CHECK: relax.call_tir @resize(%{{.*}})
// CHECK: tir.func @resize<n>(%[[B0:[0-9]+]]: !tir.buffer<[1, n], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[1, n * 2], f32>) {
// CHECK: tir.block "resize" (%[[I2:[0-9]+]]: spatial(1) = %{{.*}}, %[[I3:[0-9]+]]: spatial(n * 2) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I2]], %[[I3]] floordiv 2] : !tir.buffer<[1, n], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[1, n * 2], f32>
relax.func @twice<n>(%x0: !relax.tensor<[1, n], f32>) -> (!relax.tensor<[1, n * 2], f32>) {
  %y0 = relax.resize %x0 {sizes = #relax.dims<[1, n * 2]>, mode = "nearest", coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[1, n], f32>) -> !relax.tensor<[1, n * 2], f32>
  relax.return %y0 : !relax.tensor<[1, n * 2], f32>
}

// -----

// So it is with the scale of another convention.
// CHECK-LABEL: relax.func @twice_asymmetric
// CHECK: relax.call_tir @resize(%{{.*}})
// CHECK: tir.func @resize<n>(%[[B0:[0-9]+]]: !tir.buffer<[1, n], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[1, n * 2], f32>) {
// CHECK: tir.block "resize" (%[[I2:[0-9]+]]: spatial(1) = %{{.*}}, %[[I3:[0-9]+]]: spatial(n * 2) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I2]], %[[I3]] floordiv 2] : !tir.buffer<[1, n], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[1, n * 2], f32>
relax.func @twice_asymmetric<n>(%x0: !relax.tensor<[1, n], f32>) -> (!relax.tensor<[1, n * 2], f32>) {
  %y0 = relax.resize %x0 {sizes = #relax.dims<[1, n * 2]>, scales = array<f64: 1.0, 2.0>, mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[1, n], f32>) -> !relax.tensor<[1, n * 2], f32>
  relax.return %y0 : !relax.tensor<[1, n * 2], f32>
}

// -----

// Half the size is a multiplication.
// CHECK-LABEL: relax.func @half
// CHECK: relax.call_tir @resize(%{{.*}})
// CHECK: tir.func @resize(%[[B0:[0-9]+]]: !tir.buffer<[1, 8], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[1, 4], f32>) {
// CHECK: tir.block "resize" (%[[I2:[0-9]+]]: spatial(1) = %{{.*}}, %[[I3:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I2]], %[[I3]] * 2] : !tir.buffer<[1, 8], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[1, 4], f32>
relax.func @half(%x0: !relax.tensor<[1, 8], f32>) -> (!relax.tensor<[1, 4], f32>) {
  %y0 = relax.resize %x0 {sizes = #relax.dims<[1, 4]>, mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[1, 8], f32>) -> !relax.tensor<[1, 4], f32>
  relax.return %y0 : !relax.tensor<[1, 4], f32>
}

// -----

// Neighbours are integers; only weights are floats.
// CHECK-LABEL: relax.func @blend
// CHECK: relax.call_tir @resize(%{{.*}})
// CHECK: tir.func @resize(%[[B0:[0-9]+]]: !tir.buffer<[1, 5], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[1, 10], f32>) {
// CHECK: tir.block "resize" (%[[I2:[0-9]+]]: spatial(1) = %{{.*}}, %[[I3:[0-9]+]]: spatial(10) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.index_value ((%[[I3]] + 1) mod 2) * 2 + 1 : i64
// CHECK: %[[V5:[0-9]+]] = arith.divf %{{.*}}, %{{.*}} : f32
// CHECK: %[[V6:[0-9]+]] = arith.subf %{{.*}}, %[[V5]] : f32
// CHECK: %[[V7:[0-9]+]] = tir.load %[[B0]][%[[I2]], max((%[[I3]] + 1) floordiv 2 - 1, 0)] : !tir.buffer<[1, 5], f32>
// CHECK: %[[V8:[0-9]+]] = arith.mulf %[[V7]], %[[V6]] : f32
// CHECK: %[[V9:[0-9]+]] = tir.load %[[B0]][%[[I2]], min((%[[I3]] + 1) floordiv 2, 4)] : !tir.buffer<[1, 5], f32>
// CHECK: %[[V10:[0-9]+]] = arith.mulf %[[V9]], %[[V5]] : f32
// CHECK: %[[V11:[0-9]+]] = arith.addf %[[V8]], %[[V10]] : f32
// CHECK: tir.store %[[V11]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[1, 10], f32>
relax.func @blend(%x0: !relax.tensor<[1, 5], f32>) -> (!relax.tensor<[1, 10], f32>) {
  %y0 = relax.resize %x0 {sizes = #relax.dims<[1, 10]>, mode = "linear", coordinate_transformation_mode = "half_pixel", nearest_mode = "round_prefer_floor", cubic_coeff_a = -0.75, exclude_outside = false, antialias = false, extrapolation_value = 0.0} : (!relax.tensor<[1, 5], f32>) -> !relax.tensor<[1, 10], f32>
  relax.return %y0 : !relax.tensor<[1, 10], f32>
}
