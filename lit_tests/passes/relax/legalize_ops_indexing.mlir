// RUN: tyrex-opt %s -p legalize-ops --split-input-file | filecheck %s

// Negative indices count from the end; the others are clamped.
// CHECK-LABEL: relax.func @rows
// CHECK: relax.call_tir @gather(%{{.*}}, %{{.*}})
// CHECK: tir.func @gather<n>(%[[B0:[0-9]+]]: !tir.buffer<[9, n], f32>, %[[B1:[0-9]+]]: !tir.buffer<[5], i64>) -> (%[[B2:[0-9]+]]: !tir.buffer<[5, n], f32>) {
// CHECK: tir.block "gather" (%[[I3:[0-9]+]]: spatial(5) = %{{.*}}, %[[I4:[0-9]+]]: spatial(n) = %{{.*}}) {
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B1]][%[[I3]]] : !tir.buffer<[5], i64>
// CHECK: %[[V6:[0-9]+]] = tir.index_value 9 : i64
// CHECK: %[[V7:[0-9]+]] = arith.cmpi slt, %[[V5]], %{{.*}} : i64
// CHECK: %[[V8:[0-9]+]] = arith.select %[[V7]], %{{.*}}, %[[V5]] : i64
// CHECK: %[[V9:[0-9]+]] = arith.minsi %[[V8]], %{{.*}} : i64
// CHECK: %[[V10:[0-9]+]] = arith.maxsi %[[V9]], %{{.*}} : i64
// CHECK: %[[V11:[0-9]+]] = arith.index_cast %[[V10]] : i64 to index
// CHECK: %[[V12:[0-9]+]] = tir.load %[[B0]][%[[V11]], %[[I4]]] : !tir.buffer<[9, n], f32>
// CHECK: tir.store %[[V12]], %[[B2]][%[[I3]], %[[I4]]] : !tir.buffer<[5, n], f32>
relax.func @rows<n>(%x0: !relax.tensor<[9, n], f32>, %x1: !relax.tensor<[5], i64>) -> (!relax.tensor<[5, n], f32>) {
  %y0 = relax.gather %x0, %x1 {axis = 0} : (!relax.tensor<[9, n], f32>, !relax.tensor<[5], i64>) -> !relax.tensor<[5, n], f32>
  relax.return %y0 : !relax.tensor<[5, n], f32>
}

// -----

// An axis that may be empty is tested before it is read.
// CHECK-LABEL: relax.func @empty
// CHECK: relax.call_tir @gather(%{{.*}}, %{{.*}})
// CHECK: tir.func @gather<n>(%[[B0:[0-9]+]]: !tir.buffer<[n], f32>, %[[B1:[0-9]+]]: !tir.buffer<[5], i64>) -> (%[[B2:[0-9]+]]: !tir.buffer<[5], f32>) {
// CHECK: tir.block "gather" (%[[I3:[0-9]+]]: spatial(5) = %{{.*}}) {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B1]][%[[I3]]] : !tir.buffer<[5], i64>
// CHECK: %[[V5:[0-9]+]] = tir.index_value n : i64
// CHECK: %[[V6:[0-9]+]] = arith.cmpi slt, %[[V4]], %{{.*}} : i64
// CHECK: %[[V7:[0-9]+]] = arith.select %[[V6]], %{{.*}}, %[[V4]] : i64
// CHECK: %[[V8:[0-9]+]] = arith.minsi %[[V7]], %{{.*}} : i64
// CHECK: %[[V9:[0-9]+]] = arith.maxsi %[[V8]], %{{.*}} : i64
// CHECK: %[[V10:[0-9]+]] = arith.index_cast %[[V9]] : i64 to index
// CHECK: %[[V11:[0-9]+]] = tir.predicated_load %[[B0]][%[[V10]]] where (n - 1 >= 0) else %{{.*}} : !tir.buffer<[n], f32>
// CHECK: tir.store %[[V11]], %[[B2]][%[[I3]]] : !tir.buffer<[5], f32>
relax.func @empty<n>(%x0: !relax.tensor<[n], f32>, %x1: !relax.tensor<[5], i64>) -> (!relax.tensor<[5], f32>) {
  %y0 = relax.gather %x0, %x1 {axis = 0} : (!relax.tensor<[n], f32>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], f32>
  relax.return %y0 : !relax.tensor<[5], f32>
}

// -----

