// RUN: tyrex-opt %s --split-input-file -p simplify-moves | filecheck %s

// CHECK-LABEL: relax.func @identities<n>
// CHECK-NEXT:    relax.return %x
relax.func @identities<n>(%x: !relax.tensor<[2, n], f32>) -> (!relax.tensor<[2, n], f32>) {
  %v = relax.constant <[], f32, [1.0]> : !relax.tensor<[], f32>
  %a = relax.permute_dims %x {axes = array<i64: 1, 0>} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[n, 2], f32>
  %b = relax.permute_dims %a {axes = array<i64: 1, 0>} : (!relax.tensor<[n, 2], f32>) -> !relax.tensor<[2, n], f32>
  %c = relax.reshape %b {shape = #relax.dims<[n, 2]>} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[n, 2], f32>
  %d = relax.reshape %c {shape = #relax.dims<[2, n]>} : (!relax.tensor<[n, 2], f32>) -> !relax.tensor<[2, n], f32>
  %e = relax.broadcast_to %d {shape = #relax.dims<[2, n]>} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[2, n], f32>
  %f = relax.strided_slice %e {starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[2, n]>, steps = array<i64: 1, 1>} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[2, n], f32>
  %g = relax.pad %f, %v {padding = array<i64: 0, 0, 0, 0>, mode = "edge"} : (!relax.tensor<[2, n], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2, n], f32>
  %h = relax.concat %g {axis = 0} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[2, n], f32>
  %i = relax.split %h {axis = 0, sections = #relax.dims<[2]>} : (!relax.tensor<[2, n], f32>) -> !relax.tensor<[2, n], f32>
  %j = relax.match_cast %i : !relax.tensor<[2, n], f32> -> !relax.tensor<[2, n], f32>
  %t = relax.tuple %j, %v : (!relax.tensor<[2, n], f32>, !relax.tensor<[], f32>) -> tuple<!relax.tensor<[2, n], f32>, !relax.tensor<[], f32>>
  %k = relax.tuple_get_item %t {index = 0} : (tuple<!relax.tensor<[2, n], f32>, !relax.tensor<[], f32>>) -> !relax.tensor<[2, n], f32>
  relax.return %k : !relax.tensor<[2, n], f32>
}

// -----

// A step backwards moves, though the shape is the same.
// CHECK-LABEL: relax.func @reversed
// CHECK-NEXT:    relax.strided_slice
// CHECK-NEXT:    relax.permute_dims %{{.*}} {axes = array<i64: 1, 0>}
relax.func @reversed(%x: !relax.tensor<[2, 2], f32>) -> (!relax.tensor<[2, 2], f32>) {
  %a = relax.strided_slice %x {starts = #relax.dims<[1, 0]>, sizes = #relax.dims<[2, 2]>, steps = array<i64: -1, 1>} : (!relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  %b = relax.permute_dims %a {axes = array<i64: 1, 0>} : (!relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  relax.return %b : !relax.tensor<[2, 2], f32>
}

// -----

// CHECK-LABEL: relax.func @axis_of_one
// CHECK-NEXT:    %a = relax.reshape %x {shape = #relax.dims<[4, 1, 3]>}
// CHECK-NEXT:    relax.return
relax.func @axis_of_one(%x: !relax.tensor<[1, 4, 3], f32>) -> (!relax.tensor<[4, 1, 3], f32>) {
  %a = relax.permute_dims %x {axes = array<i64: 1, 0, 2>} : (!relax.tensor<[1, 4, 3], f32>) -> !relax.tensor<[4, 1, 3], f32>
  relax.return %a : !relax.tensor<[4, 1, 3], f32>
}

// -----

// CHECK-LABEL: relax.func @split<n>
// CHECK-NEXT:    %a = relax.strided_slice %x {starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[4, n]>
// CHECK-NEXT:    %b = relax.strided_slice %x {starts = #relax.dims<[0, n]>, sizes = #relax.dims<[4, 2]>
// CHECK-NEXT:    relax.return %a, %b
relax.func @split<n>(%x: !relax.tensor<[4, n + 2], f32>) -> (!relax.tensor<[4, n], f32>, !relax.tensor<[4, 2], f32>) {
  %a, %b = relax.split %x {axis = 1, sections = #relax.dims<[n, 2]>} : (!relax.tensor<[4, n + 2], f32>) -> (!relax.tensor<[4, n], f32>, !relax.tensor<[4, 2], f32>)
  relax.return %a, %b : !relax.tensor<[4, n], f32>, !relax.tensor<[4, 2], f32>
}

// -----

// The sum broadcasts by itself, unless the shape comes from this operand alone.
// CHECK-LABEL: relax.func @broadcast
// CHECK-NEXT:    relax.add %x, %y
// CHECK-NEXT:    %c = relax.broadcast_to
// CHECK-NEXT:    relax.add %c, %x
relax.func @broadcast(%x: !relax.tensor<[1], f32>, %y: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) {
  %a = relax.broadcast_to %x {shape = #relax.dims<[4]>} : (!relax.tensor<[1], f32>) -> !relax.tensor<[4], f32>
  %b = relax.add %a, %y : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %c = relax.broadcast_to %x {shape = #relax.dims<[4]>} : (!relax.tensor<[1], f32>) -> !relax.tensor<[4], f32>
  %d = relax.add %c, %x : (!relax.tensor<[4], f32>, !relax.tensor<[1], f32>) -> !relax.tensor<[4], f32>
  relax.return %b, %d : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
}

// -----

// CHECK-LABEL: relax.func @matmul
// CHECK-NEXT:    relax.constant <[2, 2], f32, [1.0, 3.0, 2.0, 4.0]>
// CHECK-NEXT:    relax.matmul %x, %{{.*}} {transpose_a = true, transpose_b = false}
// CHECK-NEXT:    relax.return
relax.func @matmul(%x: !relax.tensor<[2, 3], f32>) -> (!relax.tensor<[3, 2], f32>) {
  %w = relax.constant <[2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2], f32>
  %p = relax.permute_dims %x {axes = array<i64: 1, 0>} : (!relax.tensor<[2, 3], f32>) -> !relax.tensor<[3, 2], f32>
  %y = relax.matmul %p, %w {transpose_a = false, transpose_b = true} : (!relax.tensor<[3, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[3, 2], f32>
  relax.return %y : !relax.tensor<[3, 2], f32>
}

// -----

// CHECK-LABEL: relax.func @padded
// CHECK-NEXT:    relax.conv %x, %w {{.*}}padding = array<i64: 1, 3>
// CHECK-NEXT:    relax.return
relax.func @padded(%x: !relax.tensor<[1, 1, 5], f32>, %w: !relax.tensor<[1, 1, 3], f32>) -> (!relax.tensor<[1, 1, 7], f32>) {
  %v = relax.constant <[], f32, [0.0]> : !relax.tensor<[], f32>
  %p = relax.pad %x, %v {padding = array<i64: 0, 0, 1, 0, 0, 2>, mode = "constant"} : (!relax.tensor<[1, 1, 5], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[1, 1, 8], f32>
  %y = relax.conv %p, %w {strides = array<i64: 1>, padding = array<i64: 0, 1>, dilations = array<i64: 1>, groups = 1 : i64} : (!relax.tensor<[1, 1, 8], f32>, !relax.tensor<[1, 1, 3], f32>) -> !relax.tensor<[1, 1, 7], f32>
  relax.return %y : !relax.tensor<[1, 1, 7], f32>
}
