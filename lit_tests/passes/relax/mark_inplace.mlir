// RUN: tyrex-opt %s --split-input-file -p mark-inplace | filecheck %s

// The first kernel's argument is the caller's, the last one's result is; between, memory is ours.
// CHECK-LABEL: relax.func @chain
// CHECK-NEXT:    %a = relax.call_tir @neg(%x)
// CHECK-NEXT:    %b = relax.call_tir_inplace @neg(%a) {inplace = array<i64: 0>}
// CHECK-NEXT:    %c = relax.call_tir @neg(%b)
// CHECK-NEXT:    relax.return %c
// CHECK:       tir.func @neg{{.*}} aliases (0 = 0)
relax.func @chain(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %a = relax.call_tir @neg(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %b = relax.call_tir @neg(%a) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %c = relax.call_tir @neg(%b) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %c : !relax.tensor<[8], f32>
}
tir.func @neg(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "neg" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// Read later, also through a view, or by a branch: no.
// CHECK-LABEL: relax.func @read_later
// CHECK-NOT:     relax.call_tir_inplace
// CHECK:       tir.func @neg(
// CHECK-NOT:   aliases
relax.func @read_later(%k: !relax.tensor<[], i1>, %x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[4, 2], f32>) {
  %a = relax.call_tir @neg(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %v = relax.reshape %a {shape = #relax.dims<[4, 2]>} : (!relax.tensor<[8], f32>) -> !relax.tensor<[4, 2], f32>
  %b = relax.call_tir @neg(%a) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %c = relax.call_tir @neg(%b) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %d = relax.if %k : !relax.tensor<[], i1> -> (!relax.tensor<[8], f32>) {
    %e = relax.call_tir @neg(%b) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %e : !relax.tensor<[8], f32>
  } else {
    relax.yield %b : !relax.tensor<[8], f32>
  }
  relax.return %c, %d, %v : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[4, 2], f32>
}
tir.func @neg(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "neg" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// -----

// A kernel that reads elsewhere than it writes; one that reads in an earlier step; the addend of a
// product's epilogue.
// CHECK-LABEL: relax.func @kernels
// CHECK:         relax.call_tir @reverse(%a)
// CHECK:         relax.call_tir_inplace @total_plus(%{{.*}}, %{{.*}}) {inplace = array<i64: 1>}
// CHECK:       tir.func @reverse(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
// CHECK:       tir.func @total_plus{{.*}} aliases (1 = 0)
relax.func @kernels(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %a = relax.call_tir @reverse(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %b = relax.call_tir @reverse(%a) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %c = relax.call_tir @reverse(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %d = relax.call_tir @total_plus(%b, %c) : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %e = relax.call_tir @reverse(%d) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %e : !relax.tensor<[8], f32>
}
tir.func @reverse(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "reverse" (%v: spatial(8) = %i) {
      %e = tir.load %x[7 - %v] : !tir.buffer<[8], f32>
      tir.store %e, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}
tir.func @total_plus(%x: !tir.buffer<[8], f32>, %r: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %t = tir.alloc : !tir.buffer<[8], f32>
  tir.for %i in 8 serial {
    tir.for %k in 8 serial {
      tir.block "total" (%vi: spatial(8) = %i, %vk: reduce(8) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %t[%vi] : !tir.buffer<[8], f32>
      } {
        %acc = tir.load %t[%vi] : !tir.buffer<[8], f32>
        %e = tir.load %x[%vk] : !tir.buffer<[8], f32>
        %s = arith.addf %acc, %e : f32
        tir.store %s, %t[%vi] : !tir.buffer<[8], f32>
      }
    }
  }
  tir.for %i in 8 serial {
    tir.block "plus" (%v: spatial(8) = %i) {
      %e = tir.load %t[%v] : !tir.buffer<[8], f32>
      %f = tir.load %r[%v] : !tir.buffer<[8], f32>
      %s = arith.addf %e, %f : f32
      tir.store %s, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}
