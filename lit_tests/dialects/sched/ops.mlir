// RUN: ROUNDTRIP

tir.func @kernel() -> () {
}

// CHECK-LABEL: sched.sequence @fast for @kernel {
sched.sequence @fast for @kernel {
  // CHECK-NEXT: %c = sched.get_block "matmul"
  %c = sched.get_block "matmul"
  // CHECK-NEXT: %i, %j, %k = sched.get_loops %c : !sched.loop, !sched.loop, !sched.loop
  %i, %j, %k = sched.get_loops %c : !sched.loop, !sched.loop, !sched.loop
  // CHECK-NEXT: %kids = sched.get_child_blocks %i : !sched.loop -> !sched.block
  %kids = sched.get_child_blocks %i : !sched.loop -> !sched.block
  // CHECK-NEXT: %p, %q = sched.get_producers %c : !sched.block, !sched.block
  %p, %q = sched.get_producers %c : !sched.block, !sched.block
  // CHECK-NEXT: %r = sched.get_consumers %c : !sched.block
  %r = sched.get_consumers %c : !sched.block
  // CHECK-NEXT: %out = sched.get_output_blocks : !sched.block
  %out = sched.get_output_blocks : !sched.block
  // CHECK-NEXT: %x, %y = sched.split %j [-1, 16] : !sched.loop, !sched.loop
  %x, %y = sched.split %j [-1, 16] : !sched.loop, !sched.loop
  // CHECK-NEXT: %f = sched.fuse %i, %x : !sched.loop, !sched.loop
  %f = sched.fuse %i, %x : !sched.loop, !sched.loop
  // CHECK-NEXT: sched.reorder %k, %y : !sched.loop, !sched.loop
  sched.reorder %k, %y : !sched.loop, !sched.loop
  // CHECK-NEXT: %u = sched.add_unit_loop %c : !sched.block
  %u = sched.add_unit_loop %c : !sched.block
  // CHECK-NEXT: sched.parallel %f
  sched.parallel %f
  // CHECK-NEXT: sched.vectorize %y
  sched.vectorize %y
  // CHECK-NEXT: sched.unroll %u
  sched.unroll %u
  // CHECK-NEXT: sched.annotate %f "hint" = 3 : i64 : !sched.loop
  sched.annotate %f "hint" = 3 : i64 : !sched.loop
  // CHECK-NEXT: sched.unannotate %f "hint" : !sched.loop
  sched.unannotate %f "hint" : !sched.loop
  // CHECK-NEXT: sched.compute_inline %p
  sched.compute_inline %p
  // CHECK-NEXT: sched.reverse_compute_inline %r
  sched.reverse_compute_inline %r
  // CHECK-NEXT: sched.compute_at %q, %f
  sched.compute_at %q, %f
  // CHECK-NEXT: sched.reverse_compute_at %out, %f
  sched.reverse_compute_at %out, %f
  // CHECK-NEXT: %cr = sched.cache_read %c 0 "global"
  %cr = sched.cache_read %c 0 "global"
  // CHECK-NEXT: %cw = sched.cache_write %c 0 "stack"
  %cw = sched.cache_write %c 0 "stack"
  // CHECK-NEXT: %init = sched.decompose_reduction %c, %k
  %init = sched.decompose_reduction %c, %k
  // CHECK-NEXT: %rf = sched.rfactor %k 0
  %rf = sched.rfactor %k 0
  // CHECK-NEXT: %o = sched.blockize %y
  %o = sched.blockize %y
  // CHECK-NEXT: %t = sched.tensorize %y "dot4_f32"
  %t = sched.tensorize %y "dot4_f32"
  // CHECK-NEXT: sched.transform_layout %c "write" 0 2 <"$1", "$0">
  sched.transform_layout %c "write" 0 2 <"$1", "$0">
  // CHECK-NEXT: sched.pad_einsum %c [16, 16, 4]
  sched.pad_einsum %c [16, 16, 4]
}
