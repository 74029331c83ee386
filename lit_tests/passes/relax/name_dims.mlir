// RUN: tyrex-opt %s --split-input-file -p name-dims | filecheck %s

// A size that a division makes is one symbol, in types, extents, indices and conditions; factors stay.
// CHECK-LABEL: relax.func @halves
// CHECK-LABEL: tir.func @half<n, d0>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[d0, 2], f32>, %z: !tir.buffer<[d0 * 4], f32>)
// CHECK: tir.alloc : !tir.buffer<[d0 * 2 + 1], f32>
// CHECK: tir.for %{{.*}} in d0
// CHECK-NOT: floordiv
relax.func @halves<n>(%x: !relax.tensor<[n], f32>) -> (!relax.tensor<[(n + 1) floordiv 2, 2], f32>, !relax.tensor<[((n + 1) floordiv 2) * 4], f32>) {
  %y, %z = relax.call_tir @half(%x) : (!relax.tensor<[n], f32>) -> (!relax.tensor<[(n + 1) floordiv 2, 2], f32>, !relax.tensor<[((n + 1) floordiv 2) * 4], f32>)
  relax.return %y, %z : !relax.tensor<[(n + 1) floordiv 2, 2], f32>, !relax.tensor<[((n + 1) floordiv 2) * 4], f32>
}
tir.func @half<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[(n + 1) floordiv 2, 2], f32>, %z: !tir.buffer<[((n + 1) floordiv 2) * 4], f32>) {
  %t = tir.alloc : !tir.buffer<[((n + 1) floordiv 2) * 2 + 1], f32>
  tir.for %i in (n + 1) floordiv 2 serial {
    tir.for %j in 2 serial {
      tir.block "half" (%vi: spatial((n + 1) floordiv 2) = %i, %vj: spatial(2) = %j) {
        %zero = arith.constant 0.0 : f32
        %a = tir.predicated_load %x[%vi * 2 + %vj] where (n - 1 - %vi * 2 - %vj >= 0) else %zero : !tir.buffer<[n], f32>
        tir.store %a, %y[%vi, %vj] : !tir.buffer<[(n + 1) floordiv 2, 2], f32>
      }
    }
  }
}

// -----

// A product of divisions is one size, where types do not tell each of them.
// CHECK-LABEL: relax.func @area
// CHECK-LABEL: tir.func @pixels<d0>(%x: !tir.buffer<[d0], f32>) -> (%y: !tir.buffer<[d0 * 2], f32>)
// CHECK-NOT: floordiv
relax.func @area<h, w>(%x: !relax.tensor<[(h floordiv 2) * (w floordiv 2)], f32>) -> (!relax.tensor<[(h floordiv 2) * (w floordiv 2) * 2], f32>) {
  %y = relax.call_tir @pixels(%x) : (!relax.tensor<[(h floordiv 2) * (w floordiv 2)], f32>) -> !relax.tensor<[(h floordiv 2) * (w floordiv 2) * 2], f32>
  relax.return %y : !relax.tensor<[(h floordiv 2) * (w floordiv 2) * 2], f32>
}
tir.func @pixels<h, w>(%x: !tir.buffer<[(h floordiv 2) * (w floordiv 2)], f32>) -> (%y: !tir.buffer<[(h floordiv 2) * (w floordiv 2) * 2], f32>) {
  tir.for %i in (h floordiv 2) * (w floordiv 2) serial {
    tir.block "pixels" (%v: spatial((h floordiv 2) * (w floordiv 2)) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[(h floordiv 2) * (w floordiv 2)], f32>
      tir.store %a, %y[%v * 2] : !tir.buffer<[(h floordiv 2) * (w floordiv 2) * 2], f32>
    }
  }
}

// -----

// Must not: the kernel needs h itself, which no type would tell; nor what nothing calls.
// CHECK-LABEL: relax.func @odd
// CHECK-LABEL: tir.func @remainder<h>(%x: !tir.buffer<[h floordiv 2], f32>)
// CHECK-LABEL: tir.func @entry<h>(%x: !tir.buffer<[h floordiv 2], f32>)
relax.func @odd<h>(%x: !relax.tensor<[h floordiv 2], f32>) -> (!relax.tensor<[h floordiv 2], f32>) {
  %y = relax.call_tir @remainder(%x) : (!relax.tensor<[h floordiv 2], f32>) -> !relax.tensor<[h floordiv 2], f32>
  relax.return %y : !relax.tensor<[h floordiv 2], f32>
}
tir.func @remainder<h>(%x: !tir.buffer<[h floordiv 2], f32>) -> (%y: !tir.buffer<[h floordiv 2], f32>) {
  tir.for %i in h floordiv 2 serial {
    tir.block "remainder" (%v: spatial(h floordiv 2) = %i) {
      %zero = arith.constant 0.0 : f32
      %a = tir.predicated_load %x[%v] where (h mod 2 - 1 >= 0) else %zero : !tir.buffer<[h floordiv 2], f32>
      tir.store %a, %y[%v] : !tir.buffer<[h floordiv 2], f32>
    }
  }
}
tir.func @entry<h>(%x: !tir.buffer<[h floordiv 2], f32>) -> (%y: !tir.buffer<[h floordiv 2], f32>) {
  tir.for %i in h floordiv 2 serial {
    tir.block "entry" (%v: spatial(h floordiv 2) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[h floordiv 2], f32>
      tir.store %a, %y[%v] : !tir.buffer<[h floordiv 2], f32>
    }
  }
}
