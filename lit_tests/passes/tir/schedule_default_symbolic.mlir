// RUN: tyrex-opt %s --split-input-file -p schedule-default | filecheck %s

// Rows that a symbol decides: tiles of 4, the last one moved back, and of 1 where there are fewer.
// A tile is what it would be in a kernel of constant extents, the bias in registers.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @matmul
// CHECK-NOT: tir.alloc : !tir.buffer<[n, 16], f32>
// CHECK: tir.for %[[r:.*]] in ((n + 3) floordiv 4) * min(n floordiv 4, 1)
// CHECK: %[[acc:.*]] = tir.alloc : !tir.buffer<[4, 16], f32, "stack">
// CHECK: tir.block "matmul_init"
// CHECK: tir.for %{{.*}} in 5 serial
// CHECK: tir.block "matmul"
// CHECK: tir.load %a[%{{.*}} + min(%[[r]] * 4, n - 4), %{{.*}}]
// CHECK: tir.block "matmul_write"
// CHECK: tir.store %{{.*}}, %y[%{{.*}} + min(%[[r]] * 4, n - 4), %{{.*}}]
// CHECK: tir.for %[[s:.*]] in {{.*}} serial
// CHECK: tir.alloc : !tir.buffer<[1, 16], f32, "stack">
// CHECK: tir.load %a[%{{.*}} + %[[s]], %{{.*}}]
tir.func @matmul<n>(%a: !tir.buffer<[n, 5], f32>, %b: !tir.buffer<[5, 16], f32>, %bias: !tir.buffer<[16], f32>) -> (%y: !tir.buffer<[n, 16], f32>) {
  %t = tir.alloc : !tir.buffer<[n, 16], f32>
  tir.for %i in n serial {
    tir.for %j in 16 serial {
      tir.for %k in 5 serial {
        tir.block "matmul" (%vi: spatial(n) = %i, %vj: spatial(16) = %j, %vk: reduce(5) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        } {
          %acc = tir.load %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[n, 5], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[5, 16], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        }
      }
    }
  }
  tir.for %i in n serial {
    tir.for %j in 16 serial {
      tir.block "bias" (%vi: spatial(n) = %i, %vj: spatial(16) = %j) {
        %s = tir.load %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        %c = tir.load %bias[%vj] : !tir.buffer<[16], f32>
        %e = arith.addf %s, %c : f32
        tir.store %e, %y[%vi, %vj] : !tir.buffer<[n, 16], f32>
      }
    }
  }
}
}

// -----

// Nothing is computed twice where the result is written over an input: the rest is small tiles.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @in_place
// CHECK: tir.for %[[r:.*]] in n floordiv 4
// CHECK: tir.load %x[%{{.*}} + %[[r]] * 4, %{{.*}}]
// CHECK: tir.for %[[s:.*]] in n mod 4
// CHECK: tir.load %x[
// CHECK-NOT: min(
tir.func @in_place<n>(%a: !tir.buffer<[n, 5], f32>, %b: !tir.buffer<[5, 16], f32>, %x: !tir.buffer<[n, 16], f32>) -> (%y: !tir.buffer<[n, 16], f32>) aliases (2 = 0) {
  %t = tir.alloc : !tir.buffer<[n, 16], f32>
  tir.for %i in n serial {
    tir.for %j in 16 serial {
      tir.for %k in 5 serial {
        tir.block "matmul" (%vi: spatial(n) = %i, %vj: spatial(16) = %j, %vk: reduce(5) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        } {
          %acc = tir.load %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
          %l = tir.load %a[%vi, %vk] : !tir.buffer<[n, 5], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[5, 16], f32>
          %p = arith.mulf %l, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        }
      }
    }
  }
  tir.for %i in n serial {
    tir.for %j in 16 serial {
      tir.block "add" (%vi: spatial(n) = %i, %vj: spatial(16) = %j) {
        %s = tir.load %t[%vi, %vj] : !tir.buffer<[n, 16], f32>
        %c = tir.load %x[%vi, %vj] : !tir.buffer<[n, 16], f32>
        %e = arith.addf %s, %c : f32
        tir.store %e, %y[%vi, %vj] : !tir.buffer<[n, 16], f32>
      }
    }
  }
}
}

