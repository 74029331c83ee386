// RUN: tyrex-opt %s --split-input-file -p infer-shapes | filecheck %s

// CHECK-LABEL: relax.func @forgotten<n>(%x: !relax.tensor<[n, 8], f32>, %b: !relax.tensor<[8], f32>) -> (!relax.tensor<[8, n], f32>)
// CHECK:         relax.add {{.*}} -> !relax.tensor<[n, 8], f32>
// CHECK:         relax.permute_dims {{.*}} -> !relax.tensor<[8, n], f32>
relax.func @forgotten<n>(%x: !relax.tensor<[n, 8], f32>, %b: !relax.tensor<[8], f32>) -> (!relax.tensor<*, f32>) {
  %a = relax.add %x, %b : (!relax.tensor<[n, 8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[?, ?], f32>
  %y = relax.permute_dims %a {axes = array<i64: 1, 0>} : (!relax.tensor<[?, ?], f32>) -> !relax.tensor<*, f32>
  relax.return %y : !relax.tensor<*, f32>
}

// -----

// CHECK-LABEL: relax.func @branches
// CHECK:         %y = relax.if {{.*}} -> (!relax.tensor<[8], f32>)
relax.func @branches(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[8], f32>) -> (!relax.tensor<[?], f32>) {
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[?], f32>) {
    %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[?], f32>
    relax.yield %a : !relax.tensor<[?], f32>
  } else {
    relax.yield %x : !relax.tensor<[8], f32>
  }
  relax.return %y : !relax.tensor<[?], f32>
}

// -----

// What was declared and cannot be inferred stays; a number says more than an expression.
// CHECK-LABEL: relax.func @declared<n>
// CHECK:         relax.exp {{.*}} -> !relax.tensor<[4], f32>
// CHECK:         relax.neg {{.*}} -> !relax.tensor<[8], f32>
relax.func @declared<n>(%x: !relax.tensor<[n], f32>, %y: !relax.tensor<*, f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[8], f32>) {
  %a = relax.exp %x : (!relax.tensor<[n], f32>) -> !relax.tensor<[4], f32>
  %b = relax.neg %y : (!relax.tensor<*, f32>) -> !relax.tensor<[8], f32>
  relax.return %a, %b : !relax.tensor<[4], f32>, !relax.tensor<[8], f32>
}

// -----

// What a function says of its results, and a match_cast of its operand, is there to be checked; a
// symbol that a match_cast introduces takes what is known.
// CHECK-LABEL: relax.func @promised<n, m>
// CHECK-SAME:    -> (!relax.tensor<[n, 8], f32>, !relax.tensor<[m], f32>)
// CHECK:         relax.match_cast %z : {{.*}} -> !relax.tensor<[m], f32>
// CHECK:         relax.match_cast %z {{.*}} -> !relax.tensor<[n], f32>
relax.func @promised<n, m>(%y: !relax.tensor<[m, 8], f32>, %z: !relax.tensor<[n], f32>) -> (!relax.tensor<[n, ?], f32>, !relax.tensor<[m], f32>) {
  %a = relax.match_cast %z : !relax.tensor<[n], f32> -> !relax.tensor<[m], f32>
  %b = relax.match_cast %z {new_symbols = ["k"]} : !relax.tensor<[n], f32> -> !relax.tensor<[k], f32>
  relax.return %y, %a : !relax.tensor<[m, 8], f32>, !relax.tensor<[m], f32>
}

// -----

// A shape has the rank of its tensor; what an object turns out to be, only a match_cast says.
// CHECK-LABEL: relax.func @others
// CHECK-SAME:    -> (!relax.shape<2>, !relax.string)
// CHECK:         relax.shape_of %x : {{.*}} -> !relax.shape<2>
// CHECK:         relax.match_cast %o : !relax.object -> !relax.string
relax.func @others(%x: !relax.tensor<[2, ?], f32>, %o: !relax.object) -> (!relax.shape, !relax.string) {
  %s = relax.shape_of %x : (!relax.tensor<[2, ?], f32>) -> !relax.shape
  %w = relax.match_cast %o : !relax.object -> !relax.string
  relax.return %s, %w : !relax.shape, !relax.string
}
