// RUN: tyrex-opt %s --split-input-file -p lower-to-vm | filecheck %s

// A call gets memory of its own, a reshape is a view; a result is computed where it leaves.

tir.func @add(%a: !tir.buffer<[4], f32>, %b: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) aliases (0 = 0) {
}

// CHECK-LABEL: vm.func @straight(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[2, 2], f32>) attributes {input_names = ["x"], output_names = ["y"]}
relax.func @straight(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[2, 2], f32>) attributes {input_names = ["x"], output_names = ["y"]} {
  // CHECK: %w = vm.constant
  // CHECK: %[[S:.*]] = vm.alloc_storage {size_bytes = 16 : i64, align_bytes = 64 : i64}
  // CHECK: %t = vm.tensor %[[S]] {offset = 0 : i64}
  // CHECK: vm.call @add(%x, %w) -> (%t)
  // CHECK: %[[Y:.*]] = vm.alloc_output {index = 0 : i64} : !relax.tensor<[2, 2], f32>
  // CHECK: %[[FLAT:.*]] = vm.reshape %[[Y]]
  // CHECK: vm.call @add(%t, %x) -> (%[[FLAT]])
  // CHECK: vm.return %[[Y]]
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4], f32>
  %t = relax.call_tir @add(%x, %w) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %u = relax.call_tir @add(%t, %x) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %y = relax.reshape %u {shape = #relax.dims<[2, 2]>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[2, 2], f32>
  relax.return %y : !relax.tensor<[2, 2], f32>
}

// -----

// Nothing that is returned lies in an argument, a constant or another result.

tir.func @id(%a: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) {
}

