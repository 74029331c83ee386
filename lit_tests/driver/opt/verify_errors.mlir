// RUN: not tyrex-opt %s 2>&1 | filecheck %s
// RUN: not tyrex-opt %s --verify-diagnostics 2>&1 | filecheck %s --check-prefix=UNEXPECTED
// RUN: tyrex-opt %s --disable-verify | filecheck %s --check-prefix=UNVERIFIED

// CHECK: verify_errors.mlir:12:3: error: 'arith.addi' operand #0 (%late) does not dominate this use
// CHECK-NEXT: %sum = arith.addi %late, %late : i32
// CHECK-NEXT: {{^ *\^}}
// CHECK-NEXT: verify_errors.mlir:{{.*}}:3: note: 'arith.constant' defined here
// UNEXPECTED: unexpected: {{.*}}verify_errors.mlir:{{.*}}: error: 'arith.addi' operand #0 (%late) does not dominate
// UNVERIFIED: %sum = arith.addi %late, %late : i32
func.func @f() -> i32 {
  %sum = arith.addi %late, %late : i32
  %late = arith.constant 1 : i32
  return %sum : i32
}
