// What is wrong with a program is told with its place; the exit code says that it was told.

// RUN: not tyrex run %s 2>&1 | filecheck %s
// CHECK: errors.mlir:[[# @LINE + 3]]:8: error: unknown operation 'relax.fly'
// CHECK-NOT: Traceback
relax.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = relax.fly %x : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}
