// RUN: tyrex-opt %s --split-input-file -p inline-blocks | filecheck %s

// A chain of maps is one block; its location names both.
// CHECK-LABEL: tir.func @chain
// CHECK-NOT: tir.alloc
// CHECK-NOT: tir.block "neg"
// CHECK: tir.block "transposed" (%[[i:.*]]: spatial(8) = %{{.*}}, %[[j:.*]]: spatial(4) = %{{.*}})
// CHECK-NEXT: %[[a:.*]] = tir.load %x[%[[j]], %[[i]]]
// CHECK-NEXT: %[[b:.*]] = arith.negf %[[a]]
// CHECK-NEXT: %[[d:.*]] = math.exp %[[b]]
// CHECK-NEXT: tir.store %[[d]], %y[%[[i]], %[[j]]]
tir.func @chain(%x: !tir.buffer<[4, 8], f32>) -> (%y: !tir.buffer<[8, 4], f32>) {
  %t = tir.alloc : !tir.buffer<[4, 8], f32>
  tir.for %i in 4 serial {
    tir.for %j in 8 serial {
      tir.block "neg" (%vi: spatial(4) = %i, %vj: spatial(8) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[4, 8], f32>
        %b = arith.negf %a : f32
        tir.store %b, %t[%vi, %vj] : !tir.buffer<[4, 8], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.for %j in 4 serial {
      tir.block "transposed" (%vi: spatial(8) = %i, %vj: spatial(4) = %j) {
        %c = tir.load %t[%vj, %vi] : !tir.buffer<[4, 8], f32>
        %d = math.exp %c : f32
        tir.store %d, %y[%vi, %vj] : !tir.buffer<[8, 4], f32>
      }
    }
  }
}

// -----

// Read once per iteration of the reader at two expressions that are one place: computed once.
// CHECK-LABEL: tir.func @same_place
// CHECK-NOT: tir.block "exp"
// CHECK: %[[e:.*]] = math.exp
// CHECK-NOT: math.exp
// CHECK: arith.mulf %[[e]], %[[e]]
tir.func @same_place(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 8 serial {
    tir.block "exp" (%v: spatial(8) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[8], f32>
      %b = math.exp %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 8 serial {
    tir.block "square" (%v: spatial(8) = %i) {
      %c = tir.load %t[%v] : !tir.buffer<[8], f32>
      %d = tir.load %t[%v] : !tir.buffer<[8], f32>
      %e = arith.mulf %c, %d : f32
      tir.store %e, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// A predicated read computes under its condition: memory outside stays untouched.
// CHECK-LABEL: tir.func @guarded
// CHECK-NOT: tir.block "neg"
// CHECK: %[[x:.*]] = tir.predicated_load %x[%v - 1] where (%v - 1 >= 0, -%v + 4 >= 0) else
// CHECK: %[[n:.*]] = arith.negf %[[x]]
// CHECK: %[[p:.*]] = tir.predicate (%v - 1 >= 0, -%v + 4 >= 0)
// CHECK: arith.select %[[p]], %[[n]], %d
tir.func @guarded(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[6], f32>) {
  %t = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.block "neg" (%v: spatial(4) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[4], f32>
      %b = arith.negf %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[4], f32>
    }
  }
  tir.for %i in 6 serial {
    tir.block "pad" (%v: spatial(6) = %i) {
      %d = arith.constant 7.0 : f32
      %c = tir.predicated_load %t[%v - 1] where (%v - 1 >= 0, 4 - %v >= 0) else %d : !tir.buffer<[4], f32>
      tir.store %c, %y[%v] : !tir.buffer<[6], f32>
    }
  }
}

// -----

// An integer division under a condition divides by one where the condition fails.
// CHECK-LABEL: tir.func @division
// CHECK: %[[b:.*]] = tir.predicated_load %x[%v - 1]
// CHECK: %[[p:.*]] = tir.predicate (%v - 1 >= 0)
// CHECK: %[[one:.*]] = arith.constant 1 : i32
// CHECK: %[[d:.*]] = arith.select %[[p]], %[[b]], %[[one]]
// CHECK: arith.divsi %{{.*}}, %[[d]]
// A constant needs no guard.
// CHECK: %[[seven:.*]] = arith.constant 7
// CHECK-NEXT: arith.remsi %{{.*}}, %[[seven]]
tir.func @division(%x: !tir.buffer<[4], i32>) -> (%y: !tir.buffer<[5], i32>) {
  %t = tir.alloc : !tir.buffer<[4], i32>
  tir.for %i in 4 serial {
    tir.block "invert" (%v: spatial(4) = %i) {
      %hundred = arith.constant 100 : i32
      %a = tir.load %x[%v] : !tir.buffer<[4], i32>
      %b = arith.divsi %hundred, %a : i32
      %seven = arith.constant 7 : i32
      %c = arith.remsi %b, %seven : i32
      tir.store %c, %t[%v] : !tir.buffer<[4], i32>
    }
  }
  tir.for %i in 5 serial {
    tir.block "pad" (%v: spatial(5) = %i) {
      %d = arith.constant 0 : i32
      %c = tir.predicated_load %t[%v - 1] where (%v - 1 >= 0) else %d : !tir.buffer<[4], i32>
      tir.store %c, %y[%v] : !tir.buffer<[5], i32>
    }
  }
}

// -----

// What only moves elements goes into every reader, a reduction too.
// CHECK-LABEL: tir.func @moves
// CHECK-NOT: tir.block "transpose"
// CHECK: tir.block "sum"
// CHECK: tir.load %x[%vk, %vi]
// CHECK: tir.block "first" (%[[i:.*]]: spatial(8)
// CHECK-NEXT: tir.load %x[0, %[[i]]]
tir.func @moves(%x: !tir.buffer<[4, 8], f32>) -> (%y: !tir.buffer<[8], f32>, %z: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 4], f32>
  tir.for %i in 8 serial {
    tir.for %j in 4 serial {
      tir.block "transpose" (%vi: spatial(8) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %x[%vj, %vi] : !tir.buffer<[4, 8], f32>
        tir.store %a, %t[%vi, %vj] : !tir.buffer<[8, 4], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(8) = %i, %vk: reduce(4) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[8], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[8], f32>
        %b = tir.load %t[%vi, %vk] : !tir.buffer<[8, 4], f32>
        %c = arith.addf %acc, %b : f32
        tir.store %c, %y[%vi] : !tir.buffer<[8], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.block "first" (%vi: spatial(8) = %i) {
      %d = tir.load %t[%vi, 0] : !tir.buffer<[8, 4], f32>
      tir.store %d, %z[%vi] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// A reduction that reads every element once computes it on the way.
// CHECK-LABEL: tir.func @into_reduction
// CHECK-NOT: tir.block "exp"
// CHECK: tir.block "sum"
// CHECK: math.exp
tir.func @into_reduction(%x: !tir.buffer<[8, 4], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 4], f32>
  tir.for %i in 8 serial {
    tir.for %j in 4 serial {
      tir.block "exp" (%vi: spatial(8) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[8, 4], f32>
        %b = math.exp %a : f32
        tir.store %b, %t[%vi, %vj] : !tir.buffer<[8, 4], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(8) = %i, %vk: reduce(4) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[8], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[8], f32>
        %c = tir.load %t[%vi, %vk] : !tir.buffer<[8, 4], f32>
        %d = arith.addf %acc, %c : f32
        tir.store %d, %y[%vi] : !tir.buffer<[8], f32>
      }
    }
  }
}

// -----

// Must not: a reduction would compute the exponential again and again.
// CHECK-LABEL: tir.func @again_and_again
// CHECK: tir.block "exp"
// CHECK: tir.block "sum"
tir.func @again_and_again(%x: !tir.buffer<[8, 4], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 4], f32>
  tir.for %i in 8 serial {
    tir.for %j in 4 serial {
      tir.block "exp" (%vi: spatial(8) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[8, 4], f32>
        %b = math.exp %a : f32
        tir.store %b, %t[%vi, %vj] : !tir.buffer<[8, 4], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(8) = %i, %vk: reduce(4) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[8], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[8], f32>
        %c = tir.load %t[%vi floordiv 2, %vk] : !tir.buffer<[8, 4], f32>
        %d = arith.addf %acc, %c : f32
        tir.store %d, %y[%vi] : !tir.buffer<[8], f32>
      }
    }
  }
}

// -----

// Must not: computed at two places of one reader.
// CHECK-LABEL: tir.func @two_places
// CHECK: tir.block "exp"
// CHECK: tir.block "add"
tir.func @two_places(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[7], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 8 serial {
    tir.block "exp" (%v: spatial(8) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[8], f32>
      %b = math.exp %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 7 serial {
    tir.block "add" (%v: spatial(7) = %i) {
      %c = tir.load %t[%v] : !tir.buffer<[8], f32>
      %d = tir.load %t[%v + 1] : !tir.buffer<[8], f32>
      %e = arith.addf %c, %d : f32
      tir.store %e, %y[%v] : !tir.buffer<[7], f32>
    }
  }
}

// -----

// Must not: what it reads is overwritten before the reader runs.
// CHECK-LABEL: tir.func @overwritten
// CHECK: tir.block "copy"
// CHECK: tir.block "fill"
// CHECK: tir.block "late"
tir.func @overwritten(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>, %z: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 8 serial {
    tir.block "copy" (%v: spatial(8) = %i) {
      %a = tir.load %y[%v] : !tir.buffer<[8], f32>
      tir.store %a, %t[%v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 8 serial {
    tir.block "fill" (%v: spatial(8) = %i) {
      %b = tir.load %x[%v] : !tir.buffer<[8], f32>
      tir.store %b, %y[%v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 8 serial {
    tir.block "late" (%v: spatial(8) = %i) {
      %c = tir.load %t[%v] : !tir.buffer<[8], f32>
      tir.store %c, %z[%v] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// Must not: written elsewhere than at its own variables, and a reader that is no nest.
// CHECK-LABEL: tir.func @shifted
// CHECK: tir.block "shift"
// CHECK: tir.block "copy"
tir.func @shifted(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  %u = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 8 serial {
    tir.block "shift" (%v: spatial(8) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[8], f32>
      tir.store %a, %t[7 - %v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 8 serial {
    tir.block "copy" (%v: spatial(8) = %i) {
      %b = tir.load %t[%v] : !tir.buffer<[8], f32>
      tir.store %b, %u[%v] : !tir.buffer<[8], f32>
    }
  }
  tir.for %i in 8 serial {
    %c = tir.load %u[%i] : !tir.buffer<[8], f32>
    tir.store %c, %y[%i] : !tir.buffer<[8], f32>
  }
}

// -----

// Must not: the reader writes the memory that the producer reads, at other places.
// CHECK-LABEL: tir.func @aliased
// CHECK: tir.block "transpose"
// CHECK: tir.block "copy"
tir.func @aliased(%x: !tir.buffer<[4, 4], f32>) -> (%y: !tir.buffer<[4, 4], f32>) aliases (0 = 0) {
  %t = tir.alloc : !tir.buffer<[4, 4], f32>
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "transpose" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %x[%vj, %vi] : !tir.buffer<[4, 4], f32>
        tir.store %a, %t[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "copy" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %b = tir.load %t[%vi, %vj] : !tir.buffer<[4, 4], f32>
        tir.store %b, %y[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
}

// -----

// Each iteration of the reader reads, through the producer, the element that it writes.
// CHECK-LABEL: tir.func @update
// CHECK-NOT: tir.block "scale"
// CHECK: tir.block "add" (%[[v:.*]]: spatial(n) = %{{.*}})
// CHECK-NEXT: %[[a:.*]] = tir.load %x[%[[v]]]
// CHECK: %[[c:.*]] = arith.mulf
// CHECK-NEXT: %[[d:.*]] = arith.addf %[[a]], %[[c]]
// CHECK-NEXT: tir.store %[[d]], %y[%[[v]]]
tir.func @update<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) aliases (0 = 0) {
  %t = tir.alloc : !tir.buffer<[n], f32>
  tir.for %i in n serial {
    tir.block "scale" (%v: spatial(n) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[n], f32>
      %b = arith.mulf %a, %a : f32
      tir.store %b, %t[%v] : !tir.buffer<[n], f32>
    }
  }
  tir.for %i in n serial {
    tir.block "add" (%v: spatial(n) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[n], f32>
      %b = tir.load %t[%v] : !tir.buffer<[n], f32>
      %c = arith.addf %a, %b : f32
      tir.store %c, %y[%v] : !tir.buffer<[n], f32>
    }
  }
}