// -----

// A map over contiguous memory is one loop of vectors, its rest a vector of which some lanes count.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @map
// CHECK: tir.for %[[v:.*]] in (m * n) floordiv 8
// CHECK-NEXT: tir.for %{{.*}} in 8 vectorized
// CHECK: tir.for %{{.*}} in min((m * n) mod 8, 1)
// CHECK-NEXT: tir.for %{{.*}} in 8 vectorized
// CHECK-NEXT: tir.block "neg" {{.*}} where
tir.func @map<n, m>(%a: !tir.buffer<[n, m], f32>) -> (%y: !tir.buffer<[n, m], f32>) {
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.block "neg" (%vi: spatial(n) = %i, %vj: spatial(m) = %j) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[n, m], f32>
        %s = arith.negf %x : f32
        tir.store %s, %y[%vi, %vj] : !tir.buffer<[n, m], f32>
      }
    }
  }
}
}

// -----

// A sum along memory: lanes, whole vectors that are left, then a part of one.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @sum
// CHECK: tir.for %{{.*}} in n
// CHECK: tir.for %{{.*}} in m floordiv 32
// CHECK-NEXT: tir.for %{{.*}} in 32 vectorized
// CHECK: tir.for %{{.*}} in m floordiv 8 - (m floordiv 32) * 4
// CHECK-NEXT: tir.for %{{.*}} in 8 vectorized
// CHECK: tir.block "sum_rest"
tir.func @sum<n, m>(%a: !tir.buffer<[n, m], f32>) -> (%y: !tir.buffer<[n], f32>) {
  tir.for %i in n serial {
    tir.for %k in m serial {
      tir.block "sum" (%vi: spatial(n) = %i, %vk: reduce(m) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[n], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[n], f32>
        %x = tir.load %a[%vi, %vk] : !tir.buffer<[n, m], f32>
        %s = arith.addf %acc, %x : f32
        tir.store %s, %y[%vi] : !tir.buffer<[n], f32>
      }
    }
  }
}
}

// -----

// A batch of any size is outside of the tiles: these are those of one product, its last row a tile
// of its own, and nothing is computed twice. Threads share the columns too: it may be one product.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16, l1d_bytes = 256>} {
// CHECK-LABEL: tir.func @batch
// CHECK: %[[panel:.*]] = tir.alloc : !tir.buffer<[2, n, 5, 16], f32>
// CHECK: tir.for %[[t:.*]] in n * 2 parallel {
// CHECK: tir.block "panel"
// CHECK: tir.load %b[%[[t]] floordiv 2, %{{.*}}, %{{.*}} + (%[[t]] mod 2) * 16]
// CHECK: tir.alloc : !tir.buffer<[6, 16], f32, "stack">
// CHECK: tir.load %[[panel]]
// CHECK: tir.alloc : !tir.buffer<[1, 16], f32, "stack">
// CHECK-NOT: min(
tir.func @batch<n>(%a: !tir.buffer<[n, 67, 5], f32>, %b: !tir.buffer<[n, 5, 32], f32>) -> (%y: !tir.buffer<[n, 67, 32], f32>) {
  tir.for %p in n serial {
    tir.for %i in 67 serial {
      tir.for %j in 32 serial {
        tir.for %k in 5 serial {
          tir.block "product" (%vp: spatial(n) = %p, %vi: spatial(67) = %i, %vj: spatial(32) = %j, %vk: reduce(5) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vp, %vi, %vj] : !tir.buffer<[n, 67, 32], f32>
          } {
            %acc = tir.load %y[%vp, %vi, %vj] : !tir.buffer<[n, 67, 32], f32>
            %x = tir.load %a[%vp, %vi, %vk] : !tir.buffer<[n, 67, 5], f32>
            %z = tir.load %b[%vp, %vk, %vj] : !tir.buffer<[n, 5, 32], f32>
            %m = arith.mulf %x, %z : f32
            %s = arith.addf %acc, %m : f32
            tir.store %s, %y[%vp, %vi, %vj] : !tir.buffer<[n, 67, 32], f32>
          }
        }
      }
    }
  }
}
}

// -----

