// RUN: tyrex-opt %s --split-input-file -p pad-reductions | filecheck %s

// A border: the reduction reads a copy that has it.
// CHECK-LABEL: tir.func @border
// CHECK: %[[copy:.*]] = tir.alloc : !tir.buffer<[2, 18], f32>
// CHECK: tir.block "pad" (%[[c:.*]]: spatial(2) = %{{.*}}, %[[j:.*]]: spatial(18) = %{{.*}})
// CHECK: %[[e:.*]] = tir.predicated_load %x[%[[c]], %[[j]] - 1] where (%[[j]] - 1 >= 0, -%[[j]] + 16 >= 0)
// CHECK-NEXT: tir.store %[[e]], %[[copy]][%[[c]], %[[j]]]
// CHECK: tir.block "conv"
// CHECK-NOT: where
// CHECK: tir.load %[[copy]][%vc, %vi + %vk]
tir.func @border(%x: !tir.buffer<[2, 16], f32>, %w: !tir.buffer<[8, 2, 3], f32>) -> (%y: !tir.buffer<[8, 16], f32>) {
  tir.for %o in 8 serial {
    tir.for %i in 16 serial {
      tir.for %c in 2 serial {
        tir.for %k in 3 serial {
          tir.block "conv" (%vo: spatial(8) = %o, %vi: spatial(16) = %i, %vc: reduce(2) = %c, %vk: reduce(3) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          } {
            %acc = tir.load %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
            %d = arith.constant 0.0 : f32
            %a = tir.predicated_load %x[%vc, %vi + %vk - 1] where (%vi + %vk - 1 >= 0, 16 - %vi - %vk >= 0) else %d : !tir.buffer<[2, 16], f32>
            %b = tir.load %w[%vo, %vc, %vk] : !tir.buffer<[8, 2, 3], f32>
            %p = arith.mulf %a, %b : f32
            %s = arith.addf %acc, %p : f32
            tir.store %s, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          }
        }
      }
    }
  }
}

// -----

// A stride: the copy is split by the phase, so that neighbours in the output are neighbours in it.
// CHECK-LABEL: tir.func @stride
// CHECK: %[[copy:.*]] = tir.alloc : !tir.buffer<[2, 2, 17], f32>
// CHECK: tir.block "pad" (%[[c:.*]]: spatial(2) = %{{.*}}, %[[p:.*]]: spatial(2) = %{{.*}}, %[[j:.*]]: spatial(17) = %{{.*}})
// CHECK: tir.predicated_load %x[%[[c]], %[[p]] + %[[j]] * 2] where (-%[[p]] - %[[j]] * 2 + 32 >= 0)
// CHECK: tir.block "conv"
// CHECK: tir.load %[[copy]][%vc, %vk mod 2, %vi + %vk floordiv 2]
tir.func @stride(%x: !tir.buffer<[2, 33], f32>, %w: !tir.buffer<[8, 2, 3], f32>) -> (%y: !tir.buffer<[8, 16], f32>) {
  tir.for %o in 8 serial {
    tir.for %i in 16 serial {
      tir.for %c in 2 serial {
        tir.for %k in 3 serial {
          tir.block "conv" (%vo: spatial(8) = %o, %vi: spatial(16) = %i, %vc: reduce(2) = %c, %vk: reduce(3) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          } {
            %acc = tir.load %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
            %a = tir.load %x[%vc, %vi * 2 + %vk] : !tir.buffer<[2, 33], f32>
            %b = tir.load %w[%vo, %vc, %vk] : !tir.buffer<[8, 2, 3], f32>
            %p = arith.mulf %a, %b : f32
            %s = arith.addf %acc, %p : f32
            tir.store %s, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          }
        }
      }
    }
  }
}

// -----

// Must not: each element is read too seldom for a copy to pay.
// CHECK-LABEL: tir.func @seldom
// CHECK-NOT: tir.alloc
// CHECK: tir.predicated_load %x[%vi + %vk - 1]
tir.func @seldom(%x: !tir.buffer<[16], f32>) -> (%y: !tir.buffer<[16], f32>) {
  tir.for %i in 16 serial {
    tir.for %k in 3 serial {
      tir.block "sum" (%vi: spatial(16) = %i, %vk: reduce(3) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[16], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[16], f32>
        %d = arith.constant 0.0 : f32
        %a = tir.predicated_load %x[%vi + %vk - 1] where (%vi + %vk - 1 >= 0, 16 - %vi - %vk >= 0) else %d : !tir.buffer<[16], f32>
        %s = arith.addf %acc, %a : f32
        tir.store %s, %y[%vi] : !tir.buffer<[16], f32>
      }
    }
  }
}

// -----

// Must not: a condition that bounds no index of the load.
// CHECK-LABEL: tir.func @other_condition
// CHECK-NOT: tir.alloc
// CHECK: tir.predicated_load %x[%vc, %vi + %vk] where (%vi - %vo >= 0)
tir.func @other_condition(%x: !tir.buffer<[2, 18], f32>, %w: !tir.buffer<[8, 2, 3], f32>) -> (%y: !tir.buffer<[8, 16], f32>) {
  tir.for %o in 8 serial {
    tir.for %i in 16 serial {
      tir.for %c in 2 serial {
        tir.for %k in 3 serial {
          tir.block "conv" (%vo: spatial(8) = %o, %vi: spatial(16) = %i, %vc: reduce(2) = %c, %vk: reduce(3) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          } {
            %acc = tir.load %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
            %d = arith.constant 0.0 : f32
            %a = tir.predicated_load %x[%vc, %vi + %vk] where (%vi - %vo >= 0) else %d : !tir.buffer<[2, 18], f32>
            %b = tir.load %w[%vo, %vc, %vk] : !tir.buffer<[8, 2, 3], f32>
            %p = arith.mulf %a, %b : f32
            %s = arith.addf %acc, %p : f32
            tir.store %s, %y[%vo, %vi] : !tir.buffer<[8, 16], f32>
          }
        }
      }
    }
  }
}

// -----

// The copy of an image of symbolic size is as large as the windows reach.

// CHECK-LABEL: tir.func @symbolic
// CHECK: tir.alloc : !tir.buffer<[n + 2], f32>
// CHECK: tir.for %{{.*}} in n + 2 serial
// CHECK: tir.predicated_load %x[%[[j:.*]] - 1] where (%[[j]] - 1 >= 0, -%[[j]] + n >= 0)
tir.func @symbolic<n>(%x: !tir.buffer<[n], f32>, %w: !tir.buffer<[8, 3], f32>) -> (%y: !tir.buffer<[8, n], f32>) {
  tir.for %o in 8 serial {
    tir.for %i in n serial {
      tir.for %k in 3 serial {
        tir.block "conv" (%vo: spatial(8) = %o, %vi: spatial(n) = %i, %vk: reduce(3) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vo, %vi] : !tir.buffer<[8, n], f32>
        } {
          %acc = tir.load %y[%vo, %vi] : !tir.buffer<[8, n], f32>
          %none = arith.constant 0.0 : f32
          %a = tir.predicated_load %x[%vi + %vk - 1] where (%vi + %vk - 1 >= 0, n - %vi - %vk >= 0) else %none : !tir.buffer<[n], f32>
          %b = tir.load %w[%vo, %vk] : !tir.buffer<[8, 3], f32>
          %p = arith.mulf %a, %b : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vo, %vi] : !tir.buffer<[8, n], f32>
        }
      }
    }
  }
}
