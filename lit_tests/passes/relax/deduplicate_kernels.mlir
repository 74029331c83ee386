// RUN: tyrex-opt %s -p deduplicate-kernels | filecheck %s

// CHECK-LABEL: relax.func @main<n>
// CHECK-NEXT:    relax.call_tir @neg(%x)
// CHECK-NEXT:    relax.call_tir @neg(%a)
// CHECK-NEXT:    relax.call_tir_inplace @aliased(%b) {inplace = array<i64: 0>}
// CHECK-NEXT:    relax.call_tir @fixed(%y)
// CHECK:       tir.func @neg<n>
// CHECK-NOT:   @other_names
// CHECK:       tir.func @aliased
// CHECK:       tir.func @fixed
// CHECK:       tir.func @entry
relax.func @main<n>(%x: !relax.tensor<[n], f32>, %y: !relax.tensor<[8], f32>) -> (!relax.tensor<[n], f32>, !relax.tensor<[8], f32>) {
  %a = relax.call_tir @neg(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %b = relax.call_tir @other_names(%a) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %c = relax.call_tir_inplace @aliased(%b) {inplace = array<i64: 0>} : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %d = relax.call_tir @fixed(%y) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %c, %d : !relax.tensor<[n], f32>, !relax.tensor<[8], f32>
}
tir.func @neg<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {
  tir.for %i in n serial {
    tir.block "neg" (%v: spatial(n) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[n], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[n], f32>
    }
  }
}
tir.func @other_names<size>(%in: !tir.buffer<[size], f32>) -> (%out: !tir.buffer<[size], f32>) {
  tir.for %at in size serial {
    tir.block "negate" (%w: spatial(size) = %at) {
      %g = tir.load %in[%w] : !tir.buffer<[size], f32>
      %h = arith.negf %g : f32
      tir.store %h, %out[%w] : !tir.buffer<[size], f32>
    }
  }
}
// What may alias is part of a kernel.
tir.func @aliased<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) aliases (0 = 0) {
  tir.for %i in n serial {
    tir.block "neg" (%v: spatial(n) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[n], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[n], f32>
    }
  }
}
// Another extent is another kernel.
tir.func @fixed(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "neg" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}
// What nothing calls is called from outside.
tir.func @entry(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "neg" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %f = arith.negf %e : f32
      tir.store %f, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}
