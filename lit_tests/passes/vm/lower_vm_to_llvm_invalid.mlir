// RUN: not tyrex-opt %s -p lower-vm-to-llvm 2>&1 | filecheck %s

// CHECK: native code cannot express vm.call_packed @print at {{.*}}lower_vm_to_llvm_invalid.mlir:7:{{.*}}: only bytecode runs the program
vm.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[4], f32>
  // A function of the host is Python's.
  %z = vm.call_packed @print(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return %y : !relax.tensor<[4], f32>
}
