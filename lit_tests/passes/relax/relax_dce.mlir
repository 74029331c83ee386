// RUN: tyrex-opt %s --split-input-file -p relax-dce | filecheck %s

// CHECK-LABEL: relax.func @chain
// CHECK-NEXT:    relax.return %x
relax.func @chain(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %b = relax.neg %a : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %x : !relax.tensor<[8], f32>
}

// -----

// The branch that is taken, without what is not used of it.
// CHECK-LABEL: relax.func @known_branch
// CHECK-NEXT:    %b = relax.neg %x
// CHECK-NEXT:    relax.return %b
relax.func @known_branch(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %c = relax.constant <[], i1, [false]> : !relax.tensor<[], i1>
  %y, %z = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) {
    %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %a, %a : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
  } else {
    %b = relax.neg %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    %d = relax.abs %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %b, %d : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
  }
  relax.return %y : !relax.tensor<[8], f32>
}

// -----

// CHECK-LABEL: relax.func @unused_branches
// CHECK-NEXT:    relax.return
relax.func @unused_branches(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[8], f32>) {
    %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %a : !relax.tensor<[8], f32>
  } else {
    relax.yield %x : !relax.tensor<[8], f32>
  }
  relax.return %x : !relax.tensor<[8], f32>
}

// -----

// A host function may do anything. Who introduces a symbol that is used stays.
// CHECK-LABEL: relax.func @stays
// CHECK-NEXT:    relax.call_packed @print
// CHECK-NEXT:    relax.non_zero
// CHECK-NEXT:    relax.iota
// CHECK-NEXT:    relax.return
relax.func @stays(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[?], i64>) {
  relax.call_packed @print(%x) : (!relax.tensor<[8], f32>) -> ()
  %n = relax.non_zero %x {new_symbols = ["k"]} : (!relax.tensor<[8], f32>) -> !relax.tensor<[1, k], i64>
  %y = relax.iota {shape = #relax.dims<[k]>, axis = 0, dtype = i64} : () -> !relax.tensor<[k], i64>
  relax.return %y : !relax.tensor<[k], i64>
}

// -----

// A kernel goes with its last call; one that was never called is an entry.
// CHECK-LABEL: relax.func @kernels
// CHECK-NOT:   @dead
// CHECK:       tir.func @entry
relax.func @kernels(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %y = relax.call_tir @dead(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %x : !relax.tensor<[8], f32>
}
tir.func @dead(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
}
tir.func @entry(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
}
