// RUN: tyrex-opt %s --split-input-file -p apply-schedule | filecheck %s

// The factor does not divide: the block bears a condition.
// CHECK-LABEL: tir.func @split
// CHECK-NEXT: tir.for %i0 in 2 serial
// CHECK-NEXT: tir.for %i1 in 4 serial
// CHECK: tir.block "matmul" (%vi: spatial(6) = %i0 * 4 + %i1, {{.*}}) where (%i0 * -4 - %i1 + 5 >= 0)
// CHECK-NOT: sched
tir.func @split(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @split {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %i0, %i1 = sched.split %i [-1, 4] : !sched.loop, !sched.loop
}

// -----

// CHECK-LABEL: tir.func @fuse
// CHECK-NEXT: tir.for %[[f:.*]] in 96 serial
// CHECK-NEXT: tir.for %k in 8 serial
// CHECK-NEXT: (%vi: spatial(6) = %[[f]] floordiv 16, %vj: spatial(16) = %[[f]] mod 16, %vk
tir.func @fuse(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @fuse {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %f = sched.fuse %i, %j : !sched.loop, !sched.loop
}

// -----

// CHECK-LABEL: tir.func @reorder
// CHECK-NEXT: tir.for %k in 8 serial
// CHECK-NEXT: tir.for %j in 16 serial
// CHECK-NEXT: tir.for %i in 6 serial
tir.func @reorder(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @reorder {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  sched.reorder %k, %i : !sched.loop, !sched.loop
}

// -----

// CHECK-LABEL: tir.func @add_unit_loop
// CHECK: tir.for %j in 32 serial
// CHECK-NEXT: tir.for %u in 1 serial
// CHECK-NEXT: tir.block "exp"
tir.func @add_unit_loop(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @add_unit_loop {
  %b = sched.get_block "exp"
  %u = sched.add_unit_loop %b : !sched.block
}

// -----

// Loops get kinds and notes.
// CHECK-LABEL: tir.func @kinds
// CHECK-NEXT: tir.for %i in 6 parallel attributes {hint = 3 : i64}
// CHECK-NEXT: tir.for %k in 8 unrolled
// CHECK-NEXT: tir.for %j in 16 vectorized
// CHECK-NOT: gone
tir.func @kinds(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @kinds {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  sched.reorder %i, %k, %j : !sched.loop, !sched.loop, !sched.loop
  sched.parallel %i
  sched.unroll %k
  sched.vectorize %j
  sched.annotate %i "hint" = 3 : i64 : !sched.loop
  sched.annotate %b "gone" = true : !sched.block
  sched.unannotate %b "gone" : !sched.block
}

// -----

// CHECK-LABEL: tir.func @compute_inline
// CHECK-NEXT: tir.for %j in 32 serial
// CHECK-NEXT: tir.block "exp" (%v: spatial(32) = %j)
// CHECK-NEXT: %[[a:.*]] = tir.load %x[%v]
// CHECK-NEXT: %[[b:.*]] = arith.negf %[[a]]
// CHECK-NEXT: math.exp %[[b]]
tir.func @compute_inline(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @compute_inline {
  %b = sched.get_block "neg"
  sched.compute_inline %b
}

// -----

// CHECK-LABEL: tir.func @reverse_compute_inline
// CHECK-NEXT: tir.for %i in 32 serial
// CHECK-NEXT: tir.block "exp" (%v: spatial(32) = %i)
// CHECK: math.exp
// CHECK-NEXT: tir.store %{{.*}}, %y[%v]
tir.func @reverse_compute_inline(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @reverse_compute_inline {
  %b = sched.get_output_blocks : !sched.block
  %p = sched.get_producers %b : !sched.block
  %c = sched.get_consumers %p : !sched.block
  sched.reverse_compute_inline %c
}

// -----

// CHECK-LABEL: tir.func @compute_at
// CHECK: tir.for %j0 in 7 serial
// CHECK-NEXT: tir.for %ax0 in 5 serial
// CHECK-NEXT: tir.block "neg" (%v: spatial(32) = %j0 * 5 + %ax0) where (%j0 * -5 - %ax0 + 31 >= 0)
// CHECK: tir.for %{{.*}} in 5 serial
// CHECK-NEXT: tir.block "exp"
tir.func @compute_at(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @compute_at {
  %b = sched.get_block "neg"
  %c = sched.get_block "exp"
  %j = sched.get_loops %c : !sched.loop
  %j0, %j1 = sched.split %j [-1, 5] : !sched.loop, !sched.loop
  sched.compute_at %b, %j0
  %both, %too = sched.get_child_blocks %j0 : !sched.loop -> !sched.block, !sched.block
}

// -----

// CHECK-LABEL: tir.func @reverse_compute_at
// CHECK: tir.for %i0 in 4 serial
// CHECK-NEXT: tir.for %{{.*}} in 8 serial
// CHECK-NEXT: tir.block "neg"
// CHECK: tir.for %ax0 in 8 serial
// CHECK-NEXT: tir.block "exp" (%{{.*}}: spatial(32) = %i0 * 8 + %ax0)
tir.func @reverse_compute_at(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @reverse_compute_at {
  %b = sched.get_block "neg"
  %c = sched.get_block "exp"
  %i = sched.get_loops %b : !sched.loop
  %i0, %i1 = sched.split %i [4, 8] : !sched.loop, !sched.loop
  sched.reverse_compute_at %c, %i0
}

// -----

// CHECK-LABEL: tir.func @cache_read
// CHECK-NEXT: %[[copy:.*]] = tir.alloc : !tir.buffer<[8, 16], f32>
// CHECK: tir.block "b_global"
// CHECK-NEXT: tir.load %b[%v0, %v1]
// CHECK-NEXT: tir.store %{{.*}}, %[[copy]][%v0, %v1]
// CHECK: tir.block "matmul"
// CHECK: tir.load %[[copy]][%vk, %vj]
tir.func @cache_read(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @cache_read {
  %b = sched.get_block "matmul"
  %c = sched.cache_read %b 1 "global"
}

// -----

// CHECK-LABEL: tir.func @cache_write
// CHECK-NEXT: %[[acc:.*]] = tir.alloc : !tir.buffer<[6, 16], f32, "stack">
// CHECK: tir.block "matmul"
// CHECK: tir.store %{{.*}}, %[[acc]][%vi, %vj]
// CHECK: tir.block "c_stack"
// CHECK-NEXT: tir.load %[[acc]][%v0, %v1]
// CHECK-NEXT: tir.store %{{.*}}, %c[%v0, %v1]
tir.func @cache_write(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @cache_write {
  %b = sched.get_block "matmul"
  %c = sched.cache_write %b 0 "stack"
}

// -----

// CHECK-LABEL: tir.func @decompose_reduction
// CHECK: tir.for %j in 16 serial
// CHECK-NEXT: tir.block "matmul_init" (%vi: spatial(6) = %i, %vj: spatial(16) = %j)
// CHECK: tir.for %k in 8 serial
// CHECK-NOT: init {
// CHECK: arith.addf
tir.func @decompose_reduction(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @decompose_reduction {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %init = sched.decompose_reduction %b, %k
}

// -----

// CHECK-LABEL: tir.func @rfactor
// CHECK-NEXT: %[[rf:.*]] = tir.alloc : !tir.buffer<[6, 16, 4], f32>
// CHECK: tir.block "matmul_rf" ({{.*}}spatial(4) = %{{.*}}, {{.*}}reduce(2) = %{{.*}}) init
// CHECK: tir.block "matmul" ({{.*}}reduce(4) = %{{.*}}) init
// CHECK: tir.load %[[rf]]
tir.func @rfactor(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @rfactor {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %k0, %k1 = sched.split %k [2, 4] : !sched.loop, !sched.loop
  %rf = sched.rfactor %k1 2
}

// -----

// CHECK-LABEL: tir.func @transform_layout
// CHECK-NEXT: %[[t:.*]] = tir.alloc : !tir.buffer<[4, 8], f32>
// CHECK: tir.store %{{.*}}, %[[t]][%v mod 4, %v floordiv 4]
// CHECK: tir.load %[[t]][%{{.*}} mod 4, %{{.*}} floordiv 4]
tir.func @transform_layout(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
  %t = tir.alloc : !tir.buffer<[32], f32>
  tir.for %i in 32 serial {
    tir.block "neg" (%v: spatial(32) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[32], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[32], f32>
    }
  }
  tir.for %j in 32 serial {
    tir.block "exp" (%v: spatial(32) = %j) {
      %a = tir.load %t[%v] : !tir.buffer<[32], f32>
      %b = math.exp %a : f32
      tir.store %b, %y[%v] : !tir.buffer<[32], f32>
    }
  }
}
sched.sequence @schedule for @transform_layout {
  %b = sched.get_block "neg"
  sched.transform_layout %b "write" 0 1 <"$0 mod 4", "$0 floordiv 4">
}

// -----

// CHECK-LABEL: tir.func @blockize
// CHECK: tir.block "matmul_o" (%vi_o: spatial(6) = %i, %vj_o: spatial(16) = %j, %vk_o: reduce(2) = %k0) init {
// CHECK: tir.block "matmul_init" (%{{.*}}: spatial(6) = %vi_o, %{{.*}}: spatial(16) = %vj_o)
// CHECK: tir.for %k1 in 4 serial
// CHECK-NEXT: tir.block "matmul" (%vi: spatial(6) = %vi_o, %vj: spatial(16) = %vj_o, %vk: reduce(8) = %k1 + %vk_o * 4)
tir.func @blockize(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @blockize {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %k0, %k1 = sched.split %k [2, 4] : !sched.loop, !sched.loop
  %o = sched.blockize %k1
}

// -----

// CHECK-LABEL: tir.func @tensorize
// CHECK: tir.block "matmul_o" (%[[i:.*]]: spatial(6) = {{.*}}, %[[j:.*]]: spatial(2) = {{.*}}, %[[k:.*]]: reduce(8) = {{.*}})
// CHECK-NEXT: tir.for %[[lane:.*]] in 8 vectorized
// CHECK-NEXT: %[[x:.*]] = tir.load %a[%[[i]], %[[k]]]
// CHECK-NEXT: %[[y:.*]] = tir.load %b[%[[k]], {{.*}}%[[j]] * 8{{.*}}]
// CHECK: math.fma %[[x]], %[[y]]
tir.func @tensorize(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @tensorize {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  %j0, %j1 = sched.split %j [2, 8] : !sched.loop, !sched.loop
  %init = sched.decompose_reduction %b, %i
  sched.reorder %k, %j1 : !sched.loop, !sched.loop
  %t = sched.tensorize %j1 "fma8_f32"
}

// -----

// CHECK-LABEL: tir.func @pad_einsum
// CHECK-NEXT: %[[c:.*]] = tir.alloc : !tir.buffer<[8, 16], f32>
// CHECK: tir.block "a_pad"
// CHECK: tir.predicated_load %a[{{.*}}] where
// CHECK: tir.for %i in 8 serial
// CHECK: tir.block "matmul" (%vi: spatial(8) = %i
// CHECK: tir.block "c_pad"
// CHECK: tir.store %{{.*}}, %c[
tir.func @pad_einsum(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 16 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(16) = %j, %vk: reduce(8) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        } {
          %s = tir.load %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 8], f32>
          %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 16], f32>
          %p = arith.mulf %x, %y : f32
          %q = arith.addf %s, %p : f32
          tir.store %q, %c[%vi, %vj] : !tir.buffer<[6, 16], f32>
        }
      }
    }
  }
}
sched.sequence @schedule for @pad_einsum {
  %b = sched.get_block "matmul"
  sched.pad_einsum %b [4, 16, 8]
}
