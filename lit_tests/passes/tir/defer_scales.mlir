// RUN: tyrex-opt %s --split-input-file -p defer-scales | filecheck %s

// Sums are scaled, not their factors.
// CHECK-LABEL: tir.func @weights
// CHECK: %[[sums:.*]] = tir.alloc : !tir.buffer<[4, 3], f32>
// CHECK: tir.block "product" (%[[i:.*]]: spatial(4) = %{{.*}}, %[[c:.*]]: spatial(3) = %{{.*}}, %[[j:.*]]: reduce(8) = %{{.*}}) init {
// CHECK: tir.store %{{.*}}, %[[sums]][%[[i]], %[[c]]]
// CHECK: tir.load %e[%[[i]], %[[j]]]
// CHECK: tir.block "scale" (%[[i:.*]]: spatial(4) = %{{.*}}, %[[c:.*]]: spatial(3) = %{{.*}})
// CHECK: %[[sum:.*]] = tir.load %[[sums]][%[[i]], %[[c]]]
// CHECK: %[[by:.*]] = tir.load %s[%[[i]]]
// CHECK: %[[y:.*]] = arith.mulf %[[sum]], %[[by]]
// CHECK: tir.store %[[y]], %y[%[[i]], %[[c]]]
tir.func @weights(%e: !tir.buffer<[4, 8], f32>, %s: !tir.buffer<[4], f32>, %v: !tir.buffer<[8, 3], f32>) -> (%y: !tir.buffer<[4, 3], f32>) {
  %t = tir.alloc : !tir.buffer<[4, 8], f32>
  tir.for %i in 4 serial {
    tir.for %j in 8 serial {
      tir.block "scale" (%vi: spatial(4) = %i, %vj: spatial(8) = %j) {
        %a = tir.load %e[%vi, %vj] : !tir.buffer<[4, 8], f32>
        %b = tir.load %s[%vi] : !tir.buffer<[4], f32>
        %p = arith.mulf %a, %b : f32
        tir.store %p, %t[%vi, %vj] : !tir.buffer<[4, 8], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %c in 3 serial {
      tir.for %j in 8 serial {
        tir.block "product" (%vi: spatial(4) = %i, %vc: spatial(3) = %c, %vj: reduce(8) = %j) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
        } {
          %acc = tir.load %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
          %a = tir.load %t[%vi, %vj] : !tir.buffer<[4, 8], f32>
          %b = tir.load %v[%vj, %vc] : !tir.buffer<[8, 3], f32>
          %p = arith.mulf %a, %b : f32
          %n = arith.addf %acc, %p : f32
          tir.store %n, %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
        }
      }
    }
  }
}

// -----

// The scale differs along the sum.
// CHECK-LABEL: tir.func @by_column
// CHECK: tir.block "scale"
// CHECK: tir.block "sum"
// CHECK-NOT: tir.block
tir.func @by_column(%e: !tir.buffer<[4, 8], f32>, %s: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[4], f32>) {
  %t = tir.alloc : !tir.buffer<[4, 8], f32>
  tir.for %i in 4 serial {
    tir.for %j in 8 serial {
      tir.block "scale" (%vi: spatial(4) = %i, %vj: spatial(8) = %j) {
        %a = tir.load %e[%vi, %vj] : !tir.buffer<[4, 8], f32>
        %b = tir.load %s[%vj] : !tir.buffer<[8], f32>
        %p = arith.mulf %a, %b : f32
        tir.store %p, %t[%vi, %vj] : !tir.buffer<[4, 8], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 8 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vj: reduce(8) = %j) init {
        %z = arith.constant 0.0 : f32
        tir.store %z, %y[%vi] : !tir.buffer<[4], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[4], f32>
        %a = tir.load %t[%vi, %vj] : !tir.buffer<[4, 8], f32>
        %n = arith.addf %acc, %a : f32
        tir.store %n, %y[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
}

// -----

// More results than factors.
// CHECK-LABEL: tir.func @wide
// CHECK: tir.block "scale"
// CHECK: tir.block "product"
// CHECK-NOT: tir.block
tir.func @wide(%e: !tir.buffer<[4, 2], f32>, %s: !tir.buffer<[4], f32>, %v: !tir.buffer<[2, 3], f32>) -> (%y: !tir.buffer<[4, 3], f32>) {
  %t = tir.alloc : !tir.buffer<[4, 2], f32>
  tir.for %i in 4 serial {
    tir.for %j in 2 serial {
      tir.block "scale" (%vi: spatial(4) = %i, %vj: spatial(2) = %j) {
        %a = tir.load %e[%vi, %vj] : !tir.buffer<[4, 2], f32>
        %b = tir.load %s[%vi] : !tir.buffer<[4], f32>
        %p = arith.mulf %a, %b : f32
        tir.store %p, %t[%vi, %vj] : !tir.buffer<[4, 2], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %c in 3 serial {
      tir.for %j in 2 serial {
        tir.block "product" (%vi: spatial(4) = %i, %vc: spatial(3) = %c, %vj: reduce(2) = %j) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
        } {
          %acc = tir.load %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
          %a = tir.load %t[%vi, %vj] : !tir.buffer<[4, 2], f32>
          %b = tir.load %v[%vj, %vc] : !tir.buffer<[2, 3], f32>
          %p = arith.mulf %a, %b : f32
          %n = arith.addf %acc, %p : f32
          tir.store %n, %y[%vi, %vc] : !tir.buffer<[4, 3], f32>
        }
      }
    }
  }
}
