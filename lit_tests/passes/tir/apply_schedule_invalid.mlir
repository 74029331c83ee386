// RUN: tyrex-opt %s --split-input-file -p apply-schedule --show-diagnostics | filecheck %s

// What a primitive refuses is told at the step.
// CHECK: apply_schedule_invalid.mlir:{{[0-9]+}}:3: error: 'sched.parallel' parallel: loop %k is in the binding of %vk, of kind reduce, of block "matmul"; expected spatial variables only
// CHECK: tir.for %k in 8 serial    <-- here
// CHECK: hint: use rfactor
tir.func @refused(%a: !tir.buffer<[6, 8], f32>, %b: !tir.buffer<[8, 16], f32>) -> (%c: !tir.buffer<[6, 16], f32>) {
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
sched.sequence @schedule for @refused {
  %b = sched.get_block "matmul"
  %i, %j, %k = sched.get_loops %b : !sched.loop, !sched.loop, !sched.loop
  sched.parallel %k
}

// -----

// CHECK: 'sched.get_loops' found 1 of them, expected 2
tir.func @number(%x: !tir.buffer<[32], f32>) -> (%y: !tir.buffer<[32], f32>) {
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
sched.sequence @schedule for @number {
  %b = sched.get_block "neg"
  %i, %j = sched.get_loops %b : !sched.loop, !sched.loop
}