// Updates along the axis run in order, the others are independent.
// CHECK-LABEL: relax.func @accumulate
// CHECK: relax.call_tir @scatter_elements(%{{.*}}, %{{.*}}, %{{.*}})
// CHECK: tir.func @scatter_elements(%[[B0:[0-9]+]]: !tir.buffer<[2, 8], f32>, %[[B1:[0-9]+]]: !tir.buffer<[2, 5], i64>, %[[B2:[0-9]+]]: !tir.buffer<[2, 5], f32>) -> (%[[B3:[0-9]+]]: !tir.buffer<[2, 8], f32>) {
// CHECK: tir.block "copy" (%[[I4:[0-9]+]]: spatial(2) = %{{.*}}, %[[I5:[0-9]+]]: spatial(8) = %{{.*}}) {
// CHECK: %[[V6:[0-9]+]] = tir.load %[[B0]][%[[I4]], %[[I5]]] : !tir.buffer<[2, 8], f32>
// CHECK: tir.store %[[V6]], %[[B3]][%[[I4]], %[[I5]]] : !tir.buffer<[2, 8], f32>
// CHECK: tir.block "scatter_elements" (%[[I7:[0-9]+]]: spatial(2) = %{{.*}}, %[[I8:[0-9]+]]: ordered(5) = %{{.*}}) {
// CHECK: %[[V9:[0-9]+]] = tir.load %[[B1]][%[[I7]], %[[I8]]] : !tir.buffer<[2, 5], i64>
// CHECK: %[[V10:[0-9]+]] = tir.index_value 8 : i64
// CHECK: %[[V11:[0-9]+]] = arith.cmpi slt, %[[V9]], %{{.*}} : i64
// CHECK: %[[V12:[0-9]+]] = arith.select %[[V11]], %{{.*}}, %[[V9]] : i64
// CHECK: %[[V13:[0-9]+]] = arith.minsi %[[V12]], %{{.*}} : i64
// CHECK: %[[V14:[0-9]+]] = arith.maxsi %[[V13]], %{{.*}} : i64
// CHECK: %[[V15:[0-9]+]] = arith.index_cast %[[V14]] : i64 to index
// CHECK: %[[V16:[0-9]+]] = tir.load %[[B2]][%[[I7]], %[[I8]]] : !tir.buffer<[2, 5], f32>
// CHECK: %[[V17:[0-9]+]] = tir.load %[[B3]][%[[I7]], %[[V15]]] : !tir.buffer<[2, 8], f32>
// CHECK: %[[V18:[0-9]+]] = arith.addf %[[V17]], %[[V16]] : f32
// CHECK: tir.store %[[V18]], %[[B3]][%[[I7]], %[[V15]]] : !tir.buffer<[2, 8], f32>
relax.func @accumulate(%x0: !relax.tensor<[2, 8], f32>, %x1: !relax.tensor<[2, 5], i64>, %x2: !relax.tensor<[2, 5], f32>) -> (!relax.tensor<[2, 8], f32>) {
  %y0 = relax.scatter_elements %x0, %x1, %x2 {axis = 1, reduction = "add"} : (!relax.tensor<[2, 8], f32>, !relax.tensor<[2, 5], i64>, !relax.tensor<[2, 5], f32>) -> !relax.tensor<[2, 8], f32>
  relax.return %y0 : !relax.tensor<[2, 8], f32>
}

// -----

// Index tuples run in order, the elements of a slice are independent.
// CHECK-LABEL: relax.func @slices
// CHECK: relax.call_tir @scatter_nd(%{{.*}}, %{{.*}}, %{{.*}})
// CHECK: tir.func @scatter_nd(%[[B0:[0-9]+]]: !tir.buffer<[9, 4], f32>, %[[B1:[0-9]+]]: !tir.buffer<[5, 1], i64>, %[[B2:[0-9]+]]: !tir.buffer<[5, 4], f32>) -> (%[[B3:[0-9]+]]: !tir.buffer<[9, 4], f32>) {
// CHECK: tir.block "copy" (%[[I4:[0-9]+]]: spatial(9) = %{{.*}}, %[[I5:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V6:[0-9]+]] = tir.load %[[B0]][%[[I4]], %[[I5]]] : !tir.buffer<[9, 4], f32>
// CHECK: tir.store %[[V6]], %[[B3]][%[[I4]], %[[I5]]] : !tir.buffer<[9, 4], f32>
// CHECK: tir.block "scatter_nd" (%[[I7:[0-9]+]]: ordered(5) = %{{.*}}, %[[I8:[0-9]+]]: spatial(4) = %{{.*}}) {
// CHECK: %[[V9:[0-9]+]] = tir.load %[[B1]][%[[I7]], 0] : !tir.buffer<[5, 1], i64>
// CHECK: %[[V10:[0-9]+]] = tir.index_value 9 : i64
// CHECK: %[[V11:[0-9]+]] = arith.cmpi slt, %[[V9]], %{{.*}} : i64
// CHECK: %[[V12:[0-9]+]] = arith.select %[[V11]], %{{.*}}, %[[V9]] : i64
// CHECK: %[[V13:[0-9]+]] = arith.minsi %[[V12]], %{{.*}} : i64
// CHECK: %[[V14:[0-9]+]] = arith.maxsi %[[V13]], %{{.*}} : i64
// CHECK: %[[V15:[0-9]+]] = arith.index_cast %[[V14]] : i64 to index
// CHECK: %[[V16:[0-9]+]] = tir.load %[[B2]][%[[I7]], %[[I8]]] : !tir.buffer<[5, 4], f32>
// CHECK: tir.store %[[V16]], %[[B3]][%[[V15]], %[[I8]]] : !tir.buffer<[9, 4], f32>
relax.func @slices(%x0: !relax.tensor<[9, 4], f32>, %x1: !relax.tensor<[5, 1], i64>, %x2: !relax.tensor<[5, 4], f32>) -> (!relax.tensor<[9, 4], f32>) {
  %y0 = relax.scatter_nd %x0, %x1, %x2 {reduction = "none"} : (!relax.tensor<[9, 4], f32>, !relax.tensor<[5, 1], i64>, !relax.tensor<[5, 4], f32>) -> !relax.tensor<[9, 4], f32>
  relax.return %y0 : !relax.tensor<[9, 4], f32>
}

