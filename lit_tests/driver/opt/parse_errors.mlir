// RUN: DIAGNOSTICS

// CHECK: parse_errors.mlir:7:19: error: value '%nobody' is used but never defined
// CHECK-NEXT: %x = arith.addi %nobody, %a : i32
// CHECK-NEXT: {{^ *\^}}
func.func @f(%a: i32) {
  %x = arith.addi %nobody, %a : i32
  return
}
// -----
// CHECK: parse_errors.mlir:{{.*}}:3: error: unknown operation 'arith.nothing': dialect 'arith' has no such operation
func.func @f(%a: i32) {
  arith.nothing %a
  return
}
// -----
// CHECK: parse_errors.mlir:{{.*}}:3: error: unknown operation 'nobody.op': no dialect 'nobody'; there are: arith, builtin,
func.func @f(%a: i32) {
  nobody.op %a
  return
}
// -----
// CHECK: parse_errors.mlir:{{.*}}: error: block '^a' is already defined in this region
func.func @f() {
  cf.br ^a
^a:
  cf.br ^a
^a:
  return
}
