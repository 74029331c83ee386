// RUN: tyrex-opt -p lower-to-vm %s | filecheck %s

// Functions that the module names are machine code, called as kernels: one for each list of types.
builtin.module attributes {tyrex.external = ["write"]} {
  // CHECK-LABEL: vm.func @main
  relax.func @main(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[2], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[2], f32>, !relax.tensor<[4], f32>) {
    // CHECK: vm.call @[[KERNEL:write\.[0-9a-f]+]](%x) -> (%a)
    %a = relax.call_dps_packed @write(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    // CHECK-NOT: vm.call @[[KERNEL]]
    // CHECK: vm.call @write.{{[0-9a-f]+}}(%y) -> (%b)
    %b = relax.call_dps_packed @write(%y) : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
    // Others are functions of Python.
    // CHECK: vm.call_packed @host(%a, %c)
    %c = relax.call_dps_packed @host(%a) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    relax.return %a, %b, %c : !relax.tensor<[4], f32>, !relax.tensor<[2], f32>, !relax.tensor<[4], f32>
  }
}
