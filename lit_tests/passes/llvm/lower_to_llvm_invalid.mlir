// RUN: tyrex-opt %s --split-input-file -p lower-to-llvm --verify-diagnostics -t none

tir.func @block() -> () {
  // expected-error @below {{has no lowering to llvm in a kernel}}
  tir.block "b" () {
  }
}

// -----

tir.func @temporary() -> () {
  // expected-error @below {{is no stack buffer of static shape; run lower-blocks first}}
  %t = tir.alloc : !tir.buffer<[4], f32>
}

// -----

tir.func @nested_vectors() -> () {
  tir.for %i in 4 vectorized {
    // expected-error @below {{is a vectorized loop inside another}}
    tir.for %j in 4 vectorized {
    }
  }
}

// -----

tir.func @choice_by_lane(%x: !tir.buffer<[4], i1>) -> () {
  tir.for %i in 4 vectorized {
    %c = tir.load %x[%i] : !tir.buffer<[4], i1>
    // expected-error @below {{differs from lane to lane of a vectorized loop}}
    tir.if %c {
    }
  }
}

// -----

tir.func @one_element(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[1], f32>) {
  tir.for %i in 4 vectorized {
    %a = tir.load %x[%i] : !tir.buffer<[4], f32>
    // expected-error @below {{writes one element from every lane of a vectorized loop}}
    tir.store %a, %y[0] : !tir.buffer<[1], f32>
  }
}

// -----

tir.func @libm(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 vectorized {
    %a = tir.load %x[%i] : !tir.buffer<[4], f32>
    // expected-error @below {{is vectorized, but libm has no vector form of it}}
    %b = math.erf %a : f32
    tir.store %b, %y[%i] : !tir.buffer<[4], f32>
  }
}
