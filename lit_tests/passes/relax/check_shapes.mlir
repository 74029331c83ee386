// RUN: tyrex-opt %s --split-input-file -p check-shapes | filecheck %s

// Checks come first where the function's own symbols are enough, each once.
// CHECK-LABEL: relax.func @own
// CHECK-NEXT:    relax.check_dims "axis 0 of broadcast operands, n and m" {relation = "broadcast", dims = #relax.dims<[n, m]>}
// CHECK-NEXT:    relax.neg
// CHECK-NEXT:    relax.add
// CHECK-NEXT:    relax.multiply
// CHECK-NEXT:    relax.return
relax.func @own<n, m>(%x: !relax.tensor<[n], f32>, %y: !relax.tensor<[m], f32>) -> (!relax.tensor<*, f32>, !relax.tensor<*, f32>) {
  %z = relax.neg %x : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %a = relax.add %z, %y : (!relax.tensor<[n], f32>, !relax.tensor<[m], f32>) -> !relax.tensor<*, f32>
  %b = relax.multiply %y, %x : (!relax.tensor<[m], f32>, !relax.tensor<[n], f32>) -> !relax.tensor<*, f32>
  relax.return %a, %b : !relax.tensor<*, f32>, !relax.tensor<*, f32>
}

// -----

// Nothing is checked that is known: numbers, one symbol, ones, sizes that bounds tell.
// CHECK-LABEL: relax.func @known
// CHECK-NOT:     relax.check_dims
// CHECK:         relax.return
relax.func @known<n, m>(%x: !relax.tensor<[n, 8], f32>, %y: !relax.tensor<[1, 8], f32>, %z: !relax.tensor<[m, 4], f32>) -> (!relax.tensor<[n, 8], f32>, !relax.tensor<[2 * n, 4], f32>, !relax.tensor<[m - 1, 4], f32>) attributes {symbol_bounds = array<i64: 0, -1, 2, -1>} {
  %a = relax.add %x, %y : (!relax.tensor<[n, 8], f32>, !relax.tensor<[1, 8], f32>) -> !relax.tensor<[n, 8], f32>
  %b = relax.reshape %a {shape = #relax.dims<[2 * n, 4]>} : (!relax.tensor<[n, 8], f32>) -> !relax.tensor<[2 * n, 4], f32>
  %c = relax.strided_slice %z {starts = #relax.dims<[1, 0]>, sizes = #relax.dims<[m - 1, 4]>, steps = array<i64: 1, 1>} : (!relax.tensor<[m, 4], f32>) -> !relax.tensor<[m - 1, 4], f32>
  relax.return %a, %b, %c : !relax.tensor<[n, 8], f32>, !relax.tensor<[2 * n, 4], f32>, !relax.tensor<[m - 1, 4], f32>
}

// -----

// One check says what another needs: n is m, so k is n where it is m.
// CHECK-LABEL: relax.func @follows
// CHECK-NEXT:    relax.check_dims "summed dims, n and m" {relation = "equal"
// CHECK-NEXT:    relax.check_dims "summed dims, n and k" {relation = "equal"
// CHECK-NEXT:    relax.matmul
// CHECK-NEXT:    relax.matmul
// CHECK-NEXT:    relax.matmul
relax.func @follows<n, m, k>(%x: !relax.tensor<[4, n], f32>, %y: !relax.tensor<[m, 4], f32>, %z: !relax.tensor<[k, 4], f32>, %u: !relax.tensor<[4, m], f32>) -> (!relax.tensor<[4, 4], f32>, !relax.tensor<[4, 4], f32>, !relax.tensor<[4, 4], f32>) {
  %a = relax.matmul %x, %y {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, n], f32>, !relax.tensor<[m, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %b = relax.matmul %x, %z {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, n], f32>, !relax.tensor<[k, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %c = relax.matmul %u, %z {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, m], f32>, !relax.tensor<[k, 4], f32>) -> !relax.tensor<[4, 4], f32>
  relax.return %a, %b, %c : !relax.tensor<[4, 4], f32>, !relax.tensor<[4, 4], f32>, !relax.tensor<[4, 4], f32>
}

// -----

// What is declared of a result is checked, and believed.
// CHECK-LABEL: relax.func @declared
// CHECK-NEXT:    relax.check_dims "axis 0 of the result, n" {relation = "equal", dims = #relax.dims<[n, 4]>}
// CHECK-NEXT:    relax.neg
relax.func @declared<n>(%x: !relax.tensor<[n], f32>) -> (!relax.tensor<[4], f32>) {
  %a = relax.neg %x : (!relax.tensor<[n], f32>) -> !relax.tensor<[4], f32>
  relax.return %a : !relax.tensor<[4], f32>
}

// -----

// A branch that is not taken checks nothing; what holds outside holds inside.
// CHECK-LABEL: relax.func @branch
// CHECK-NEXT:    relax.if
// CHECK-NEXT:      relax.check_dims "axis 0 of broadcast operands, n and m"
// CHECK-NEXT:      relax.add
// CHECK:         } else {
// CHECK-NEXT:      relax.check_dims "axis 0 of broadcast operands, m and n"
// CHECK-NEXT:      relax.subtract
relax.func @branch<n, m>(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[n], f32>, %y: !relax.tensor<[m], f32>) -> (!relax.tensor<[?], f32>) {
  %r = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[?], f32>) {
    %a = relax.add %x, %y : (!relax.tensor<[n], f32>, !relax.tensor<[m], f32>) -> !relax.tensor<*, f32>
    relax.yield %a : !relax.tensor<*, f32>
  } else {
    %b = relax.subtract %y, %x : (!relax.tensor<[m], f32>, !relax.tensor<[n], f32>) -> !relax.tensor<*, f32>
    relax.yield %b : !relax.tensor<*, f32>
  }
  relax.return %r : !relax.tensor<[?], f32>
}

// -----

// What an operation tells is checked behind it.
// CHECK-LABEL: relax.func @told
// CHECK-NEXT:    relax.match_cast
// CHECK-NEXT:    relax.check_dims "axis 0 of the result, k - 2" {relation = "at_least"
// CHECK-NEXT:    relax.strided_slice
relax.func @told(%x: !relax.tensor<[?], f32>) -> (!relax.tensor<[?], f32>) {
  %y = relax.match_cast %x {new_symbols = ["k"]} : !relax.tensor<[?], f32> -> !relax.tensor<[k], f32>
  %z = relax.strided_slice %y {starts = #relax.dims<[2]>, sizes = #relax.dims<[k - 2]>, steps = array<i64: 1>} : (!relax.tensor<[k], f32>) -> !relax.tensor<[k - 2], f32>
  relax.return %z : !relax.tensor<[k - 2], f32>
}
