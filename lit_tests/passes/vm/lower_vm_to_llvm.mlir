// RUN: tyrex-opt %s --split-input-file -p lower-vm-to-llvm | filecheck %s

// The entry takes the run's memory from the context and unpacks addresses; a kernel gets words: the
// context, its tensors, its symbols. What it returns, if not 0, ends the run.

// CHECK: llvm.mlir.global external constant @tyrex_constant0() {{.*}}: i8
// CHECK-LABEL: llvm.func internal @tyrex_main.body(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-SAME: {
// CHECK: %[[WORDS:.*]] = llvm.alloca
// CHECK: %[[W:.*]] = llvm.mlir.addressof @tyrex_constant0
// CHECK: %[[SECOND:.*]] = llvm.getelementptr inbounds %[[WORDS]][2]
// CHECK: %[[THIRD:.*]] = llvm.getelementptr inbounds %[[WORDS]][3]
// CHECK: %[[T:.*]] = llvm.getelementptr inbounds %{{.*}}[16]
// CHECK: llvm.store %[[W]], %[[SECOND]]
// CHECK: llvm.store %[[T]], %[[THIRD]]
// CHECK: %[[CODE:.*]] = llvm.call @add(%[[WORDS]])
// CHECK: llvm.icmp "ne" %[[CODE]]
// CHECK: llvm.cond_br
// CHECK: llvm.call @scale(%[[WORDS]])
// CHECK-LABEL: llvm.func @tyrex_main_run(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK: llvm.getelementptr inbounds %{{.*}}[24]
// CHECK: llvm.call %{{.*}}(%{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i64) -> !llvm.ptr
// CHECK: llvm.call @tyrex_main.body
vm.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[2, 2], f32>) {
  %w = vm.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4], f32>
  %s = vm.alloc_storage {size_bytes = 32 : i64, align_bytes = 64 : i64} : !vm.storage
  %t = vm.tensor %s {offset = 16 : i64} : !relax.tensor<[4], f32>
  vm.call @add(%x, %w) -> (%t) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[2, 2], f32>
  %f = vm.reshape %y : !relax.tensor<[2, 2], f32> -> !relax.tensor<[4], f32>
  vm.call @scale(%t) -> (%f) {symbols = array<i64: 4>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.kill %y : !relax.tensor<[2, 2], f32>
  vm.return %y : !relax.tensor<[2, 2], f32>
}

// -----

// A branch reads one byte; what arrives in a block is an address, and is copied where it leaves.

// CHECK-LABEL: llvm.func internal @tyrex_choose.body
// CHECK: %[[C:.*]] = llvm.load %{{.*}} -> i8
// CHECK: %[[YES:.*]] = llvm.icmp "ne" %[[C]]
// CHECK: llvm.cond_br %[[YES]]
// CHECK: ^{{.*}}(%[[R:.*]]: !llvm.ptr):
// CHECK: llvm.call_intrinsic "llvm.memcpy.p0.p0.i64"(%{{.*}}, %[[R]]
vm.func @choose(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>, %z: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  vm.cond_br %c : !relax.tensor<[], i1>, ^end(%x : !relax.tensor<[4], f32>), ^other
^other:
  vm.br ^end(%z : !relax.tensor<[4], f32>)
^end(%r: !relax.tensor<[4], f32>):
  vm.return %r : !relax.tensor<[4], f32>
}

// -----

// Memory that a loop comes by twice is the context's: of two slots, that which the value before does
// not lie in. Results of a call lie behind the callee's. Each time the context is asked whether to go on.

