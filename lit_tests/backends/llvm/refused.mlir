// RUN: not tyrex-opt %s -t llvm-ir 2>&1 | filecheck %s

// CHECK: no LLVM IR for 'func.func': it is no function and no global; lower it to `llvm` first
func.func @not_lowered() {
  return
}
