// RUN: tyrex-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// RUN: tyrex-opt %s --print-debuginfo | filecheck %s --check-prefix=LOC
// RUN: tyrex-opt %s -o %t && cat %t | filecheck %s
// RUN: tyrex-opt < %s | filecheck %s
// RUN: tyrex-opt %s -t none -o %t.none && not filecheck %s --input-file %t.none
// RUN: tyrex-opt %s --timing -t none 2>&1 | filecheck %s --check-prefix=TIMING

// GENERIC: "arith.addi"(%a, %a)
// LOC: arith.addi %a, %a : i32 loc("{{.*}}output.mlir":19:3)
// LOC: return %named : i32 loc("relu1")
// CHECK: arith.addi %a, %a : i32
// TIMING: ms      %  stage
// TIMING-NEXT: {{[0-9.]+}}  100.0  total
// TIMING-NEXT: {{[0-9.]+ +[0-9.]+}}    parse
// TIMING-NEXT: {{[0-9.]+ +[0-9.]+}}    verify
// TIMING-NEXT: {{[0-9.]+ +[0-9.]+}}    print

func.func @f(%a: i32) -> i32 {
  %named = arith.addi %a, %a : i32
  return %named : i32 loc("relu1")
}
