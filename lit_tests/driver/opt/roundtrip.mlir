// RUN: ROUNDTRIP

// CHECK-LABEL: func.func @add
func.func @add(%a: i32, %b: i32) -> i32 {
  // CHECK: arith.addi %a, %b : i32
  %sum = arith.addi %a, %b : i32
  return %sum : i32
}
// -----
// CHECK: // -----
// CHECK-LABEL: func.func @jump
func.func @jump(%a: i32) -> i32 {
  // CHECK: cf.br ^[[TARGET:.*]](%a : i32)
  cf.br ^after(%a : i32)
^after(%b: i32):
  return %b : i32
}
