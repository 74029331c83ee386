// RUN: tyrex-opt %s -t llvm-ir | filecheck %s

// CHECK: define {{.*}}i32 @twice(i32 %{{.*}})
// CHECK: add i32
llvm.func @twice(%a: i32) -> i32 {
  %sum = llvm.add %a, %a : i32
  llvm.return %sum : i32
}
