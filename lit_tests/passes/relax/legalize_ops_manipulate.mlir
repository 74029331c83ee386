// RUN: tyrex-opt %s -p legalize-ops --split-input-file | filecheck %s

// Axes of the result read those of the operand.
// CHECK-LABEL: relax.func @transpose
// CHECK: relax.call_tir @permute_dims(%{{.*}})
// CHECK: tir.func @permute_dims<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[4, n], f32>) {
// CHECK: tir.block "permute_dims" (%[[I2:[0-9]+]]: spatial(4) = %{{.*}}, %[[I3:[0-9]+]]: spatial(n) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I3]], %[[I2]]] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[4, n], f32>
relax.func @transpose<n>(%x0: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[4, n], f32>) {
  %y0 = relax.permute_dims %x0 {axes = array<i64: 1, 0>} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[4, n], f32>
  relax.return %y0 : !relax.tensor<[4, n], f32>
}

// -----

// An axis of 1 is read at 0.
// CHECK-LABEL: relax.func @broadcast
// CHECK: relax.call_tir @broadcast_to(%{{.*}})
// CHECK: tir.func @broadcast_to<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 1], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[3, n, 4], f32>) {
// CHECK: tir.block "broadcast_to" (%[[I2:[0-9]+]]: spatial(3) = %{{.*}}, %[[I3:[0-9]+]]: spatial(n) = %{{.*}}, %[[I4:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B0]][%[[I3]], 0] : !tir.buffer<[n, 1], f32>
// CHECK: tir.store %[[V5]], %[[B1]][%[[I2]], %[[I3]], %[[I4]]] : !tir.buffer<[3, n, 4], f32>
relax.func @broadcast<n>(%x0: !relax.tensor<[n, 1], f32>) -> (!relax.tensor<[3, n, 4], f32>) {
  %y0 = relax.broadcast_to %x0 {shape = #relax.dims<[3, n, 4]>} : (!relax.tensor<[n, 1], f32>) -> !relax.tensor<[3, n, 4], f32>
  relax.return %y0 : !relax.tensor<[3, n, 4], f32>
}

// -----

// One block per input.
// CHECK-LABEL: relax.func @join
// CHECK: relax.call_tir @concat(%{{.*}}, %{{.*}})
// CHECK: tir.func @concat<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>, %[[B1:[0-9]+]]: !tir.buffer<[n, 3], f32>) -> (%[[B2:[0-9]+]]: !tir.buffer<[n, 7], f32>) {
// CHECK: tir.block "concat_0" (%[[I3:[0-9]+]]: spatial(n) = %{{.*}}, %[[I4:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B0]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V5]], %[[B2]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 7], f32>
// CHECK: tir.block "concat_1" (%[[I6:[0-9]+]]: spatial(n) = %{{.*}}, %[[I7:[0-9]+]]: spatial(3) = %{{.*}}) {
// CHECK: %[[V8:[0-9]+]] = tir.load %[[B1]][%[[I6]], %[[I7]]] : !tir.buffer<[n, 3], f32>
// CHECK: tir.store %[[V8]], %[[B2]][%[[I6]], %[[I7]] + 4] : !tir.buffer<[n, 7], f32>
relax.func @join<n>(%x0: !relax.tensor<[n, 4], f32>, %x1: !relax.tensor<[n, 3], f32>) -> (!relax.tensor<[n, 7], f32>) {
  %y0 = relax.concat %x0, %x1 {axis = 1} : (!relax.tensor<[n, 4], f32>, !relax.tensor<[n, 3], f32>) -> !relax.tensor<[n, 7], f32>
  relax.return %y0 : !relax.tensor<[n, 7], f32>
}

// -----

// One block per result.
// CHECK-LABEL: relax.func @cut
// CHECK: relax.call_tir @split(%{{.*}})
// CHECK: tir.func @split<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[n, 1], f32>, %[[B2:[0-9]+]]: !tir.buffer<[n, 3], f32>) {
// CHECK: tir.block "split_0" (%[[I3:[0-9]+]]: spatial(n) = %{{.*}}, %[[I4:[0-9]+]]: spatial(1) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B0]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V5]], %[[B1]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 1], f32>
// CHECK: tir.block "split_1" (%[[I6:[0-9]+]]: spatial(n) = %{{.*}}, %[[I7:[0-9]+]]: spatial(3) = %{{.*}}) {
// CHECK: %[[V8:[0-9]+]] = tir.load %[[B0]][%[[I6]], %[[I7]] + 1] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V8]], %[[B2]][%[[I6]], %[[I7]]] : !tir.buffer<[n, 3], f32>
relax.func @cut<n>(%x0: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 1], f32>, !relax.tensor<[n, 3], f32>) {
  %y0, %y1 = relax.split %x0 {axis = 1, sections = #relax.dims<[1, 3]>} : (!relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 1], f32>, !relax.tensor<[n, 3], f32>)
  relax.return %y0, %y1 : !relax.tensor<[n, 1], f32>, !relax.tensor<[n, 3], f32>
}

// -----

// Steps may be negative.
// CHECK-LABEL: relax.func @slice
// CHECK: relax.call_tir @strided_slice(%{{.*}})
// CHECK: tir.func @strided_slice<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[n, 2], f32>) {
// CHECK: tir.block "strided_slice" (%[[I2:[0-9]+]]: spatial(n) = %{{.*}}, %[[I3:[0-9]+]]: spatial(2) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][-%[[I2]] + n - 1, %[[I3]] * 2 + 1] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[n, 2], f32>
relax.func @slice<n>(%x0: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 2], f32>) {
  %y0 = relax.strided_slice %x0 {starts = #relax.dims<[n - 1, 1]>, sizes = #relax.dims<[n, 2]>, steps = array<i64: -1, 2>} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[n, 2], f32>
  relax.return %y0 : !relax.tensor<[n, 2], f32>
}

// -----

// Only padded borders are tested.
// CHECK-LABEL: relax.func @pad_constant
// CHECK: relax.call_tir @pad(%{{.*}}, %{{.*}})
// CHECK: tir.func @pad<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>, %[[B1:[0-9]+]]: !tir.buffer<[], f32>) -> (%[[B2:[0-9]+]]: !tir.buffer<[n, 7], f32>) {
// CHECK: tir.block "pad" (%[[I3:[0-9]+]]: spatial(n) = %{{.*}}, %[[I4:[0-9]+]]: spatial(7) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B1]][] : !tir.buffer<[], f32>
// CHECK: %[[V6:[0-9]+]] = tir.predicated_load %[[B0]][%[[I3]], %[[I4]] - 1] where (%[[I4]] - 1 >= 0, -%[[I4]] + 4 >= 0) else %[[V5]] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V6]], %[[B2]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 7], f32>
relax.func @pad_constant<n>(%x0: !relax.tensor<[n, 4], f32>, %x1: !relax.tensor<[], f32>) -> (!relax.tensor<[n, 7], f32>) {
  %y0 = relax.pad %x0, %x1 {padding = array<i64: 0, 1, 0, 2>, mode = "constant"} : (!relax.tensor<[n, 4], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 7], f32>
  relax.return %y0 : !relax.tensor<[n, 7], f32>
}

// -----

// No division where each border is crossed at most once.
// CHECK-LABEL: relax.func @pad_reflect
// CHECK: relax.call_tir @pad(%{{.*}}, %{{.*}})
// CHECK: tir.func @pad<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>, %[[B1:[0-9]+]]: !tir.buffer<[], f32>) -> (%[[B2:[0-9]+]]: !tir.buffer<[n, 7], f32>) {
// CHECK: tir.block "pad" (%[[I3:[0-9]+]]: spatial(n) = %{{.*}}, %[[I4:[0-9]+]]: spatial(7) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B0]][%[[I3]], min(-max(-%[[I4]] + 1, %[[I4]] - 1) + 6, max(-%[[I4]] + 1, %[[I4]] - 1))] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V5]], %[[B2]][%[[I3]], %[[I4]]] : !tir.buffer<[n, 7], f32>
relax.func @pad_reflect<n>(%x0: !relax.tensor<[n, 4], f32>, %x1: !relax.tensor<[], f32>) -> (!relax.tensor<[n, 7], f32>) {
  %y0 = relax.pad %x0, %x1 {padding = array<i64: 0, 1, 0, 2>, mode = "reflect"} : (!relax.tensor<[n, 4], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[n, 7], f32>
  relax.return %y0 : !relax.tensor<[n, 7], f32>
}

// -----

// Axes that are not repeated are read as they are.
// CHECK-LABEL: relax.func @repeat
// CHECK: relax.call_tir @tile(%{{.*}})
// CHECK: tir.func @tile<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[n, 12], f32>) {
// CHECK: tir.block "tile" (%[[I2:[0-9]+]]: spatial(n) = %{{.*}}, %[[I3:[0-9]+]]: spatial(12) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I2]], %[[I3]] mod 4] : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[n, 12], f32>
relax.func @repeat<n>(%x0: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 12], f32>) {
  %y0 = relax.tile %x0 {repeats = #relax.dims<[1, 3]>} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[n, 12], f32>
  relax.return %y0 : !relax.tensor<[n, 12], f32>
}

// -----

// An index is a value.
// CHECK-LABEL: relax.func @count
// CHECK: relax.call_tir @iota()
// CHECK: tir.func @iota() -> (%[[B0:[0-9]+]]: !tir.buffer<[2, 3], f32>) {
// CHECK: tir.block "iota" (%[[I1:[0-9]+]]: spatial(2) = %{{.*}}, %[[I2:[0-9]+]]: spatial(3) = %{{.*}}) {
// CHECK: %[[V3:[0-9]+]] = tir.index_value %[[I2]] : i64
// CHECK: tir.store %{{.*}}, %[[B0]][%[[I1]], %[[I2]]] : !tir.buffer<[2, 3], f32>
relax.func @count() -> (!relax.tensor<[2, 3], f32>) {
  %y0 = relax.iota {shape = #relax.dims<[2, 3]>, axis = 1, dtype = f32} : () -> !relax.tensor<[2, 3], f32>
  relax.return %y0 : !relax.tensor<[2, 3], f32>
}

// -----

// What lies outside of the triangle is not read.
// CHECK-LABEL: relax.func @triangle
// CHECK: relax.call_tir @trilu(%{{.*}})
// CHECK: tir.func @trilu<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 4], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[n, 4], f32>) {
// CHECK: tir.block "trilu" (%[[I2:[0-9]+]]: spatial(n) = %{{.*}}, %[[I3:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.predicated_load %[[B0]][%[[I2]], %[[I3]]] where (-%[[I2]] + %[[I3]] - 1 >= 0) else %{{.*}} : !tir.buffer<[n, 4], f32>
// CHECK: tir.store %[[V4]], %[[B1]][%[[I2]], %[[I3]]] : !tir.buffer<[n, 4], f32>
relax.func @triangle<n>(%x0: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 4], f32>) {
  %y0 = relax.trilu %x0 {k = 1, upper = true} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[n, 4], f32>
  relax.return %y0 : !relax.tensor<[n, 4], f32>
}
