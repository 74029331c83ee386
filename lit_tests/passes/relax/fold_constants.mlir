// RUN: tyrex-opt %s --split-input-file -p fold-constants | filecheck %s
// RUN: tyrex-opt %s --split-input-file -p fold-constants{max-bytes=64} | filecheck %s --check-prefix=SMALL

// CHECK-LABEL: relax.func @chain
// CHECK-NEXT:    %t = relax.constant <[2, 2], f32, [2.0, 6.0, 4.0, 8.0]>
// CHECK-NEXT:    %y = relax.add %x, %t
relax.func @chain(%x: !relax.tensor<[2, 2], f32>) -> (!relax.tensor<[2, 2], f32>) {
  %w = relax.constant <[2, 2], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[2, 2], f32>
  %p = relax.permute_dims %w {axes = array<i64: 1, 0>} : (!relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  %t = relax.add %p, %p : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  %y = relax.add %x, %t : (!relax.tensor<[2, 2], f32>, !relax.tensor<[2, 2], f32>) -> !relax.tensor<[2, 2], f32>
  relax.return %y : !relax.tensor<[2, 2], f32>
}

// -----

// CHECK-LABEL: relax.func @several_results
// CHECK-NEXT:    relax.constant <[1], i64, [5]>
// CHECK-NEXT:    relax.constant <[2], i64, [6, 7]>
// CHECK-NEXT:    relax.return
relax.func @several_results() -> (!relax.tensor<[1], i64>, !relax.tensor<[2], i64>) {
  %w = relax.constant <[3], i64, [5, 6, 7]> : !relax.tensor<[3], i64>
  %a, %b = relax.split %w {axis = 0, sections = #relax.dims<[1, 2]>} : (!relax.tensor<[3], i64>) -> (!relax.tensor<[1], i64>, !relax.tensor<[2], i64>)
  relax.return %a, %b : !relax.tensor<[1], i64>, !relax.tensor<[2], i64>
}

// -----

// More elements than before: up to the limit only. A cast has as many.
// CHECK-LABEL: relax.func @larger
// CHECK:         relax.constant <[32]
// SMALL-LABEL: relax.func @larger
// SMALL:         %y = relax.broadcast_to %c
// SMALL:         %z = relax.constant <[1], f64, [1.0]>
relax.func @larger() -> (!relax.tensor<[32], f32>, !relax.tensor<[1], f64>) {
  %c = relax.constant <[1], f32, [1.0]> : !relax.tensor<[1], f32>
  %y = relax.broadcast_to %c {shape = #relax.dims<[32]>} : (!relax.tensor<[1], f32>) -> !relax.tensor<[32], f32>
  %z = relax.cast %c {dtype = f64} : (!relax.tensor<[1], f32>) -> !relax.tensor<[1], f64>
  relax.return %y, %z : !relax.tensor<[32], f32>, !relax.tensor<[1], f64>
}

// -----

// The number of non-zero elements becomes known, and with it what was made of it.
// CHECK-LABEL: relax.func @data_dependent
// CHECK-NOT:     relax.non_zero
// CHECK:         relax.constant <[1, 2], i64, [0, 2]>
// CHECK:         relax.multiply {{.*}} -> !relax.tensor<[1, 2], i64>
relax.func @data_dependent(%x: !relax.tensor<[], i64>) -> (!relax.tensor<[1, 2], i64>) {
  %c = relax.constant <[3], i64, [5, 0, 7]> : !relax.tensor<[3], i64>
  %n = relax.non_zero %c {new_symbols = ["k"]} : (!relax.tensor<[3], i64>) -> !relax.tensor<[1, k], i64>
  %y = relax.multiply %n, %x : (!relax.tensor<[1, k], i64>, !relax.tensor<[], i64>) -> !relax.tensor<[1, k], i64>
  relax.return %y : !relax.tensor<[1, k], i64>
}

// -----

// An index out of range has no value: the operator stays, to say so when it runs. A symbol is no
// number yet.
// CHECK-LABEL: relax.func @stays
// CHECK:         relax.gather
// CHECK:         relax.iota
relax.func @stays<n>(%x: !relax.tensor<[n], f32>) -> (!relax.tensor<[], i64>, !relax.tensor<[n], i64>) {
  %c = relax.constant <[3], i64, [5, 6, 7]> : !relax.tensor<[3], i64>
  %i = relax.constant <[], i64, [9]> : !relax.tensor<[], i64>
  %y = relax.gather %c, %i {axis = 0} : (!relax.tensor<[3], i64>, !relax.tensor<[], i64>) -> !relax.tensor<[], i64>
  %z = relax.iota {shape = #relax.dims<[n]>, axis = 0, dtype = i64} : () -> !relax.tensor<[n], i64>
  relax.return %y, %z : !relax.tensor<[], i64>, !relax.tensor<[n], i64>
}
