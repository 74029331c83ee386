// RUN: not tyrex compile %s --to c 2>&1 | filecheck %s

// CHECK: C export: vm.call_packed at
vm.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = vm.call_packed @somewhere(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return %y : !relax.tensor<[4], f32>
}
