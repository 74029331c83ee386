// RUN: tyrex-opt %s --split-input-file -p pack-constants | filecheck %s

// Columns in tiles of 2, the last one filled with zero; the kernel reads them there.
// CHECK-LABEL: relax.func @main
// CHECK-NEXT:    %w = relax.constant <[2, 2, 2], f32, [1.0, 2.0, 4.0, 5.0, 3.0, 0.0, 6.0, 0.0]>
// CHECK-NEXT:    relax.call_tir @scale(%x, %w) : (!relax.tensor<[2], f32>, !relax.tensor<[2, 2, 2], f32>)
// CHECK:       tir.func @scale(%x: !tir.buffer<[2], f32>, %w: !tir.buffer<[2, 2, 2], f32>)
// CHECK-NOT:   pack
// CHECK:         tir.prefetch %w[%{{.*}} floordiv 2 + 1, %{{.*}}, %{{.*}} mod 2]
// CHECK:         tir.load %w[%{{.*}} floordiv 2, %{{.*}}, %{{.*}} mod 2]
relax.func @main(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2, 3], f32>) {
  %w = relax.constant <[2, 3], f32, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : !relax.tensor<[2, 3], f32>
  %y = relax.call_tir @scale(%x, %w) : (!relax.tensor<[2], f32>, !relax.tensor<[2, 3], f32>) -> !relax.tensor<[2, 3], f32>
  relax.return %y : !relax.tensor<[2, 3], f32>
}
tir.func @scale(%x: !tir.buffer<[2], f32>, %w: !tir.buffer<[2, 3], f32>) -> (%y: !tir.buffer<[2, 3], f32>) attributes {pack = array<i64: 1, 1, 2>} {
  tir.for %i in 2 serial {
    tir.for %j in 3 serial {
      tir.block "scale" (%vi: spatial(2) = %i, %vj: spatial(3) = %j) {
        tir.prefetch %w[%vi, %vj + 2] : !tir.buffer<[2, 3], f32>
        %a = tir.load %x[%vi] : !tir.buffer<[2], f32>
        %b = tir.load %w[%vi, %vj] : !tir.buffer<[2, 3], f32>
        %c = arith.mulf %a, %b : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[2, 3], f32>
      }
    }
  }
}

// -----

// One array in one layout is packed once; the other reader of the original keeps it.
// CHECK-LABEL: relax.func @shared
// CHECK-NEXT:    %[[original:.*]] = relax.constant <[2, 1], f32, [1.0, 2.0]>
// CHECK-NEXT:    %[[packed:.*]] = relax.constant <[1, 1, 2], f32, [1.0, 2.0]>
// CHECK-NEXT:    relax.call_tir @twice(%[[packed]])
// CHECK-NEXT:    relax.call_tir @twice(%[[packed]])
// CHECK-NEXT:    relax.return %{{.*}}, %{{.*}}, %[[original]]
relax.func @shared() -> (!relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>) {
  %w = relax.constant <[2, 1], f32, [1.0, 2.0]> : !relax.tensor<[2, 1], f32>
  %a = relax.call_tir @twice(%w) : (!relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 1], f32>
  %b = relax.call_tir @twice(%w) : (!relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 1], f32>
  relax.return %a, %b, %w : !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>
}
tir.func @twice(%w: !tir.buffer<[2, 1], f32>) -> (%y: !tir.buffer<[2, 1], f32>) attributes {pack = array<i64: 0, 0, 2>} {
  tir.for %i in 2 serial {
    tir.block "twice" (%vi: spatial(2) = %i) {
      %b = tir.load %w[%vi, 0] : !tir.buffer<[2, 1], f32>
      %c = arith.addf %b, %b : f32
      tir.store %c, %y[%vi, 0] : !tir.buffer<[2, 1], f32>
    }
  }
}

// -----

// At one of the calls it is no constant: the layout stays, the hint goes.
// CHECK-LABEL: relax.func @argument
// CHECK-NEXT:    relax.constant <[2, 1], f32, [1.0, 2.0]>
// CHECK:       tir.func @twice(%w: !tir.buffer<[2, 1], f32>) -> (%y: !tir.buffer<[2, 1], f32>) {
// CHECK:         tir.load %w[%vi, 0]
relax.func @argument(%x: !relax.tensor<[2, 1], f32>) -> (!relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>) {
  %w = relax.constant <[2, 1], f32, [1.0, 2.0]> : !relax.tensor<[2, 1], f32>
  %a = relax.call_tir @twice(%w) : (!relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 1], f32>
  %b = relax.call_tir @twice(%x) : (!relax.tensor<[2, 1], f32>) -> !relax.tensor<[2, 1], f32>
  relax.return %a, %b : !relax.tensor<[2, 1], f32>, !relax.tensor<[2, 1], f32>
}
tir.func @twice(%w: !tir.buffer<[2, 1], f32>) -> (%y: !tir.buffer<[2, 1], f32>) attributes {pack = array<i64: 0, 0, 2>} {
  tir.for %i in 2 serial {
    tir.block "twice" (%vi: spatial(2) = %i) {
      %b = tir.load %w[%vi, 0] : !tir.buffer<[2, 1], f32>
      %c = arith.addf %b, %b : f32
      tir.store %c, %y[%vi, 0] : !tir.buffer<[2, 1], f32>
    }
  }
}
