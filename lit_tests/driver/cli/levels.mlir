// Each level of a small graph, by name. What the passes do in detail is tested with the passes.

// RUN: tyrex compile %s --target x86-64-v3 --to graph | filecheck %s --check-prefix GRAPH
// RUN: tyrex compile %s --target x86-64-v3 --to kernels | filecheck %s --check-prefix KERNELS
// RUN: tyrex compile %s --target x86-64-v3 --to scheduled | filecheck %s --check-prefix SCHEDULED
// RUN: tyrex compile %s --target x86-64-v3 --to host | filecheck %s --check-prefix HOST
// RUN: tyrex compile %s --target x86-64-v3 --to llvm | filecheck %s --check-prefix LLVM
// RUN: tyrex compile %s --target x86-64-v3 --to llvm-ir | filecheck %s --check-prefix LLVM-IR
// RUN: tyrex compile %s --target x86-64-v3 --to asm | filecheck %s --check-prefix ASM

// A level's text is a program again.
// RUN: tyrex compile %s --target x86-64-v3 --to scheduled -o %t.mlir
// RUN: tyrex compile %t.mlir --target x86-64-v3 --to host | filecheck %s --check-prefix HOST

// GRAPH: builtin.module
// GRAPH-SAME: tyrex.target
// GRAPH: relax.multiply

// KERNELS: relax.call_tir @
// KERNELS: tir.func @
// KERNELS: tir.block

// SCHEDULED-NOT: tir.block
// SCHEDULED: tir.for %{{.*}} in 8 vectorized

// HOST: vm.func @main
// HOST: vm.call @
// HOST: tir.func @

// LLVM-NOT: {{[^l]}}vm.func
// LLVM: llvm.func

// LLVM-IR-NOT: @main
// LLVM-IR: fmul contract <8 x float>

// ASM: vmulps
relax.func @main(%x: !relax.tensor<[4, 8], f32>) -> (!relax.tensor<[4, 8], f32>) {
  %y = relax.multiply %x, %x
    : (!relax.tensor<[4, 8], f32>, !relax.tensor<[4, 8], f32>) -> !relax.tensor<[4, 8], f32>
  relax.return %y : !relax.tensor<[4, 8], f32>
}