// CHECK-LABEL: vm.func @returns
relax.func @returns(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[4], f32>) {
  %w = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : !relax.tensor<[4], f32>
  // CHECK: %[[Y:.*]] = vm.alloc_output {index = 1 : i64}
  // CHECK: vm.call @id(%x) -> (%[[Y]])
  %y = relax.call_tir @id(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // CHECK: %[[V:.*]] = vm.reshape %[[Y]]
  %v = relax.reshape %y {shape = #relax.dims<[2, 2]>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[2, 2], f32>
  // CHECK: %[[X:.*]] = vm.alloc_output {index = 0 : i64}
  // CHECK: vm.copy %x, %[[X]]
  // CHECK: %[[V2:.*]] = vm.alloc_output {index = 2 : i64} : !relax.tensor<[2, 2], f32>
  // CHECK: vm.copy %[[V]], %[[V2]]
  // CHECK: %[[W:.*]] = vm.alloc_output {index = 3 : i64}
  // CHECK: vm.copy %w, %[[W]]
  // CHECK: vm.return %[[X]], %[[Y]], %[[V2]], %[[W]]
  relax.return %x, %y, %v, %w : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>, !relax.tensor<[2, 2], f32>, !relax.tensor<[4], f32>
}

// -----

// In place: where the kernel allows it and the argument is dead and our own.

tir.func @add(%a: !tir.buffer<[4], f32>, %b: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) aliases (0 = 0) {
}
tir.func @apart(%a: !tir.buffer<[4], f32>, %b: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) {
}

// CHECK-LABEL: vm.func @in_place
relax.func @in_place(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: vm.call @add(%x, %x) -> (%a)
  %a = relax.call_tir @add(%x, %x) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // CHECK: vm.call @add(%a, %x) -> (%a)
  %b = relax.call_tir_inplace @add(%a, %x) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // The kernel does not allow it.
  // CHECK: vm.call @apart(%a, %x) -> (%c)
  %c = relax.call_tir_inplace @apart(%b, %x) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // The argument is read later.
  // CHECK: vm.copy %c, %d
  // CHECK: vm.call @add(%d, %x) -> (%d)
  %d = relax.call_tir_inplace @add(%c, %x) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // The other argument lies in the same memory.
  // CHECK: vm.copy %c, %e
  // CHECK: vm.call @add(%e, %c) -> (%e)
  %e = relax.call_tir_inplace @add(%c, %c) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // The argument is the caller's.
  // CHECK: vm.copy %x, %f
  // CHECK: vm.call @add(%f, %d) -> (%f)
  %f = relax.call_tir_inplace @add(%x, %d) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %g = relax.call_tir @apart(%e, %f) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %g : !relax.tensor<[4], f32>
}

// -----

// Symbols of a kernel and its workspaces are found from the types of the call.

tir.func @scan<n, m>(%a: !tir.buffer<[n, m], f32>) -> (%c: !tir.buffer<[n, m], f32>) workspaces (%w: !tir.buffer<[n * m + 2], i64>) {
}

// CHECK-LABEL: vm.func @symbols
relax.func @symbols(%x: !relax.tensor<[4, 3], f32>) -> (!relax.tensor<[4, 3], f32>) {
  // CHECK: vm.call @scan(%x) -> (%y) {symbols = array<i64: 4, 3>} : (!relax.tensor<[4, 3], f32>) -> !relax.tensor<[4, 3], f32> workspaces(%{{.*}} : !relax.tensor<[14], i64>)
  %y = relax.call_tir @scan(%x) : (!relax.tensor<[4, 3], f32>) -> !relax.tensor<[4, 3], f32>
  relax.return %y : !relax.tensor<[4, 3], f32>
}

// -----

// Both branches compute in one memory; what a branch takes from elsewhere arrives as an argument.

tir.func @id(%a: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) {
}

// CHECK-LABEL: vm.func @branches
relax.func @branches(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) {
  // CHECK: %[[R:.*]] = vm.tensor
  // CHECK: vm.cond_br %c : !relax.tensor<[], i1>, ^[[THEN:.*]], ^[[ELSE:.*]]
  %r, %s = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) {
    // CHECK: vm.call @id(%x) -> (%[[R]])
    // CHECK: vm.br ^[[NEXT:.*]](%x : !relax.tensor<[4], f32>)
    %t = relax.call_tir @id(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    relax.yield %t, %x : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
  } else {
    // CHECK: vm.call @id(%x) -> (%t)
    // CHECK: vm.call @id(%t) -> (%[[R]])
    // CHECK: vm.br ^[[NEXT]](%t : !relax.tensor<[4], f32>)
    %t = relax.call_tir @id(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    %u = relax.call_tir @id(%t) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    relax.yield %u, %t : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
  }
  // CHECK: (%s: !relax.tensor<[4], f32>):
  // CHECK: vm.call @id(%[[R]]) -> (%v)
  // CHECK: vm.call @id(%s) -> (%w)
  %v = relax.call_tir @id(%r) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %w = relax.call_tir @id(%s) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %v, %w : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
}

// -----

// A loop has one place for each tensor it carries; a swap goes through a copy.

tir.func @less(%a: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[], i1>) {
}

// CHECK-LABEL: vm.func @swaps
relax.func @swaps(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: %[[A:.*]] = vm.alloc_output {index = 0 : i64}
  // CHECK: %[[B:.*]] = vm.tensor
  // CHECK: vm.copy %x, %[[A]]
  // CHECK: vm.copy %y, %[[B]]
  // CHECK: vm.br ^[[HEAD:.*]]
  %a, %b = relax.while %x, %y : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) {
  ^cond(%p: !relax.tensor<[4], f32>, %q: !relax.tensor<[4], f32>):
    // CHECK: vm.call @less(%[[A]]) -> (%go)
    // CHECK: vm.cond_br %go
    %go = relax.call_tir @less(%p) : (!relax.tensor<[4], f32>) -> !relax.tensor<[], i1>
    relax.yield %go : !relax.tensor<[], i1>
  } do {
  ^body(%p: !relax.tensor<[4], f32>, %q: !relax.tensor<[4], f32>):
    // CHECK: vm.copy %[[A]], %[[SAVED:.*]] :
    // CHECK: vm.copy %[[B]], %[[A]]
    // CHECK: vm.copy %[[SAVED]], %[[B]]
    // CHECK: vm.br ^[[HEAD]]
    relax.yield %q, %p : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
  }
  // CHECK: vm.return %[[A]]
  relax.return %a : !relax.tensor<[4], f32>
}

// -----

// Calls: of the host, which may write into what it is given; of other functions; tuples.

// CHECK-LABEL: vm.func @calls
relax.func @calls(%x: tuple<!relax.tensor<[4], f32>, !relax.object>) -> (tuple<!relax.object, !relax.tensor<[4], f32>>) {
  // CHECK: %[[A:.*]] = vm.tuple_get %x {index = 0 : i64}
  // CHECK: %[[B:.*]] = vm.tuple_get %x {index = 1 : i64}
  %a = relax.tuple_get_item %x {index = 0 : i64} : (tuple<!relax.tensor<[4], f32>, !relax.object>) -> !relax.tensor<[4], f32>
  %b = relax.tuple_get_item %x {index = 1 : i64} : (tuple<!relax.tensor<[4], f32>, !relax.object>) -> !relax.object
  // CHECK: %c = vm.call_packed @read(%[[A]], %[[B]])
  %c = relax.call_packed @read(%a, %b) : (!relax.tensor<[4], f32>, !relax.object) -> !relax.tensor<[4], f32>
  // CHECK: vm.call_packed @write(%c, %d) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> ()
  %d = relax.call_dps_packed @write(%c) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // CHECK: %e = vm.invoke @other(%d)
  %e = relax.call @other(%d) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %t = relax.tuple %b, %e : (!relax.object, !relax.tensor<[4], f32>) -> tuple<!relax.object, !relax.tensor<[4], f32>>
  // CHECK: vm.tuple %[[B]], %e
  relax.return %t : tuple<!relax.object, !relax.tensor<[4], f32>>
}

relax.func @other(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  relax.return %x : !relax.tensor<[4], f32>
}

// -----

// CHECK-LABEL: vm.func @cast
relax.func @cast() -> (!relax.tensor<[4], f32>) {
  // CHECK: %x = vm.call_packed @read() : () -> !relax.tensor<*, f32>
  // CHECK: %y = vm.check_tensor %x "'x'" : !relax.tensor<*, f32> -> !relax.tensor<[4], f32>
  %x = relax.call_packed @read() : () -> !relax.tensor<*, f32>
  %y = relax.match_cast %x : !relax.tensor<*, f32> -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// A symbol of the function sizes memory as an expression; a kernel gets its symbols by expressions.

tir.func @double<m>(%a: !tir.buffer<[m], f32>) -> (%c: !tir.buffer<[m], f32>) {
}

// CHECK-LABEL: vm.func @symbolic<n>(%x: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n * 4], f32>)
relax.func @symbolic<n>(%x: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n * 4], f32>) {
  // CHECK: %[[S:.*]] = vm.alloc_storage {size_bytes = #relax.dims<[n * 16]>, align_bytes = 64 : i64}
  // CHECK: %t = vm.tensor %[[S]] {offset = 0 : i64} : !relax.tensor<[n * 4], f32>
  // CHECK: vm.call @double(%{{.*}}) -> (%t) {symbols = #relax.dims<[n * 4]>}
  // CHECK: vm.alloc_output {index = 0 : i64} : !relax.tensor<[n * 4], f32>
  %f = relax.reshape %x {shape = #relax.dims<[n * 4]>} : (!relax.tensor<[n, 4], f32>) -> !relax.tensor<[n * 4], f32>
  %t = relax.call_tir @double(%f) : (!relax.tensor<[n * 4], f32>) -> !relax.tensor<[n * 4], f32>
  %u = relax.call_tir @double(%t) : (!relax.tensor<[n * 4], f32>) -> !relax.tensor<[n * 4], f32>
  relax.return %u : !relax.tensor<[n * 4], f32>
}

// -----

// A symbol that the program meets on its way is told where it is met.

// CHECK-LABEL: vm.func @told
relax.func @told(%x: !relax.tensor<[?], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: vm.check_tensor %x "'x'" {new_symbols = ["k"]} : !relax.tensor<[?], f32> -> !relax.tensor<[k], f32>
  %y = relax.match_cast %x {new_symbols = ["k"]} : !relax.tensor<[?], f32> -> !relax.tensor<[k], f32>
  %z = relax.match_cast %y : !relax.tensor<[k], f32> -> !relax.tensor<[4], f32>
  relax.return %z : !relax.tensor<[4], f32>
}

// -----

// A prefix lies in the memory of the whole; its symbol is told where it is cut, and sizes what follows.

tir.func @find<n>(%a: !tir.buffer<[n], i1>) -> (%p: !tir.buffer<[n], i64>, %c: !tir.buffer<[1], i64>) {
}
tir.func @copy<m>(%a: !tir.buffer<[m], i64>) -> (%b: !tir.buffer<[m], i64>) {
}

// CHECK-LABEL: vm.func @kept
relax.func @kept<n>(%x: !relax.tensor<[n], i1>) -> (!relax.tensor<[k], i64>, !relax.tensor<[k], i64>) {
  // CHECK: vm.call @find(%x) -> (%p, %c)
  %p, %c = relax.call_tir @find(%x) : (!relax.tensor<[n], i1>) -> (!relax.tensor<[n], i64>, !relax.tensor<[1], i64>)
  // CHECK: %q = vm.prefix %p, %c {new_symbols = ["k"]} : !relax.tensor<[n], i64>, !relax.tensor<[1], i64> -> !relax.tensor<[k], i64>
  %q = relax.prefix %c, %p {new_symbols = ["k"]} : (!relax.tensor<[1], i64>, !relax.tensor<[n], i64>) -> !relax.tensor<[k], i64>
  // CHECK: %r = vm.alloc_output {index = 0 : i64} : !relax.tensor<[k], i64>
  // CHECK: vm.call @copy(%q) -> (%r) {symbols = #relax.dims<[k]>}
  %r = relax.call_tir @copy(%q) : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  // CHECK: %[[OUT:.*]] = vm.alloc_output {index = 1 : i64} : !relax.tensor<[k], i64>
  // CHECK: vm.copy %q, %[[OUT]]
  relax.return %r, %q : !relax.tensor<[k], i64>, !relax.tensor<[k], i64>
}

// -----

// What may have another size in each branch is handed on.

tir.func @f<n>(%a: !tir.buffer<[n], f32>) -> (%b: !tir.buffer<[n], f32>) {
}

// CHECK-LABEL: vm.func @sizes
relax.func @sizes<n, m>(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[n], f32>, %y: !relax.tensor<[m], f32>) -> (!relax.tensor<[k], f32>) {
  // CHECK: vm.br ^[[NEXT:.*]](%{{.*}} : !relax.tensor<[n], f32>)
  // CHECK: vm.br ^[[NEXT]](%{{.*}} : !relax.tensor<[m], f32>)
  // CHECK: ^[[NEXT]](%r: !relax.tensor<[?], f32>)
  // CHECK: vm.check_tensor %r "'r'" {new_symbols = ["k"]}
  %r = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[?], f32>) {
    %a = relax.call_tir @f(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
    relax.yield %a : !relax.tensor<[n], f32>
  } else {
    %b = relax.call_tir @f(%y) : (!relax.tensor<[m], f32>) -> !relax.tensor<[m], f32>
    relax.yield %b : !relax.tensor<[m], f32>
  }
  %q = relax.match_cast %r {new_symbols = ["k"]} : !relax.tensor<[?], f32> -> !relax.tensor<[k], f32>
  relax.return %q : !relax.tensor<[k], f32>
}

// -----

// What is declared of a shape is checked before anything is written where the declaration made
// room: of results, what branches and loops yield, and both ends of calls. What is computed is not
// computed there at once.

tir.func @id<n>(%a: !tir.buffer<[n], f32>) -> (%c: !tir.buffer<[n], f32>) {
}

// CHECK-LABEL: vm.func @declared
relax.func @declared<n, m>(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[n], f32>, %y: !relax.tensor<[m], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[n], f32>) attributes {input_names = ["c", "x", "y"], output_names = ["t", "r"]} {
  // CHECK:      %[[T:.*]] = vm.tensor {{.*}} : !relax.tensor<[n], f32>
  // CHECK-NEXT: vm.call @id(%x) -> (%[[T]])
  %t = relax.call_tir @id(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  // CHECK: vm.check_tensor {{.*}} "what a branch yields for 'r'" : !relax.tensor<[m], f32> -> !relax.tensor<[n], f32>
  %r = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[n], f32>) {
    %a = relax.call_tir @id(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
    relax.yield %a : !relax.tensor<[n], f32>
  } else {
    %b = relax.call_tir @id(%y) : (!relax.tensor<[m], f32>) -> !relax.tensor<[m], f32>
    relax.yield %b : !relax.tensor<[m], f32>
  }
  // CHECK: %[[CHECKED:.*]] = vm.check_tensor %[[T]] "declared: what it returns as 't'" : !relax.tensor<[n], f32> -> !relax.tensor<[4], f32>
  // CHECK: %[[OUT:.*]] = vm.alloc_output {index = 0 : i64} : !relax.tensor<[4], f32>
  // CHECK: vm.copy %[[CHECKED]], %[[OUT]]
  relax.return %t, %r : !relax.tensor<[n], f32>, !relax.tensor<[n], f32>
}

// CHECK-LABEL: vm.func @both_ends
relax.func @both_ends<n>(%x: !relax.tensor<[n], f32>, %z: !relax.tensor<[4], f32>) -> (!relax.tensor<[5], f32>) {
  // CHECK: %[[ARG:.*]] = vm.check_tensor %x "an argument of @four" : !relax.tensor<[n], f32> -> !relax.tensor<[4], f32>
  // CHECK: vm.invoke @four(%[[ARG]]) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // CHECK: %[[SAME:.*]] = vm.invoke @same(%x) : {{.*}} -> !relax.tensor<[n], f32>
  // CHECK: vm.check_tensor %[[SAME]] "a result of @same" : !relax.tensor<[n], f32> -> !relax.tensor<[5], f32>
  // CHECK-NOT: vm.check_tensor
  // CHECK: vm.invoke @same(%z) : {{.*}} -> !relax.tensor<[4], f32>
  %a = relax.call @four(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[4], f32>
  %b = relax.call @same(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[5], f32>
  %c = relax.call @same(%z) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %b : !relax.tensor<[5], f32>
}
relax.func @four(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  relax.return %x : !relax.tensor<[4], f32>
}
relax.func @same<k>(%x: !relax.tensor<[k], f32>) -> (!relax.tensor<[k], f32>) {
  relax.return %x : !relax.tensor<[k], f32>
}

// -----

// What ends the run has results that nobody will see: in the memory that both branches share, or none.

// CHECK-LABEL: vm.func @wrong_branch
// CHECK: %[[Y:.*]] = vm.alloc_output {index = 0 : i64}
// CHECK: vm.cond_br %c : !relax.tensor<[], i1>, ^{{.*}}, ^[[ELSE:.*]]
// CHECK: ^[[ELSE]]:
// CHECK: vm.fail "an axis of 2" : !relax.tensor<[4], f32>
// CHECK-NOT: vm.copy
// CHECK: vm.return %[[Y]]
tir.func @id(%a: !tir.buffer<[4], f32>) -> (%b: !tir.buffer<[4], f32>) {
}
relax.func @wrong_branch(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[4], f32>) {
    %t = relax.call_tir @id(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    relax.yield %t : !relax.tensor<[4], f32>
  } else {
    %t = relax.fail "an axis of 2" : !relax.tensor<[4], f32>
    relax.yield %t : !relax.tensor<[4], f32>
  }
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// What has no shape is handed on, and out, as it is.

// CHECK-LABEL: vm.func @some_rank
// CHECK: vm.br ^[[END:.*]](%x : !relax.tensor<[4], f32>)
// CHECK: vm.br ^[[END]](%{{.*}} : !relax.tensor<[2, 2], f32>)
// CHECK: ^[[END]](%y: !relax.tensor<*, f32>):
// CHECK: vm.return %y
relax.func @some_rank(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<*, f32>) {
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<*, f32>) {
    relax.yield %x : !relax.tensor<[4], f32>
  } else {
    %t = relax.reshape %x {shape = #relax.dims<[2, 2]>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[2, 2], f32>
    relax.yield %t : !relax.tensor<[2, 2], f32>
  }
  relax.return %y : !relax.tensor<*, f32>
}

// -----

// A closure binds values; what a call of it returns is memory of its own.

tir.func @f(%a: !tir.buffer<[4], f32>) -> (%b: !tir.buffer<[4], f32>) {
}
// CHECK-LABEL: vm.func @applied
relax.func @applied(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: vm.call @f(%y) -> (%z)
  %z = relax.call_tir @f(%y) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  // CHECK: %g = vm.make_closure @applied(%z) : (!relax.tensor<[4], f32>) -> !relax.object
  %g = relax.make_closure @applied(%z) : (!relax.tensor<[4], f32>) -> !relax.object
  // CHECK: %r = vm.invoke_closure %g(%x) : !relax.object, (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %r = relax.invoke_closure %g(%x) : !relax.object, (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %r : !relax.tensor<[4], f32>
}

// -----

// A loop in a loop computes the next value of the one around it in that one's memory, but what it
// starts with is not computed there while the loop around still reads its own value.

tir.func @id(%a: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) {
}

// CHECK-LABEL: vm.func @loop_in_loop
relax.func @loop_in_loop(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // CHECK: %[[V:.*]] = vm.alloc_output {index = 0 : i64}
  // CHECK: vm.copy %x, %[[V]]
  %v = relax.while %x : (!relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  ^bb0(%a: !relax.tensor<[4], f32>):
    relax.yield %c : !relax.tensor<[], i1>
  } do {
  ^bb0(%a: !relax.tensor<[4], f32>):
    // CHECK:     %[[S:.*]] = vm.tensor
    // CHECK:     vm.call @id(%x) -> (%[[S]])
    // CHECK:     %[[T:.*]] = vm.tensor
    // CHECK:     vm.call @id(%[[V]]) -> (%[[T]])
    // CHECK:     vm.copy %[[S]], %[[V]]
    // CHECK:     vm.call @id(%[[T]]) -> (%[[V]])
    %s = relax.call_tir @id(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    %t = relax.call_tir @id(%a) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
    %r = relax.while %s : (!relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
    ^bb0(%b: !relax.tensor<[4], f32>):
      relax.yield %c : !relax.tensor<[], i1>
    } do {
    ^bb0(%b: !relax.tensor<[4], f32>):
      %u = relax.call_tir @id(%t) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
      relax.yield %u : !relax.tensor<[4], f32>
    }
    relax.yield %r : !relax.tensor<[4], f32>
  }
  relax.return %v : !relax.tensor<[4], f32>
}

// -----

// Texts and shapes are handed on as they are; what an object turns out to be is looked at.

// CHECK-LABEL: vm.func @words
// CHECK: %d = vm.string "default" : !relax.string
// CHECK: vm.br ^[[END:.*]](%d : !relax.string)
// CHECK: vm.check_value %o "'o'" : !relax.object -> !relax.string
// CHECK: vm.shape_of %x : !relax.tensor<[n, 4], f32> -> !relax.shape<2>
// CHECK-NOT: vm.copy
relax.func @words<n>(%c: !relax.tensor<[], i1>, %o: !relax.object, %x: !relax.tensor<[n, 4], f32>) -> (!relax.string, !relax.shape<2>) {
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.string) {
    %d = relax.string "default" : !relax.string
    relax.yield %d : !relax.string
  } else {
    %t = relax.match_cast %o : !relax.object -> !relax.string
    relax.yield %t : !relax.string
  }
  %s = relax.shape_of %x : (!relax.tensor<[n, 4], f32>) -> !relax.shape<2>
  relax.return %y, %s : !relax.string, !relax.shape<2>
}
