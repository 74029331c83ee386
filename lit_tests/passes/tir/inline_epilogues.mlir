// RUN: tyrex-opt %s --split-input-file -p inline-epilogues | filecheck %s

// The map runs where each element of the tile is computed.
// CHECK-LABEL: tir.func @pairs
// CHECK-NOT:     tir.alloc
// CHECK:         tir.block "pairs"
// CHECK:           %[[r:.*]] = tir.load %r[%{{.*}} * 2]
// CHECK:           arith.addf %{{.*}}, %[[r]]
// CHECK:           tir.store %{{.*}}, %y[%{{.*}} * 2]
// CHECK:           %[[s:.*]] = tir.load %r[%{{.*}} * 2 + 1]
// CHECK:           arith.addf %{{.*}}, %[[s]]
// CHECK:           tir.store %{{.*}}, %y[%{{.*}} * 2 + 1]
// CHECK-NOT:     tir.block "add"
tir.func @pairs(%x: !tir.buffer<[4], f32>, %r: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 4 serial {
    tir.block "pairs" (%v: spatial(4) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[4], f32>
      %b = arith.negf %a : f32
      tir.store %a, %t[%v * 2] : !tir.buffer<[8], f32>
      tir.store %b, %t[%v * 2 + 1] : !tir.buffer<[8], f32>
    }
  }
  tir.for %j in 8 serial {
    tir.block "add" (%w: spatial(8) = %j) {
      %c = tir.load %t[%w] : !tir.buffer<[8], f32>
      %d = tir.load %r[%w] : !tir.buffer<[8], f32>
      %e = arith.addf %c, %d : f32
      tir.store %e, %y[%w] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// A map that reads elsewhere than it writes must stay behind the whole block.
// CHECK-LABEL: tir.func @reversed
// CHECK:         tir.alloc
// CHECK:         tir.block "pairs"
// CHECK:         tir.block "reverse"
tir.func @reversed(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 4 serial {
    tir.block "pairs" (%v: spatial(4) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[4], f32>
      tir.store %a, %t[%v * 2] : !tir.buffer<[8], f32>
      tir.store %a, %t[%v * 2 + 1] : !tir.buffer<[8], f32>
    }
  }
  tir.for %j in 8 serial {
    tir.block "reverse" (%w: spatial(8) = %j) {
      %c = tir.load %t[7 - %w] : !tir.buffer<[8], f32>
      tir.store %c, %y[%w] : !tir.buffer<[8], f32>
    }
  }
}
