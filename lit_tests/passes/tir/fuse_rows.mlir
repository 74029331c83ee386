// RUN: tyrex-opt %s --split-input-file -p fuse-rows | filecheck %s

// Steps that read again what is in their own row share a loop over rows; what they hand on is a row.
// CHECK-LABEL: tir.func @shifted
// CHECK-NOT: "global"
// CHECK: tir.for %[[r:.*]] in 6 parallel {
// CHECK-NEXT: %[[m:.*]] = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK-NEXT: tir.for %[[k:.*]] in 5 serial {
// CHECK-NEXT: tir.block "max" (%[[vk:.*]]: reduce(5) = %[[k]]) init {
// CHECK: tir.store %{{.*}}, %[[m]][]
// CHECK: tir.load %[[m]][]
// CHECK: tir.load %x[%[[r]] floordiv 3, %[[r]] mod 3, %[[vk]]]
// CHECK: tir.for %[[j:.*]] in 5 serial {
// CHECK-NEXT: tir.block "sub" (%[[vj:.*]]: spatial(5) = %[[j]])
// CHECK: tir.store %{{.*}}, %y[%[[r]] floordiv 3, %[[r]] mod 3, %[[vj]]]
// CHECK-NOT: tir.for
tir.func @shifted(%x: !tir.buffer<[2, 3, 5], f32>) -> (%y: !tir.buffer<[2, 3, 5], f32>) {
  %t = tir.alloc : !tir.buffer<[2, 3], f32>
  tir.for %h in 2 serial {
    tir.for %i in 3 serial {
      tir.for %k in 5 serial {
        tir.block "max" (%vh: spatial(2) = %h, %vi: spatial(3) = %i, %vk: reduce(5) = %k) init {
          %s = arith.constant 0xff800000 : f32
          tir.store %s, %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
        } {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
          %b = tir.load %x[%vh, %vi, %vk] : !tir.buffer<[2, 3, 5], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
        }
      }
    }
  }
  tir.for %h in 2 serial {
    tir.for %i in 3 serial {
      tir.for %j in 5 serial {
        tir.block "sub" (%vh: spatial(2) = %h, %vi: spatial(3) = %i, %vj: spatial(5) = %j) {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
          %b = tir.load %x[%vh, %vi, %vj] : !tir.buffer<[2, 3, 5], f32>
          %c = arith.subf %b, %a : f32
          tir.store %c, %y[%vh, %vi, %vj] : !tir.buffer<[2, 3, 5], f32>
        }
      }
    }
  }
}

// -----

// A row's buffer ends with a whole vector. A sum that the caller gets is summed up in the row.
// CHECK-LABEL: tir.func @summed
// CHECK: tir.for %[[r:.*]] in 3 parallel {
// CHECK-NEXT: %[[e:.*]] = tir.alloc : !tir.buffer<[16], f32, "stack">
// CHECK: tir.store %{{.*}}, %[[e]][%{{.*}}]
// CHECK: %[[s:.*]] = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK: tir.block "sum" (%{{.*}}: reduce(5)
// CHECK: tir.block "sum" () {
// CHECK-NEXT: %[[v:.*]] = tir.load %[[s]][]
// CHECK-NEXT: tir.store %[[v]], %y[%[[r]]]
tir.func @summed(%x: !tir.buffer<[3, 5], f32>) -> (%y: !tir.buffer<[3], f32>) {
  %t = tir.alloc : !tir.buffer<[3, 5], f32>
  tir.for %i in 3 serial {
    tir.for %j in 5 serial {
      tir.block "exp" (%vi: spatial(3) = %i, %vj: spatial(5) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[3, 5], f32>
        %b = math.exp %a : f32
        tir.store %b, %t[%vi, %vj] : !tir.buffer<[3, 5], f32>
      }
    }
  }
  tir.for %i in 3 serial {
    tir.for %k in 5 serial {
      tir.block "sum" (%vi: spatial(3) = %i, %vk: reduce(5) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %y[%vi] : !tir.buffer<[3], f32>
      } {
        %a = tir.load %y[%vi] : !tir.buffer<[3], f32>
        %b = tir.load %t[%vi, %vk] : !tir.buffer<[3, 5], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %y[%vi] : !tir.buffer<[3], f32>
      }
    }
  }
}

// -----

// Must not: the second step reads other rows; then, the reduction is not along the rows.
// CHECK-LABEL: tir.func @transposed
// CHECK-NOT: parallel
tir.func @transposed(%x: !tir.buffer<[4, 4], f32>) -> (%y: !tir.buffer<[4, 4], f32>) {
  %t = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vk: reduce(4) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %t[%vi] : !tir.buffer<[4], f32>
      } {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vi, %vk] : !tir.buffer<[4, 4], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %t[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "sub" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %t[%vj] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vi, %vj] : !tir.buffer<[4, 4], f32>
        %c = arith.subf %b, %a : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
}

// CHECK-LABEL: tir.func @columns
// CHECK-NOT: parallel
tir.func @columns(%x: !tir.buffer<[4, 4], f32>) -> (%y: !tir.buffer<[4, 4], f32>) {
  %t = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vk: reduce(4) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %t[%vi] : !tir.buffer<[4], f32>
      } {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vk, %vi] : !tir.buffer<[4, 4], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %t[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "sub" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vj, %vi] : !tir.buffer<[4, 4], f32>
        %c = arith.subf %b, %a : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
}
