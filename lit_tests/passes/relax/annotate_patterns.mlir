// RUN: tyrex-opt %s -p annotate-patterns | filecheck %s

// CHECK: tir.func @negate{{.*}} attributes {pattern = "elementwise"}
tir.func @negate(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "negate" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %n = arith.negf %e : f32
      tir.store %n, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// CHECK: tir.func @add_row{{.*}} attributes {pattern = "broadcast"}
tir.func @add_row(%x: !tir.buffer<[4, 8], f32>, %b: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[4, 8], f32>) {
  tir.for %i in 4 serial {
    tir.for %j in 8 serial {
      tir.block "add" (%vi: spatial(4) = %i, %vj: spatial(8) = %j) {
        %e = tir.load %x[%vi, %vj] : !tir.buffer<[4, 8], f32>
        %f = tir.load %b[%vj] : !tir.buffer<[8], f32>
        %s = arith.addf %e, %f : f32
        tir.store %s, %y[%vi, %vj] : !tir.buffer<[4, 8], f32>
      }
    }
  }
}

// CHECK: tir.func @transpose<n>{{.*}} attributes {pattern = "injective"}
tir.func @transpose<n>(%x: !tir.buffer<[n, 8], f32>) -> (%y: !tir.buffer<[8, n], f32>) {
  tir.for %i in 8 serial {
    tir.for %j in n serial {
      tir.block "move" (%vi: spatial(8) = %i, %vj: spatial(n) = %j) {
        %e = tir.load %x[%vj, %vi] : !tir.buffer<[n, 8], f32>
        tir.store %e, %y[%vi, %vj] : !tir.buffer<[8, n], f32>
      }
    }
  }
}

// CHECK: tir.func @sum{{.*}} attributes {pattern = "reduction"}
tir.func @sum(%x: !tir.buffer<[4, 8], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    tir.for %k in 8 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vk: reduce(8) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[4], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[4], f32>
        %e = tir.load %x[%vi, %vk] : !tir.buffer<[4, 8], f32>
        %s = arith.addf %acc, %e : f32
        tir.store %s, %y[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
}

// The weight serves every row: a matrix product, whose result alone may be fused with.
// CHECK: tir.func @product{{.*}} attributes {pattern = "out_fusable"}
tir.func @product(%x: !tir.buffer<[4, 8], f32>, %w: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    tir.for %k in 8 serial {
      tir.block "product" (%vi: spatial(4) = %i, %vk: reduce(8) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[4], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[4], f32>
        %e = tir.load %x[%vi, %vk] : !tir.buffer<[4, 8], f32>
        %f = tir.load %w[%vk] : !tir.buffer<[8], f32>
        %p = arith.mulf %e, %f : f32
        %s = arith.addf %acc, %p : f32
        tir.store %s, %y[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
}

// A loop without a block says nothing.
// CHECK: tir.func @lowered{{.*}} attributes {pattern = "opaque"}
tir.func @lowered(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    %e = tir.load %x[%i] : !tir.buffer<[8], f32>
    tir.store %e, %y[%i] : !tir.buffer<[8], f32>
  }
}

// What is said already stays.
// CHECK: tir.func @known{{.*}} attributes {pattern = "broadcast"}
tir.func @known(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) attributes {pattern = "broadcast"} {
}
