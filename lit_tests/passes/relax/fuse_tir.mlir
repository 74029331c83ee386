// RUN: tyrex-opt %s --split-input-file -p fuse-tir | filecheck %s

// The steps follow each other, over one set of symbols; what they hand on lies in a buffer. Blocks
// keep different names, kernels that only the group called are gone.
// CHECK-LABEL: relax.func @main<m>
// CHECK:         %y = relax.call_tir @fused_neg_neg(%x) : (!relax.tensor<[m * 2], f32>) -> !relax.tensor<[m * 2], f32>
// CHECK-NEXT:    relax.return %y
// CHECK-NOT:   @neg
// CHECK:       tir.func @fused_neg_neg<m>(%x: !tir.buffer<[m * 2], f32>) -> (%y: !tir.buffer<[m * 2], f32>) attributes {pattern = "elementwise"}
// CHECK-NEXT:    %t = tir.alloc : !tir.buffer<[m * 2], f32>
// CHECK-NEXT:    tir.for {{.*}} in m * 2 serial
// CHECK-NEXT:      tir.block "neg" ({{.*}}: spatial(m * 2) = {{.*}})
// CHECK-NEXT:        tir.load %x
// CHECK:             tir.store {{.*}}, %t
// CHECK:         tir.for {{.*}} in m * 2 serial
// CHECK-NEXT:      tir.block "neg_1"
// CHECK-NEXT:        tir.load %t
// CHECK:             tir.store {{.*}}, %y
relax.func @main<m>(%x: !relax.tensor<[m * 2], f32>) -> (!relax.tensor<[m * 2], f32>) {
  %y = relax.call @fused_neg_neg(%x) : (!relax.tensor<[m * 2], f32>) -> !relax.tensor<[m * 2], f32>
  relax.return %y : !relax.tensor<[m * 2], f32>
}
relax.func @fused_neg_neg<m>(%x: !relax.tensor<[m * 2], f32>) -> (!relax.tensor<[m * 2], f32>) attributes {primitive} {
  %t = relax.call_tir @neg(%x) : (!relax.tensor<[m * 2], f32>) -> !relax.tensor<[m * 2], f32>
  %y = relax.call_tir @neg(%t) : (!relax.tensor<[m * 2], f32>) -> !relax.tensor<[m * 2], f32>
  relax.return %y : !relax.tensor<[m * 2], f32>
}
tir.func @neg<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) attributes {pattern = "elementwise"} {
  tir.for %i in n serial {
    tir.block "neg" (%v: spatial(n) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[n], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[n], f32>
    }
  }
}

// -----

// A kernel with buffers of its own, still called from elsewhere.
// CHECK-LABEL: relax.func @shared
// CHECK:         relax.call_tir @fused_twice(%x)
// CHECK:         relax.call_tir @twice(%x)
// CHECK:       tir.func @twice
// CHECK:       tir.func @fused_twice
// CHECK-NEXT:    %t = tir.alloc
// CHECK-NEXT:    %own = tir.alloc
// CHECK-NEXT:    %own_1 = tir.alloc
// CHECK-NOT:     tir.alloc
relax.func @shared(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) {
  %y = relax.call @fused_twice(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %z = relax.call_tir @twice(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y, %z : !relax.tensor<[4], f32>, !relax.tensor<[4], f32>
}
tir.func @twice(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) attributes {pattern = "elementwise"} {
  %own = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.block "copy" (%v: spatial(4) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[4], f32>
      tir.store %e, %own[%v] : !tir.buffer<[4], f32>
    }
  }
  tir.for %i in 4 serial {
    tir.block "add" (%v: spatial(4) = %i) {
      %e = tir.load %own[%v] : !tir.buffer<[4], f32>
      %f = arith.addf %e, %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[4], f32>
    }
  }
}
relax.func @fused_twice(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) attributes {primitive} {
  %t = relax.call_tir @twice(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %y = relax.call_tir @twice(%t) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// A kernel that is called in place elsewhere stays, too.
// CHECK-LABEL: relax.func @in_place
// CHECK:         relax.call_tir_inplace @neg(
// CHECK:       tir.func @neg
relax.func @in_place(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = relax.call @fused_neg(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %z = relax.call_tir_inplace @neg(%y) {inplace = array<i64: 0>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %z : !relax.tensor<[4], f32>
}
tir.func @neg(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) aliases (0 = 0) attributes {pattern = "elementwise"} {
  tir.for %i in 4 serial {
    tir.block "neg" (%v: spatial(4) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[4], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[4], f32>
    }
  }
}
relax.func @fused_neg(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) attributes {primitive} {
  %t = relax.call_tir @neg(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %y = relax.call_tir @neg(%t) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// A kernel that cannot be read leaves the group as it is.
// CHECK-LABEL: relax.func @unread
// CHECK:         relax.call @fused_unread(%x)
// CHECK:       relax.func @fused_unread
relax.func @unread(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = relax.call @fused_unread(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}
relax.func @fused_unread(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) attributes {primitive} {
  %y = relax.call_tir @elsewhere(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}