// What is read along one axis and written along another goes through tiles; the last is used in part.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @crossing
// CHECK: tir.block "crossing_read" {{.*}} {
// CHECK: tir.transpose
// CHECK: tir.block "crossing" {{.*}} {
// CHECK: tir.for {{.*}}min(n mod 8, 1)
// CHECK: tir.for %[[u:.*]] in 8 unrolled
// CHECK: tir.block "crossing_read" {{.*}} where (-%[[u]] + n mod 8 - 1 >= 0)
// CHECK: tir.transpose
// CHECK: tir.for %[[l:.*]] in 8 vectorized
// CHECK: tir.block "crossing" {{.*}} where (-%[[l]] + n mod 8 - 1 >= 0)
tir.func @crossing<n>(%a: !tir.buffer<[n, 16], f32>) -> (%y: !tir.buffer<[16, n], f32>) {
  tir.for %i in 16 serial {
    tir.for %j in n serial {
      tir.block "crossing" (%vi: spatial(16) = %i, %vj: spatial(n) = %j) {
        %x = tir.load %a[%vj, %vi] : !tir.buffer<[n, 16], f32>
        tir.store %x, %y[%vi, %vj] : !tir.buffer<[16, n], f32>
      }
    }
  }
}
}

// -----

// Loops that a division by a symbol would take apart are around some elements.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @pairs
// CHECK: tir.for %[[i:.*]] in n parallel
// CHECK-NEXT: tir.for %[[j:.*]] in m serial
// CHECK-NEXT: tir.for %[[k:.*]] in 2 serial
// CHECK-NEXT: tir.block {{.*}} (%{{.*}}: spatial(n) = %[[i]], %{{.*}}: spatial(m) = %[[j]], %{{.*}}: spatial(2) = %[[k]])
tir.func @pairs<n, m>(%a: !tir.buffer<[n, 2, m], f32>) -> (%y: !tir.buffer<[n, m, 2], f32>) {
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.for %k in 2 serial {
        tir.block "pairs" (%vi: spatial(n) = %i, %vj: spatial(m) = %j, %vk: spatial(2) = %k) {
          %x = tir.load %a[%vi, %vk, %vj] : !tir.buffer<[n, 2, m], f32>
          tir.store %x, %y[%vi, %vj, %vk] : !tir.buffer<[n, m, 2], f32>
        }
      }
    }
  }
}
}

// -----

// Of how many rows there are nothing is known: 16 tiles of a column ask for all that the next column
// reads, the 17th starts again. Small tiles do not ask, nor do those of what is in the cache anyway.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16, l2_bytes = 65536>} {
// CHECK-LABEL: tir.func @next_column
// CHECK: tir.for %[[j:.*]] in 4 {{.*}} {
// CHECK: tir.for %[[i:.*]] in {{.*}} serial {
// CHECK: tir.for %[[request:.*]] in 2 serial {
// CHECK: tir.prefetch %b[%[[request]] + (%[[i]] mod 16) * 2, {{.*}}%[[j]] * 16 + {{.*}}16]
// CHECK: tir.for %{{.*}} in 16 serial {
// CHECK-NOT: tir.prefetch
// CHECK-LABEL: tir.func @near
// CHECK-NOT: tir.prefetch
tir.func @next_column<n>(%a: !tir.buffer<[n, 32], f32>, %b: !tir.buffer<[32, 64], f32>) -> (%y: !tir.buffer<[n, 64], f32>) {
  tir.for %i in n serial {
    tir.for %j in 64 serial {
      tir.for %k in 32 serial {
        tir.block "product" (%vi: spatial(n) = %i, %vj: spatial(64) = %j, %vk: reduce(32) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[n, 32], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[32, 64], f32>
          %m = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %m : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
        }
      }
    }
  }
}
tir.func @near<n>(%a: !tir.buffer<[n, 4], f32>, %b: !tir.buffer<[4, 64], f32>) -> (%y: !tir.buffer<[n, 64], f32>) {
  tir.for %i in n serial {
    tir.for %j in 64 serial {
      tir.for %k in 4 serial {
        tir.block "product" (%vi: spatial(n) = %i, %vj: spatial(64) = %j, %vk: reduce(4) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[n, 4], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[4, 64], f32>
          %m = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %m : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[n, 64], f32>
        }
      }
    }
  }
}
}
