// RUN: tyrex-opt %s -p compact-buffers --show-diagnostics | filecheck %s

// CHECK: error: 'tir.alloc' one iteration of the loops uses [1, n] elements of it: stack memory needs constant extents
// CHECK: hint: use scope "global", or split the loops by constants
tir.func @rows<n>(%x: !tir.buffer<[4, n], f32>) -> (%y: !tir.buffer<[4, n], f32>) {
  %t = tir.alloc : !tir.buffer<[4, n], f32, "stack">
  tir.for %i in 4 parallel {
    tir.for %j in n serial {
      tir.block "copy" (%v: spatial(4) = %i, %w: spatial(n) = %j) {
        %a = tir.load %x[%v, %w] : !tir.buffer<[4, n], f32>
        tir.store %a, %t[%v, %w] : !tir.buffer<[4, n], f32, "stack">
      }
    }
    tir.for %j in n serial {
      tir.block "back" (%v: spatial(4) = %i, %w: spatial(n) = %j) {
        %a = tir.load %t[%v, %w] : !tir.buffer<[4, n], f32, "stack">
        tir.store %a, %y[%v, %w] : !tir.buffer<[4, n], f32>
      }
    }
  }
}
