// A pass of a file that is not Tyrex's, by its name among the others.
// RUN: tyrex-opt %s --load %S/../../../examples/passes/exp_of_log_softmax.py -p exp-of-log-softmax,relax-dce | filecheck %s

// CHECK-LABEL: relax.func @main
// CHECK-NEXT:    %p = relax.softmax %x {axis = 1 : i64}
// CHECK-NEXT:    relax.return %p
relax.func @main(%x: !relax.tensor<[2, 8], f32>) -> (!relax.tensor<[2, 8], f32>) {
  %l = relax.log_softmax %x {axis = 1 : i64} : (!relax.tensor<[2, 8], f32>) -> !relax.tensor<[2, 8], f32>
  %p = relax.exp %l : (!relax.tensor<[2, 8], f32>) -> !relax.tensor<[2, 8], f32>
  relax.return %p : !relax.tensor<[2, 8], f32>
}

// The exponential of anything else stays.
// CHECK-LABEL: relax.func @other
// CHECK:         relax.exp
relax.func @other(%x: !relax.tensor<[2, 8], f32>) -> (!relax.tensor<[2, 8], f32>) {
  %p = relax.exp %x : (!relax.tensor<[2, 8], f32>) -> !relax.tensor<[2, 8], f32>
  relax.return %p : !relax.tensor<[2, 8], f32>
}
