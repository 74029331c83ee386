// An error in one part is told, the parts after it still run, and the exit code says it.
// RUN: not tyrex-opt %s --split-input-file > %t.out 2> %t.err
// RUN: cat %t.out | filecheck %s
// RUN: cat %t.err | filecheck %s --check-prefix=ERROR

// ERROR: split_goes_on.mlir:7:27: error: unknown operation 'arith.nothing'
func.func @bad(%a: i32) { arith.nothing %a }
// -----
// CHECK: func.func private @good
func.func private @good()
