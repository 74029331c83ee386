// RUN: tyrex-opt %s --split-input-file -p separate-windows | filecheck %s

// Columns first, with their borders, then windows of what lies in a row.
// CHECK-LABEL: tir.func @pool
// CHECK: tir.for %[[r:.*]] in 18 parallel {
// CHECK: %[[t:.*]] = tir.alloc : !tir.buffer<[48], f32, "stack">
// CHECK: tir.block "max_columns" (%[[w:.*]]: spatial(17) = %{{.*}}, %[[u:.*]]: reduce(3) = %{{.*}})
// CHECK: tir.predicated_load %x[%[[r]] floordiv 6, %[[u]] + (%[[r]] mod 6) * 2 - 1, %[[w]] - 1] where (%[[u]] + (%[[r]] mod 6) * 2 - 1 >= 0, %[[w]] - 1 >= 0)
// CHECK: tir.store %{{.*}}, %[[t]][%[[w]]]
// CHECK: tir.block "max" (%[[j:.*]]: spatial(8) = %{{.*}}, %[[v:.*]]: reduce(3) = %{{.*}})
// CHECK-NOT: where
// CHECK: tir.load %[[t]][%[[j]] * 2 + %[[v]]]
tir.func @pool(%x: !tir.buffer<[3, 12, 16], f32>) -> (%y: !tir.buffer<[3, 6, 8], f32>) {
  tir.for %c in 3 serial {
    tir.for %i in 6 serial {
      tir.for %j in 8 serial {
        tir.for %u in 3 serial {
          tir.for %v in 3 serial {
            tir.block "max" (%vc: spatial(3) = %c, %vi: spatial(6) = %i, %vj: spatial(8) = %j, %vu: reduce(3) = %u, %vv: reduce(3) = %v) init {
              %s = arith.constant 0xff800000 : f32
              tir.store %s, %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
            } {
              %a = tir.load %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
              %d = arith.constant 0xff800000 : f32
              %b = tir.predicated_load %x[%vc, %vi * 2 + %vu - 1, %vj * 2 + %vv - 1] where (%vi * 2 + %vu - 1 >= 0, %vj * 2 + %vv - 1 >= 0) else %d : !tir.buffer<[3, 12, 16], f32>
              %m = arith.maximumf %a, %b : f32
              tir.store %m, %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
            }
          }
        }
      }
    }
  }
}

// -----

// Windows side by side that share nothing are read as they lie; a product is no window.
// CHECK-LABEL: tir.func @apart
// CHECK-NOT: parallel
tir.func @apart(%x: !tir.buffer<[3, 12, 16], f32>) -> (%y: !tir.buffer<[3, 6, 8], f32>) {
  tir.for %c in 3 serial {
    tir.for %i in 6 serial {
      tir.for %j in 8 serial {
        tir.for %u in 2 serial {
          tir.for %v in 2 serial {
            tir.block "sum" (%vc: spatial(3) = %c, %vi: spatial(6) = %i, %vj: spatial(8) = %j, %vu: reduce(2) = %u, %vv: reduce(2) = %v) init {
              %s = arith.constant 0.0 : f32
              tir.store %s, %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
            } {
              %a = tir.load %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
              %b = tir.load %x[%vc, %vi * 2 + %vu, %vj * 2 + %vv] : !tir.buffer<[3, 12, 16], f32>
              %m = arith.addf %a, %b : f32
              tir.store %m, %y[%vc, %vi, %vj] : !tir.buffer<[3, 6, 8], f32>
            }
          }
        }
      }
    }
  }
}

// -----

// A sum that starts elsewhere than at its neutral element would start there twice.
// CHECK-LABEL: tir.func @not_neutral
// CHECK-NOT: parallel
tir.func @not_neutral(%x: !tir.buffer<[3, 14, 18], f32>) -> (%y: !tir.buffer<[3, 12, 16], f32>) {
  tir.for %c in 3 serial {
    tir.for %i in 12 serial {
      tir.for %j in 16 serial {
        tir.for %u in 3 serial {
          tir.for %v in 3 serial {
            tir.block "sum" (%vc: spatial(3) = %c, %vi: spatial(12) = %i, %vj: spatial(16) = %j, %vu: reduce(3) = %u, %vv: reduce(3) = %v) init {
              %s = arith.constant 1.0 : f32
              tir.store %s, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            } {
              %a = tir.load %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
              %b = tir.load %x[%vc, %vi + %vu, %vj + %vv] : !tir.buffer<[3, 14, 18], f32>
              %m = arith.addf %a, %b : f32
              tir.store %m, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            }
          }
        }
      }
    }
  }
}

// -----

// What has borders would be copied before it is read in one go: rows are less.
// CHECK-LABEL: tir.func @borders
// CHECK: tir.for %{{.*}} in 36 parallel {
// CHECK: tir.block "sum_columns"
tir.func @borders(%x: !tir.buffer<[3, 12, 16], f32>) -> (%y: !tir.buffer<[3, 12, 16], f32>) {
  tir.for %c in 3 serial {
    tir.for %i in 12 serial {
      tir.for %j in 16 serial {
        tir.for %u in 3 serial {
          tir.for %v in 3 serial {
            tir.block "sum" (%vc: spatial(3) = %c, %vi: spatial(12) = %i, %vj: spatial(16) = %j, %vu: reduce(3) = %u, %vv: reduce(3) = %v) init {
              %s = arith.constant 0.0 : f32
              tir.store %s, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            } {
              %a = tir.load %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
              %d = arith.constant 0.0 : f32
              %b = tir.predicated_load %x[%vc, %vi + %vu - 1, %vj + %vv - 1] where (%vi + %vu - 1 >= 0, 12 - %vi - %vu >= 0, %vj + %vv - 1 >= 0, 16 - %vj - %vv >= 0) else %d : !tir.buffer<[3, 12, 16], f32>
              %m = arith.addf %a, %b : f32
              tir.store %m, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            }
          }
        }
      }
    }
  }
}

// -----

// Without borders nine reads are hardly more than seven and a row in between.
// CHECK-LABEL: tir.func @inside
// CHECK-NOT: parallel
tir.func @inside(%x: !tir.buffer<[3, 14, 18], f32>) -> (%y: !tir.buffer<[3, 12, 16], f32>) {
  tir.for %c in 3 serial {
    tir.for %i in 12 serial {
      tir.for %j in 16 serial {
        tir.for %u in 3 serial {
          tir.for %v in 3 serial {
            tir.block "sum" (%vc: spatial(3) = %c, %vi: spatial(12) = %i, %vj: spatial(16) = %j, %vu: reduce(3) = %u, %vv: reduce(3) = %v) init {
              %s = arith.constant 0.0 : f32
              tir.store %s, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            } {
              %a = tir.load %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
              %b = tir.load %x[%vc, %vi + %vu, %vj + %vv] : !tir.buffer<[3, 14, 18], f32>
              %m = arith.addf %a, %b : f32
              tir.store %m, %y[%vc, %vi, %vj] : !tir.buffer<[3, 12, 16], f32>
            }
          }
        }
      }
    }
  }
}
