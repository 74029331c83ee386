// RUN: ROUNDTRIP

// CHECK-LABEL: vm.func @main(%x: !relax.tensor<[4, 2], f32>, %c: !relax.tensor<[], i1>) -> (!relax.tensor<[8], f32>)
// CHECK-SAME: attributes {input_names = ["x", "c"], output_names = ["y"]}
vm.func @main(%x: !relax.tensor<[4, 2], f32>, %c: !relax.tensor<[], i1>) -> (!relax.tensor<[8], f32>) attributes {input_names = ["x", "c"], output_names = ["y"]} {
  // CHECK: vm.alloc_storage {size_bytes = 128 : i64, align_bytes = 64 : i64} : !vm.storage
  %arena = vm.alloc_storage {size_bytes = 128 : i64, align_bytes = 64 : i64} : !vm.storage
  // CHECK: vm.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %w = vm.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  // CHECK: vm.tensor %arena {offset = 64 : i64} : !relax.tensor<[4, 2], f32>
  %t = vm.tensor %arena {offset = 64 : i64} : !relax.tensor<[4, 2], f32>
  // CHECK: vm.call @add(%x, %w) -> (%t) : (!relax.tensor<[4, 2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[4, 2], f32>
  vm.call @add(%x, %w) -> (%t) : (!relax.tensor<[4, 2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[4, 2], f32>
  // CHECK: vm.reshape %t : !relax.tensor<[4, 2], f32> -> !relax.tensor<[8], f32>
  %flat = vm.reshape %t : !relax.tensor<[4, 2], f32> -> !relax.tensor<[8], f32>
  // CHECK: vm.alloc_output {index = 0 : i64} : !relax.tensor<[8], f32>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[8], f32>
  // CHECK: vm.check_dims "size" {relation = "at_most", dims = #relax.dims<[4, 8]>}
  vm.check_dims "size" {relation = "at_most", dims = #relax.dims<[4, 8]>}
  // CHECK: vm.fail "why" : !relax.tensor<[8], f32>
  %never = vm.fail "why" : !relax.tensor<[8], f32>
  // CHECK: vm.cond_br %c : !relax.tensor<[], i1>, ^[[THEN:[^,]*]](%flat : !relax.tensor<[8], f32>), ^[[ELSE:.*]]
  vm.cond_br %c : !relax.tensor<[], i1>, ^then(%flat : !relax.tensor<[8], f32>), ^else
^then(%z: !relax.tensor<[8], f32>):
  // CHECK: vm.copy %z, %y : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
  vm.copy %z, %y : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
  // CHECK: vm.br ^
  vm.br ^end
^else:
  // CHECK: vm.call @sort(%flat) -> (%y) {symbols = array<i64: 8>} :
  // CHECK-SAME: workspaces(%s : !relax.tensor<[16], f32>)
  %s = vm.tensor %arena {offset = 0 : i64} : !relax.tensor<[16], f32>
  vm.call @sort(%flat) -> (%y) {symbols = array<i64: 8>} : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32> workspaces(%s : !relax.tensor<[16], f32>)
  vm.br ^end
^end:
  // CHECK: vm.return %y : !relax.tensor<[8], f32>
  vm.return %y : !relax.tensor<[8], f32>
}

// -----

// CHECK-LABEL: vm.func @calls
vm.func @calls(%x: !relax.tensor<[4], f32>) -> (tuple<!relax.tensor<[4], f32>, !relax.object>) {
  // CHECK: vm.call_packed @read(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  %r = vm.call_packed @read(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  // CHECK: vm.check_tensor %r "the result of @read" : !relax.object -> !relax.tensor<[4], f32>
  %k = vm.check_tensor %r "the result of @read" : !relax.object -> !relax.tensor<[4], f32>
  // CHECK: vm.tuple %k, %r : (!relax.tensor<[4], f32>, !relax.object) -> tuple
  %t = vm.tuple %k, %r : (!relax.tensor<[4], f32>, !relax.object) -> tuple<!relax.tensor<[4], f32>, !relax.object>
  // CHECK: vm.tuple_get %t {index = 0 : i64} : tuple
  %a = vm.tuple_get %t {index = 0 : i64} : tuple<!relax.tensor<[4], f32>, !relax.object> -> !relax.tensor<[4], f32>
  // CHECK: vm.invoke @calls(%a) : (!relax.tensor<[4], f32>) -> tuple
  %u = vm.invoke @calls(%a) : (!relax.tensor<[4], f32>) -> tuple<!relax.tensor<[4], f32>, !relax.object>
  // CHECK: vm.kill %r : !relax.object
  vm.kill %r : !relax.object
  vm.return %u : tuple<!relax.tensor<[4], f32>, !relax.object>
}

// CHECK-LABEL: vm.func @found
vm.func @found(%x: !relax.tensor<[4, 2], f32>, %n: !relax.tensor<[1], i64>) {
  // CHECK: vm.prefix %x, %n {new_symbols = ["s"]} : !relax.tensor<[4, 2], f32>, !relax.tensor<[1], i64> -> !relax.tensor<[s, 2], f32>
  %y = vm.prefix %x, %n {new_symbols = ["s"]} : !relax.tensor<[4, 2], f32>, !relax.tensor<[1], i64> -> !relax.tensor<[s, 2], f32>
  vm.return
}

// CHECK-LABEL: vm.func @closures
vm.func @closures(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: %f = vm.make_closure @closures(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  %f = vm.make_closure @closures(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  // CHECK: %z = vm.invoke_closure %f(%y) : !relax.object, (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %z = vm.invoke_closure %f(%y) : !relax.object, (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return %z : !relax.tensor<[4], f32>
}

// CHECK-LABEL: vm.func @texts_and_shapes
vm.func @texts_and_shapes(%o: !relax.object, %x: !relax.tensor<[4, ?], f32>, %u: !relax.tensor<*, f32>) -> (!relax.string, !relax.shape<2>, !relax.shape) {
  // CHECK: vm.string "gr\C3\BC\C3\9F\0A" : !relax.string
  %s = vm.string "grüß\n" : !relax.string
  // CHECK: vm.shape_of %x : !relax.tensor<[4, ?], f32> -> !relax.shape<2>
  %d = vm.shape_of %x : !relax.tensor<[4, ?], f32> -> !relax.shape<2>
  // CHECK: vm.shape_of %u : !relax.tensor<*, f32> -> !relax.shape
  %v = vm.shape_of %u : !relax.tensor<*, f32> -> !relax.shape
  // CHECK: vm.check_value %o "a word" : !relax.object -> !relax.string
  %t = vm.check_value %o "a word" : !relax.object -> !relax.string
  // CHECK: vm.check_value %v "a shape" : !relax.shape -> !relax.shape<2>
  %w = vm.check_value %v "a shape" : !relax.shape -> !relax.shape<2>
  // CHECK: vm.br ^{{.*}}(%w : !relax.shape<2>)
  vm.br ^next(%w : !relax.shape<2>)
^next(%any: !relax.shape):
  vm.return %t, %d, %any : !relax.string, !relax.shape<2>, !relax.shape
}
