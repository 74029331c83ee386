// RUN: tyrex-opt %s -p expand-math | filecheck %s

// e^x: clamped, x / ln 2 rounded into the low bits, a polynomial, two factors 2^n put together.
// CHECK-LABEL: tir.func @exp
// CHECK:         %e = tir.load
// CHECK:         arith.cmpf ogt, %e,
// CHECK:         math.fma
// CHECK:         arith.bitcast %{{.*}} : f32 to i32
// CHECK:         arith.shrsi
// CHECK:         arith.bitcast %{{.*}} : i32 to f32
// CHECK-NOT:     math.exp
// CHECK:         tir.store %r,
tir.func @exp(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "exp" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %r = math.exp %e : f32
      tir.store %r, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// Half floats go through f32.
// CHECK-LABEL: tir.func @tanh_of_half
// CHECK:         %[[WIDE:.*]] = arith.extf %e : f16 to f32
// CHECK:         math.absf %[[WIDE]] : f32
// CHECK:         arith.truncf %{{.*}} : f32 to f16
tir.func @tanh_of_half(%x: !tir.buffer<[8], f16>) -> (%y: !tir.buffer<[8], f16>) {
  tir.for %i in 8 serial {
    tir.block "tanh" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f16>
      %r = math.tanh %e : f16
      tir.store %r, %y[%v] : !tir.buffer<[8], f16>
    }
  }
}

// Constants stand once per block.
// CHECK-LABEL: tir.func @twice
// CHECK:         arith.constant 8.900000e+01
// CHECK-NOT:     arith.constant 8.900000e+01
// CHECK:         tir.store
tir.func @twice(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "exp" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %r = math.exp %e : f32
      %s = math.exp %r : f32
      tir.store %s, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}

// Functions of f64, and what is an instruction, stay.
// CHECK-LABEL: tir.func @kept
// CHECK:         math.exp %e : f64
// CHECK:         math.sqrt %{{.*}} : f64
tir.func @kept(%x: !tir.buffer<[8], f64>) -> (%y: !tir.buffer<[8], f64>) {
  tir.for %i in 8 serial {
    tir.block "exp" (%v: spatial(8) = %i) {
      %e = tir.load %x[%v] : !tir.buffer<[8], f64>
      %r = math.exp %e : f64
      %s = math.sqrt %r : f64
      tir.store %s, %y[%v] : !tir.buffer<[8], f64>
    }
  }
}

// Powers of small constants are products; others are 2^(y log2 x) in f64.
// CHECK-LABEL: tir.func @powers
// CHECK:         %s = arith.mulf %e, %e : f32
// CHECK:         math.absf %s : f32
// CHECK:         arith.extf %{{.*}} : f32 to f64
// CHECK-NOT:     math.powf
// CHECK:         tir.store
tir.func @powers(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "powers" (%v: spatial(8) = %i) {
      %two = arith.constant 2.0 : f32
      %p = arith.constant 2.5 : f32
      %e = tir.load %x[%v] : !tir.buffer<[8], f32>
      %s = math.powf %e, %two : f32
      %r = math.powf %s, %p : f32
      tir.store %r, %y[%v] : !tir.buffer<[8], f32>
    }
  }
}