// -----

// Rows are independent.
// CHECK-LABEL: relax.func @best
// CHECK: relax.call_tir @top_k(%{{.*}})
// CHECK: tir.func @top_k<n>(%[[B0:[0-9]+]]: !tir.buffer<[n, 9], f32>) -> (%[[B1:[0-9]+]]: !tir.buffer<[n, 3], f32>, %[[B2:[0-9]+]]: !tir.buffer<[n, 3], i64>) {
// CHECK: tir.for %{{.*}} in n serial {
// CHECK: tir.block "top_k" (%[[I3:[0-9]+]]: spatial(n) = %{{.*}}) {
// CHECK: tir.for %{{.*}} in 3 serial {
// CHECK: tir.store %{{.*}}, %[[B1]][%[[I3]], %{{.*}}] : !tir.buffer<[n, 3], f32>
// CHECK: tir.store %{{.*}}, %[[B2]][%[[I3]], %{{.*}}] : !tir.buffer<[n, 3], i64>
// CHECK: tir.for %{{.*}} in 9 serial {
// CHECK: %[[V4:[0-9]+]] = tir.load %[[B0]][%[[I3]], %{{.*}}] : !tir.buffer<[n, 9], f32>
// CHECK: %[[V5:[0-9]+]] = tir.load %[[B1]][%[[I3]], 2] : !tir.buffer<[n, 3], f32>
// CHECK: %[[V6:[0-9]+]] = tir.load %[[B2]][%[[I3]], 2] : !tir.buffer<[n, 3], i64>
// CHECK: tir.if %{{.*}} {
relax.func @best<n>(%x0: !relax.tensor<[n, 9], f32>) -> (!relax.tensor<[n, 3], f32>, !relax.tensor<[n, 3], i64>) {
  %y0, %y1 = relax.top_k %x0 {k = #relax.dims<[3]>, axis = 1, largest = true} : (!relax.tensor<[n, 9], f32>) -> (!relax.tensor<[n, 3], f32>, !relax.tensor<[n, 3], i64>)
  relax.return %y0, %y1 : !relax.tensor<[n, 3], f32>, !relax.tensor<[n, 3], i64>
}

// -----

// A position is looked at before anything uses it: the number alone, whatever the slices hold.
// CHECK-LABEL: relax.func @position
// CHECK: tir.func @check_position<n>(%[[P:[0-9]+]]: !tir.buffer<[], i32>, %{{.*}}: !tir.buffer<[n, 3], f32>) -> (%[[Q:[0-9]+]]: !tir.buffer<[], i64>) {
// CHECK: tir.block "check_position" () {
// CHECK: tir.load %[[P]][] : !tir.buffer<[], i32>
// CHECK: %[[V:[0-9]+]] = arith.select
// CHECK: %[[I:[0-9]+]] = arith.index_cast %[[V]] : i64 to index
// CHECK: tir.check_index %[[I]] in n + 1 "SequenceInsert -> s"
// CHECK: tir.store %[[V]], %[[Q]][]
relax.func @position<n>(%p: !relax.tensor<[], i32>, %x: !relax.tensor<[n, 3], f32>) -> (!relax.tensor<[], i64>) {
  %0 = relax.check_position %p, %x {past_end = true, place = "SequenceInsert -> s"} : (!relax.tensor<[], i32>, !relax.tensor<[n, 3], f32>) -> !relax.tensor<[], i64>
  relax.return %0 : !relax.tensor<[], i64>
}
