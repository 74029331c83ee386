// RUN: ROUNDTRIP

// CHECK-LABEL: llvm.func @loops
llvm.func @loops(%c: i1) {
  // CHECK: llvm.br ^{{.*}} {loop_annotation = #llvm.loop_annotation<unroll = <full = true>>}
  llvm.br ^one {loop_annotation = #llvm.loop_annotation<unroll = <full = true>>}
^one:
  // CHECK: {loop_annotation = #llvm.loop_annotation<vectorize = <disable = true>, unroll = <disable = true>, mustProgress = true>}
  llvm.cond_br %c, ^one, ^two {loop_annotation = #llvm.loop_annotation<mustProgress = true, unroll = <disable = true>, vectorize = <disable = true>>}
^two:
  // CHECK: #llvm.loop_annotation<vectorize = <disable = false, width = 8 : i32>, interleave = <count = 2 : i32>, unroll = <count = 4 : i32>>
  llvm.cond_br %c, ^two, ^three {loop_annotation = #llvm.loop_annotation<vectorize = <disable = false, width = 8 : i32>, interleave = <count = 2 : i32>, unroll = <count = 4 : i32>>}
^three:
  // CHECK: #llvm.loop_annotation<>
  llvm.cond_br %c, ^three, ^four {loop_annotation = #llvm.loop_annotation<>}
^four:
  llvm.return
}

// CHECK-LABEL: llvm.func @scopes
llvm.func @scopes(%p: !llvm.ptr) {
  // CHECK: llvm.load %p {alias_scopes = [#llvm.alias_scope<id = "A", domain = <id = "scopes">>], alignment = 4 : i64}
  %x = llvm.load %p {alignment = 4 : i64, alias_scopes = [#llvm.alias_scope<id = "A", domain = <id = "scopes">>]} : !llvm.ptr -> f32
  llvm.return
}
