// RUN: tyrex-opt %s -p lower-blocks --verify-diagnostics -t none

tir.func @inside() -> () {
  tir.for %i in 4 serial {
    // expected-error @below {{'tir.alloc' allocates memory inside a loop; only stack buffers may}}
    %t = tir.alloc : !tir.buffer<[4], f32>
  }
}