// CHECK-LABEL: llvm.func internal @tyrex_callee.body
// CHECK: llvm.func internal @tyrex_loop.body(%[[CONTEXT:\d+]]: !llvm.ptr, %[[MEMORY:\d+]]: !llvm.ptr,
// CHECK: %[[TWO:.*]] = llvm.mlir.constant(2) : i64
// CHECK: "llvm.memset.p0.i64"(%[[SLOTS:\d+]],
// CHECK: "llvm.memset.p0.i64"(%[[LIVE:\d+]],
// CHECK: %[[OWN:.*]] = llvm.getelementptr inbounds %[[MEMORY]][64]
// CHECK: llvm.call @tyrex_callee.body(%[[CONTEXT]], %[[MEMORY]], %{{.*}}, %[[OWN]])
// CHECK: ^{{.*}}(%[[R:.*]]: !llvm.ptr):
// CHECK: %[[FIRST:.*]] = llvm.getelementptr inbounds %[[LIVE]][0]
// CHECK: llvm.store %[[R]], %[[FIRST]]
// CHECK: llvm.getelementptr inbounds %[[CONTEXT]][56]
// CHECK: %[[FRESH:.*]] = llvm.call %{{.*}}(%[[CONTEXT]], %{{.*}}, %[[TWO]], %[[LIVE]], %{{.*}}, %{{.*}})
// CHECK: llvm.icmp "eq" %[[FRESH]]
// CHECK: llvm.getelementptr inbounds %[[CONTEXT]][64]
// CHECK: llvm.getelementptr inbounds %{{.*}}[24]
// CHECK: llvm.call %{{.*}}(%[[CONTEXT]], %[[SLOTS]], %[[TWO]])
// CHECK: llvm.return
vm.func @callee(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %s = vm.alloc_storage {size_bytes = 16 : i64, align_bytes = 64 : i64} : !vm.storage
  %t = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[4], f32>
  vm.return %x : !relax.tensor<[4], f32>
}
vm.func @loop(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %a = vm.invoke @callee(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.br ^again(%a : !relax.tensor<[4], f32>)
^again(%r: !relax.tensor<[4], f32>):
  %y = vm.alloc_output : !relax.tensor<[4], f32>
  vm.call @step(%r) -> (%y) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.cond_br %c : !relax.tensor<[], i1>, ^again(%y : !relax.tensor<[4], f32>), ^end
^end:
  vm.return %y : !relax.tensor<[4], f32>
}

// -----

// Symbols come as an array behind the addresses; memory, places and copies are computed from them.

// CHECK: llvm.func internal @tyrex_main.body(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[N:.*]]: i64) -> i32
// CHECK: %[[OFFSET:.*]] = llvm.mul %[[N]], %{{.*}} : i64
// CHECK: llvm.getelementptr inbounds %{{.*}}[%[[OFFSET]]]
// CHECK: llvm.store %[[N]], %{{.*}} : i64
// CHECK: llvm.call @f
// CHECK: "llvm.memcpy.p0.p0.i64"(%{{.*}}, %{{.*}}, %[[OFFSET]],
// CHECK: llvm.func @tyrex_main_run(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[TOLD:.*]]: !llvm.ptr) -> i32
// CHECK: %[[AT:.*]] = llvm.getelementptr inbounds %[[TOLD]][0]
// CHECK: %[[M:.*]] = llvm.load %[[AT]]
// CHECK: %[[SIZE:.*]] = llvm.mul %[[M]]
// CHECK: llvm.call %{{.*}}(%{{.*}}, %[[SIZE]])
vm.func @main<n>(%x: !relax.tensor<[n, 16], f32>) -> (!relax.tensor<[n, 16], f32>) {
  %s = vm.alloc_storage {size_bytes = #relax.dims<[n * 128]>, align_bytes = 64 : i64} : !vm.storage
  %t = vm.tensor %s {offset = #relax.dims<[n * 64]>} : !relax.tensor<[n, 16], f32>
  vm.call @f(%x) -> (%t) {symbols = #relax.dims<[n]>} : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[n, 16], f32>
  vm.copy %t, %y : !relax.tensor<[n, 16], f32>, !relax.tensor<[n, 16], f32>
  vm.return %y : !relax.tensor<[n, 16], f32>
}

// -----

// A failure sets the error and leaves; what follows it is there for its types.

// CHECK: llvm.func internal @tyrex_main.body(%[[CONTEXT:[^:]*]]: !llvm.ptr
// CHECK: %[[TEXT:.*]] = llvm.mlir.addressof @tyrex_main.body.message0
// CHECK: %[[PLACE:.*]] = llvm.getelementptr inbounds %[[CONTEXT]][16]
// CHECK: %[[SET:.*]] = llvm.load %[[PLACE]]
// CHECK: llvm.call %[[SET]](%[[CODE:.*]], %[[TEXT]])
// CHECK: llvm.return %[[CODE]]
// CHECK: llvm.mlir.global private constant @tyrex_main.body.message0("{{.*}}an axis of 2\00")
vm.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = vm.fail "an axis of 2" : !relax.tensor<[4], f32>
  vm.return %y : !relax.tensor<[4], f32>
}

// -----

// Symbols may make a view impossible: then the run ends. One that always fits costs nothing.

// CHECK: llvm.func internal @tyrex_main.body(
// CHECK: llvm.mlir.addressof @tyrex_main.body.message0
// CHECK: llvm.icmp "ne"
// CHECK-NOT: llvm.icmp
// CHECK: llvm.func @tyrex_main_run
vm.func @main<n, m>(%x: !relax.tensor<[n, m], f32>) -> (!relax.tensor<[n, 1], f32>) {
  %r = vm.reshape %x : !relax.tensor<[n, m], f32> -> !relax.tensor<[n], f32>
  %y = vm.reshape %r : !relax.tensor<[n], f32> -> !relax.tensor<[n, 1], f32>
  vm.return %y : !relax.tensor<[n, 1], f32>
}

// -----

// What the way decides is a number from there on, and memory for it comes from the context. The result
// that it sizes is open: the function hands its block over, and says where it is and how large.

// CHECK-LABEL: llvm.func internal @tyrex_found.body
// CHECK-SAME: (%[[CONTEXT:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[RECORD:.*]]: !llvm.ptr, %[[N:.*]]: i64) -> i32
// CHECK: %[[K:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK: %[[OUTSIDE:.*]] = llvm.icmp "ugt" %[[K]], %[[N]]
// CHECK: llvm.cond_br %[[OUTSIDE]]
// CHECK: %[[BYTES:.*]] = llvm.mul %[[K]], %{{.*}}
// CHECK: %[[Y:.*]] = llvm.call %{{.*}}(%[[CONTEXT]], %[[SLOTS:.*]], %{{.*}}, %{{.*}}, %{{.*}}, %[[BYTES]])
// CHECK: llvm.call_intrinsic "llvm.memcpy.p0.p0.i64"(%[[Y]], %{{.*}}, %[[BYTES]]
// CHECK: %[[HANDED:.*]] = llvm.call %{{.*}}(%[[CONTEXT]], %{{.*}}, %{{.*}}, %[[Y]], %[[BYTES]])
// CHECK: llvm.store %[[HANDED]], %[[RECORD]]
// CHECK: %[[DIM:.*]] = llvm.getelementptr inbounds %[[RECORD]][1]
// CHECK: llvm.store %[[K]], %[[DIM]]
vm.func @found<n>(%x: !relax.tensor<[n], i1>) -> (!relax.tensor<[?], i64>) {
  %0 = vm.alloc_storage {size_bytes = #relax.dims<[n * 8]>, align_bytes = 64 : i64} : !vm.storage
  %p = vm.tensor %0 {offset = 0 : i64} : !relax.tensor<[n], i64>
  %1 = vm.alloc_storage {size_bytes = 8 : i64, align_bytes = 64 : i64} : !vm.storage
  %c = vm.tensor %1 {offset = 0 : i64} : !relax.tensor<[1], i64>
  vm.call @find(%x) -> (%p, %c) {symbols = #relax.dims<[n]>} : (!relax.tensor<[n], i1>) -> (!relax.tensor<[n], i64>, !relax.tensor<[1], i64>)
  %q = vm.prefix %p, %c {new_symbols = ["k"]} : !relax.tensor<[n], i64>, !relax.tensor<[1], i64> -> !relax.tensor<[k], i64>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[k], i64>
  vm.copy %q, %y : !relax.tensor<[k], i64>, !relax.tensor<[k], i64>
  vm.return %y : !relax.tensor<[k], i64>
}

// -----

// A shape is its dims, one number after the other.

// CHECK: llvm.func internal @tyrex_main.body(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %[[S:[^:]*]]: !llvm.ptr, %[[N:[^:]*]]: i64)
// CHECK: llvm.store %[[N]], %[[D:.*]] {
// CHECK: llvm.store %{{.*}}, %
// CHECK: llvm.{{.*}}memcpy
vm.func @main<n>(%x: !relax.tensor<[n, 16], f32>) -> (!relax.shape<2>) {
  %s = vm.shape_of %x : !relax.tensor<[n, 16], f32> -> !relax.shape<2>
  vm.return %s : !relax.shape<2>
}

// -----

// A function that calls itself takes its memory for each call, up to a depth; others call that.

// CHECK-LABEL: llvm.func internal @tyrex_down.body(%{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr) -> i32
// CHECK: llvm.call @tyrex_down.call(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32
// CHECK: llvm.func internal @tyrex_down.call(%[[CONTEXT:[^:]*]]: !llvm.ptr, %[[C:[^:]*]]: !llvm.ptr, %[[X:[^:]*]]: !llvm.ptr, %[[R:[^:]*]]: !llvm.ptr) -> i32
// CHECK: %[[NAME:.*]] = llvm.mlir.addressof @tyrex_down.call.name
// CHECK: llvm.getelementptr inbounds %[[CONTEXT]][56]
// CHECK: %[[REFUSED:.*]] = llvm.call %{{.*}}(%[[CONTEXT]], %[[NAME]], %{{.*}}, %[[PLACE:.*]]) :
// CHECK: llvm.return %[[REFUSED]]
// CHECK: %[[MEMORY:.*]] = llvm.load %[[PLACE]]
// CHECK: %[[CODE:.*]] = llvm.call @tyrex_down.body(%[[CONTEXT]], %[[MEMORY]], %[[C]], %[[X]], %[[R]])
// CHECK: llvm.call %{{.*}}(%[[CONTEXT]], %[[MEMORY]])
// CHECK: llvm.return %[[CODE]]
// CHECK-LABEL: llvm.func internal @tyrex_main.body
// CHECK: llvm.call @tyrex_down.call
// CHECK-LABEL: llvm.func @tyrex_down_run
// CHECK: llvm.call @tyrex_down.call
vm.func @down(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  vm.cond_br %c : !relax.tensor<[], i1>, ^more, ^end(%x : !relax.tensor<[4], f32>)
^more:
  %a = vm.invoke @down(%c, %x) : (!relax.tensor<[], i1>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.br ^end(%a : !relax.tensor<[4], f32>)
^end(%r: !relax.tensor<[4], f32>):
  vm.return %r : !relax.tensor<[4], f32>
}
vm.func @main(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %a = vm.invoke @down(%c, %x) : (!relax.tensor<[], i1>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return %a : !relax.tensor<[4], f32>
}
