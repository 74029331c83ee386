// RUN: tyrex-opt %s --split-input-file -p schedule-default | filecheck %s

// A product becomes register tiles: rows and vectors unrolled, lanes vectorized; the bias is added
// while the tile is in registers, and the buffer between them is gone.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @matmul
// CHECK-NOT: tir.alloc : !tir.buffer<[8, 16], f32>
// CHECK: tir.for %[[r:.*]] in 2 serial {
// CHECK: %[[acc:.*]] = tir.alloc : !tir.buffer<[4, 16], f32, "stack">
// CHECK: tir.block "matmul_init"
// CHECK: tir.for %[[k:.*]] in 5 serial {
// CHECK-NEXT: tir.for %[[u:.*]] in 4 unrolled {
// CHECK-NEXT: tir.for %[[v:.*]] in 2 unrolled {
// CHECK-NEXT: tir.for %[[l:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "matmul" (%{{.*}}: spatial(8) = %[[r]] * 4 + %[[u]], %{{.*}}: spatial(16) = %[[v]] * 8 + %[[l]], %{{.*}}: reduce(5) = %[[k]], %[[tu:.*]]: spatial(4) = %[[u]], %[[tv:.*]]: spatial(16) = %[[v]] * 8 + %[[l]]) {
// CHECK-NEXT: tir.load %[[acc]][%[[tu]], %[[tv]]]
// CHECK: tir.block "bias_write"
// CHECK-NEXT: %[[sum:.*]] = tir.load %[[acc]]
// CHECK-NEXT: %[[bias:.*]] = tir.load %bias
// CHECK-NEXT: %[[e:.*]] = arith.addf %[[sum]], %[[bias]]
// CHECK-NEXT: tir.store %[[e]], %y
// CHECK-NOT: tir.block "bias"
tir.func @matmul(%a: !tir.buffer<[8, 5], f32>, %b: !tir.buffer<[5, 16], f32>, %bias: !tir.buffer<[16], f32>) -> (%y: !tir.buffer<[8, 16], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 16], f32>
  tir.for %i in 8 serial {
    tir.for %j in 16 serial {
      tir.for %k in 5 serial {
        tir.block "matmul" (%vi: spatial(8) = %i, %vj: spatial(16) = %j, %vk: reduce(5) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %t[%vi, %vj] : !tir.buffer<[8, 16], f32>
        } {
          %acc = tir.load %t[%vi, %vj] : !tir.buffer<[8, 16], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[8, 5], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[5, 16], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %t[%vi, %vj] : !tir.buffer<[8, 16], f32>
        }
      }
    }
  }
  tir.for %i in 8 serial {
    tir.for %j in 16 serial {
      tir.block "bias" (%vi: spatial(8) = %i, %vj: spatial(16) = %j) {
        %c = tir.load %t[%vi, %vj] : !tir.buffer<[8, 16], f32>
        %d = tir.load %bias[%vj] : !tir.buffer<[16], f32>
        %e = arith.addf %c, %d : f32
        tir.store %e, %y[%vi, %vj] : !tir.buffer<[8, 16], f32>
      }
    }
  }
}
}

// -----

// Lanes that an axis does not fill are masked by the blocks' conditions.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @ragged
// CHECK: tir.alloc : !tir.buffer<[3, 8], f32, "stack">
// CHECK: tir.for %[[l:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "matmul_init" {{.*}} where (-%[[l]] + 6 >= 0)
// CHECK: tir.for %[[m:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "matmul" {{.*}} where (-%[[m]] + 6 >= 0)
// CHECK: tir.for %[[n:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "matmul_write" {{.*}} where (-%[[n]] + 6 >= 0)
tir.func @ragged(%a: !tir.buffer<[3, 5], f32>, %b: !tir.buffer<[5, 7], f32>) -> (%y: !tir.buffer<[3, 7], f32>) {
  tir.for %i in 3 serial {
    tir.for %j in 7 serial {
      tir.for %k in 5 serial {
        tir.block "matmul" (%vi: spatial(3) = %i, %vj: spatial(7) = %j, %vk: reduce(5) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[3, 7], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[3, 7], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[3, 5], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[5, 7], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[3, 7], f32>
        }
      }
    }
  }
}
}

// -----

// A sum along contiguous memory: one partial sum per lane, the rest in the lanes that it fills,
// then a tree.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @lanes
// CHECK: %[[acc:.*]] = tir.alloc : !tir.buffer<[8], f32, "stack">
// CHECK: tir.block "sum_init"
// CHECK: tir.for %[[k:.*]] in 2 serial {
// CHECK-NEXT: tir.for %[[l:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "sum" (%{{.*}}: spatial(3) = %{{.*}}, %{{.*}}: reduce(19) = %[[k]] * 8 + %[[l]], %{{.*}}: spatial(8) = %[[l]])
// CHECK: tir.for %[[r:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "sum_rest" (%{{.*}}: spatial(3) = %{{.*}}, %{{.*}}: reduce(19) = %[[r]] + 16, %[[p:.*]]: spatial(8) = %[[r]]) where (-%[[r]] + 2 >= 0)
// CHECK: %[[new:.*]] = arith.addf
// CHECK-NEXT: %[[holds:.*]] = tir.predicate (-%[[p]] + 2 >= 0)
// CHECK-NEXT: %[[old:.*]] = tir.load %[[acc]][%[[p]]]
// CHECK-NEXT: %[[chosen:.*]] = arith.select %[[holds]], %[[new]], %[[old]]
// CHECK-NEXT: tir.store %[[chosen]], %[[acc]][%[[p]]]
// CHECK: tir.for %{{.*}} in 4 vectorized {
// CHECK-NEXT: tir.block "sum_combine" (%[[c:.*]]: spatial(4)
// CHECK-NEXT: tir.load %[[acc]][%[[c]]]
// CHECK-NEXT: tir.load %[[acc]][%[[c]] + 4]
// CHECK: tir.for %{{.*}} in 2 vectorized {
// CHECK-NEXT: tir.block "sum_combine"
// CHECK-NOT: tir.for
// CHECK: tir.block "sum_combine"
// CHECK: tir.block "sum_result"
// CHECK-NEXT: %[[total:.*]] = tir.load %[[acc]][0]
// CHECK-NEXT: tir.store %[[total]], %y
tir.func @lanes(%a: !tir.buffer<[3, 19], f32>) -> (%y: !tir.buffer<[3], f32>) {
  tir.for %i in 3 serial {
    tir.for %k in 19 serial {
      tir.block "sum" (%vi: spatial(3) = %i, %vk: reduce(19) = %k) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vi] : !tir.buffer<[3], f32>
      } {
        %acc = tir.load %y[%vi] : !tir.buffer<[3], f32>
        %x = tir.load %a[%vi, %vk] : !tir.buffer<[3, 19], f32>
        %s = arith.addf %acc, %x : f32
        tir.store %s, %y[%vi] : !tir.buffer<[3], f32>
      }
    }
  }
}
}

// -----

// A map: loops that are one to every address are fused, vectors, of the last one some lanes.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @map
// CHECK: tir.for %[[v:.*]] in 2 serial {
// CHECK-NEXT: tir.for %[[l:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "neg" (%{{.*}}: spatial(3) = (%[[v]] * 8 + %[[l]]) floordiv 7, %{{.*}}: spatial(7) = (%[[v]] + %[[l]]) mod 7)
// CHECK: tir.for %[[m:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "neg" {{.*}} where (-%[[m]] + 4 >= 0)
tir.func @map(%a: !tir.buffer<[3, 7], f32>) -> (%y: !tir.buffer<[3, 7], f32>) {
  tir.for %i in 3 serial {
    tir.for %j in 7 serial {
      tir.block "neg" (%vi: spatial(3) = %i, %vj: spatial(7) = %j) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[3, 7], f32>
        %n = arith.negf %x : f32
        tir.store %n, %y[%vi, %vj] : !tir.buffer<[3, 7], f32>
      }
    }
  }
}
}

// -----

// Enough work: the outermost loop is parallel.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @parallel
// CHECK: tir.for %{{.*}} in 512 parallel {
// CHECK: tir.for %{{.*}} in 8 vectorized {
tir.func @parallel(%a: !tir.buffer<[512, 1024], f32>, %b: !tir.buffer<[512], f32>) -> (%y: !tir.buffer<[512, 1024], f32>) {
  tir.for %i in 512 serial {
    tir.for %j in 1024 serial {
      tir.block "add" (%vi: spatial(512) = %i, %vj: spatial(1024) = %j) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[512, 1024], f32>
        %z = tir.load %b[%vi] : !tir.buffer<[512], f32>
        %n = arith.addf %x, %z : f32
        tir.store %n, %y[%vi, %vj] : !tir.buffer<[512, 1024], f32>
      }
    }
  }
}
}

// -----

// Too few iterations for threads to share evenly: the loop below joins.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @few_rows
// CHECK: tir.for %[[F:.*]] in 1536 parallel {
// CHECK-NEXT: tir.for %{{.*}} in 8 vectorized {
// CHECK: "add" (%{{.*}}: spatial(3) = %[[F]] floordiv 512,
tir.func @few_rows(%a: !tir.buffer<[3, 4096], f32>, %b: !tir.buffer<[3], f32>) -> (%y: !tir.buffer<[3, 4096], f32>) {
  tir.for %i in 3 serial {
    tir.for %j in 4096 serial {
      tir.block "add" (%vi: spatial(3) = %i, %vj: spatial(4096) = %j) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[3, 4096], f32>
        %z = tir.load %b[%vi] : !tir.buffer<[3], f32>
        %n = arith.addf %x, %z : f32
        %m = arith.mulf %n, %n : f32
        %o = arith.addf %m, %z : f32
        tir.store %o, %y[%vi, %vj] : !tir.buffer<[3, 4096], f32>
      }
    }
  }
}
}

// -----

// Too little work for threads: serial.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @little_work
// CHECK: tir.for %{{.*}} in 3 serial {
// CHECK-NOT: parallel
tir.func @little_work(%a: !tir.buffer<[3, 64], f32>, %b: !tir.buffer<[3], f32>) -> (%y: !tir.buffer<[3, 64], f32>) {
  tir.for %i in 3 serial {
    tir.for %j in 64 serial {
      tir.block "add" (%vi: spatial(3) = %i, %vj: spatial(64) = %j) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[3, 64], f32>
        %z = tir.load %b[%vi] : !tir.buffer<[3], f32>
        %n = arith.addf %x, %z : f32
        tir.store %n, %y[%vi, %vj] : !tir.buffer<[3, 64], f32>
      }
    }
  }
}
}

// -----

// Must not become vectors: a loaded index, a statement under a condition. Loops stay as they are.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @gather
// CHECK: tir.for %[[i:.*]] in 64 serial {
// CHECK-NEXT: tir.block "gather" (%{{.*}}: spatial(64) = %[[i]])
// CHECK-NOT: vectorized
tir.func @gather(%a: !tir.buffer<[64], f32>, %at: !tir.buffer<[64], i64>) -> (%y: !tir.buffer<[64], f32>) {
  tir.for %i in 64 serial {
    tir.block "gather" (%v: spatial(64) = %i) {
      %n = tir.load %at[%v] : !tir.buffer<[64], i64>
      %p = arith.index_cast %n : i64 to index
      %x = tir.load %a[%p] : !tir.buffer<[64], f32>
      tir.store %x, %y[%v] : !tir.buffer<[64], f32>
    }
  }
}
}

// -----

// What is scheduled already, or no nest, stays.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @by_hand
// CHECK: tir.for %o in 16 parallel {
// CHECK-NEXT: tir.for %i in 4 vectorized {
// CHECK-NEXT: tir.block "copy" (%v: spatial(64) = %o * 4 + %i)
tir.func @by_hand(%a: !tir.buffer<[64], f32>) -> (%y: !tir.buffer<[64], f32>) {
  tir.for %o in 16 parallel {
    tir.for %i in 4 vectorized {
      tir.block "copy" (%v: spatial(64) = %o * 4 + %i) {
        %x = tir.load %a[%v] : !tir.buffer<[64], f32>
        tir.store %x, %y[%v] : !tir.buffer<[64], f32>
      }
    }
  }
}
}

// -----

// An operand that tiles would read far apart is copied into a panel, column by column, and the tiles
// of one column ask for what the next one copies: 8 tiles, one part each, at every 8th step. Where
// there are few bytes they are near anyway.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 512, vector_registers = 32, l2_bytes = 65536>} {
// CHECK-LABEL: tir.func @next_column
// CHECK: %[[panel:.*]] = tir.alloc : !tir.buffer<[4, 64, 48], f32>
// CHECK: tir.for %[[c:.*]] in 4 parallel {
// CHECK: tir.block "panel" (%[[pk:.*]]: spatial(64) = %{{.*}}, %[[pl:.*]]: spatial(48) =
// CHECK-NEXT: %[[element:.*]] = tir.load %b[%[[pk]], %[[c]] * 48 + %[[pl]]]
// CHECK-NEXT: tir.store %[[element]], %[[panel]][%[[c]], %[[pk]], %[[pl]]]
// CHECK: tir.for %[[r:.*]] in 8 serial {
// CHECK: tir.for %[[k:.*]] in 8 serial {
// CHECK-NEXT: tir.for %[[v:.*]] in 3 unrolled {
// CHECK-NEXT: tir.prefetch %b[%[[r]] * 8 + %[[k]], %[[c]] * 48 + %[[v]] * 16 + 48] : !tir.buffer<[64, 192], f32>
// CHECK: tir.for %[[w:.*]] in 8 serial {
// CHECK: tir.block "matmul" (%{{.*}}: spatial(64) = %[[r]] * 8 + %{{.*}}, %[[j:.*]]: spatial(192) = {{.*}}, %[[kk:.*]]: reduce(64) = %[[k]] * 8 + %[[w]],
// CHECK: tir.load %[[panel]][%[[j]] floordiv 48, %[[kk]], %[[j]] mod 48]
tir.func @next_column(%a: !tir.buffer<[64, 64], f32>, %b: !tir.buffer<[64, 192], f32>) -> (%y: !tir.buffer<[64, 192], f32>) {
  tir.for %i in 64 serial {
    tir.for %j in 192 serial {
      tir.for %k in 64 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(192) = %j, %vk: reduce(64) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 64], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[64, 192], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
        }
      }
    }
  }
}
// CHECK-LABEL: tir.func @near
// CHECK-NOT: tir.prefetch
tir.func @near(%a: !tir.buffer<[64, 8], f32>, %b: !tir.buffer<[8, 96], f32>) -> (%y: !tir.buffer<[64, 96], f32>) {
  tir.for %i in 64 serial {
    tir.for %j in 96 serial {
      tir.for %k in 8 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(96) = %j, %vk: reduce(8) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[64, 96], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[64, 96], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 8], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[8, 96], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[64, 96], f32>
        }
      }
    }
  }
}
}

// -----

// The last tile of a panel is filled up with zeros. A constant has its layout from pack-constants.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 32, l1d_bytes = 64, l2_bytes = 512>} {
// CHECK-LABEL: tir.func @last_column
// CHECK: %[[panel:.*]] = tir.alloc : !tir.buffer<[2, 2, 12], f32>
// CHECK: tir.block "panel" (%[[k:.*]]: spatial(2) = {{.*}}, %[[l:.*]]: spatial(12) =
// CHECK-NEXT: %[[zero:.*]] = arith.constant 0.0
// CHECK-NEXT: %[[first:.*]] = tir.predicated_load %b[%[[k]], %[[l]]] where (-%[[l]] + 17 >= 0) else %[[zero]]
// CHECK-NEXT: tir.store %[[first]], %[[panel]][0, %[[k]], %[[l]]]
// CHECK: tir.block "panel" (%[[k2:.*]]: spatial(2) = {{.*}}, %[[l2:.*]]: spatial(12) =
// CHECK: %[[last:.*]] = tir.predicated_load %b[%[[k2]], %[[l2]] + 12] where (-%[[l2]] + 5 >= 0)
// CHECK-NEXT: tir.store %[[last]], %[[panel]][1, %[[k2]], %[[l2]]]
// CHECK-LABEL: tir.func @constant
// CHECK-NOT: "panel"
relax.func @main(%a: !relax.tensor<[64, 2], f32>, %b: !relax.tensor<[2, 18], f32>) -> (!relax.tensor<[64, 18], f32>, !relax.tensor<[64, 18], f32>) {
  %w = relax.constant <[2, 18], f32, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0]> : !relax.tensor<[2, 18], f32>
  %y = relax.call_tir @last_column(%a, %b) : (!relax.tensor<[64, 2], f32>, !relax.tensor<[2, 18], f32>) -> !relax.tensor<[64, 18], f32>
  %z = relax.call_tir @constant(%a, %w) : (!relax.tensor<[64, 2], f32>, !relax.tensor<[2, 18], f32>) -> !relax.tensor<[64, 18], f32>
  relax.return %y, %z : !relax.tensor<[64, 18], f32>, !relax.tensor<[64, 18], f32>
}
tir.func @last_column(%a: !tir.buffer<[64, 2], f32>, %b: !tir.buffer<[2, 18], f32>) -> (%y: !tir.buffer<[64, 18], f32>) {
  tir.for %i in 64 serial {
    tir.for %j in 18 serial {
      tir.for %k in 2 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(18) = %j, %vk: reduce(2) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 2], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[2, 18], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
        }
      }
    }
  }
}
tir.func @constant(%a: !tir.buffer<[64, 2], f32>, %b: !tir.buffer<[2, 18], f32>) -> (%y: !tir.buffer<[64, 18], f32>) {
  tir.for %i in 64 serial {
    tir.for %j in 18 serial {
      tir.for %k in 2 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(18) = %j, %vk: reduce(2) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 2], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[2, 18], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[64, 18], f32>
        }
      }
    }
  }
}
}

// -----

// What is read along one axis and written along another goes through tiles; 12 = 8 + 4.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @crossing
// CHECK: tir.for %[[h:.*]] in 2 serial {
// CHECK-NEXT: %[[t:.*]] = tir.alloc : !tir.buffer<[8, 8], f32, "stack">
// CHECK-NEXT: tir.for %[[u:.*]] in 8 unrolled {
// CHECK-NEXT: tir.for %[[l:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "crossing_read" (%[[vi:.*]]: spatial(16) = %[[h]] * 8 + %[[l]], %[[vj:.*]]: spatial(12) = %[[u]], %[[r:.*]]: spatial(8) = %[[u]], %[[c:.*]]: spatial(8) = %[[l]]) {
// CHECK-NEXT: %[[e:.*]] = tir.load %a[%[[vj]], %[[vi]]]
// CHECK-NEXT: tir.store %[[e]], %[[t]][%[[r]], %[[c]]]
// CHECK-NOT: crossing_clear
// CHECK: tir.transpose %[[t]]
// CHECK: tir.for %[[v:.*]] in 8 unrolled {
// CHECK-NEXT: tir.for %[[m:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "crossing" (%[[wi:.*]]: spatial(16) = %[[h]] * 8 + %[[v]], %[[wj:.*]]: spatial(12) = %[[m]],
// CHECK-NEXT: tir.load %[[t]]
// CHECK: tir.store %{{.*}}, %y[%[[wi]], %[[wj]]]
// Rows that nothing is read into are zeros, not what the tile before left in them.
// CHECK: tir.for %{{.*}} in 4 unrolled {
// CHECK: tir.block "crossing_read"
// CHECK: tir.for %[[z:.*]] in 4 unrolled {
// CHECK-NEXT: tir.for %[[zl:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "crossing_clear" (%[[zr:.*]]: spatial(8) = %[[z]] + 4, %[[zc:.*]]: spatial(8) = %[[zl]]) {
// CHECK-NEXT: arith.constant 0.000000e+00 : f32
// CHECK-NEXT: tir.store %{{.*}}, %{{.*}}[%[[zr]], %[[zc]]]
// CHECK: tir.transpose
// CHECK: tir.for %{{.*}} in 8 unrolled {
// CHECK: tir.for %[[n:.*]] in 8 vectorized {
// CHECK-NEXT: tir.block "crossing" {{.*}} where (-%[[n]] + 3 >= 0)
tir.func @crossing(%a: !tir.buffer<[12, 16], f32>) -> (%y: !tir.buffer<[16, 12], f32>) {
  tir.for %i in 16 serial {
    tir.for %j in 12 serial {
      tir.block "crossing" (%vi: spatial(16) = %i, %vj: spatial(12) = %j) {
        %x = tir.load %a[%vj, %vi] : !tir.buffer<[12, 16], f32>
        %n = arith.negf %x : f32
        tir.store %n, %y[%vi, %vj] : !tir.buffer<[16, 12], f32>
      }
    }
  }
}

// Must not: no axis is contiguous where it reads; then, there are too few elements for a tile.
// CHECK-LABEL: tir.func @every_other
// CHECK-NOT: tir.transpose
tir.func @every_other(%a: !tir.buffer<[16, 32], f32>) -> (%y: !tir.buffer<[16, 16], f32>) {
  tir.for %i in 16 serial {
    tir.for %j in 16 serial {
      tir.block "every_other" (%vi: spatial(16) = %i, %vj: spatial(16) = %j) {
        %x = tir.load %a[%vj, %vi * 2] : !tir.buffer<[16, 32], f32>
        tir.store %x, %y[%vi, %vj] : !tir.buffer<[16, 16], f32>
      }
    }
  }
}
// CHECK-LABEL: tir.func @narrow
// CHECK-NOT: tir.transpose
tir.func @narrow(%a: !tir.buffer<[16, 2], f32>) -> (%y: !tir.buffer<[2, 16], f32>) {
  tir.for %i in 2 serial {
    tir.for %j in 16 serial {
      tir.block "narrow" (%vi: spatial(2) = %i, %vj: spatial(16) = %j) {
        %x = tir.load %a[%vj, %vi] : !tir.buffer<[16, 2], f32>
        tir.store %x, %y[%vi, %vj] : !tir.buffer<[2, 16], f32>
      }
    }
  }
}
}

// -----

// No vectors, and threads all the same: an axis of one element is no loop that could be parallel.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 256, vector_registers = 16>} {
// CHECK-LABEL: tir.func @strided_pool
// CHECK-NEXT: tir.for %{{.*}} in 768 parallel {
// CHECK: tir.block "max_init"
// CHECK: tir.for %{{.*}} in 3 serial {
tir.func @strided_pool(%x: !tir.buffer<[1, 24, 65, 65], f32>) -> (%y: !tir.buffer<[1, 24, 32, 32], f32>) {
  tir.for %n in 1 serial {
    tir.for %c in 24 serial {
      tir.for %i in 32 serial {
        tir.for %j in 32 serial {
          tir.for %r in 3 serial {
            tir.for %s in 3 serial {
              tir.block "max" (%vn: spatial(1) = %n, %vc: spatial(24) = %c, %vi: spatial(32) = %i, %vj: spatial(32) = %j, %vr: reduce(3) = %r, %vs: reduce(3) = %s) init {
                %low = arith.constant 0xff800000 : f32
                tir.store %low, %y[%vn, %vc, %vi, %vj] : !tir.buffer<[1, 24, 32, 32], f32>
              } {
                %a = tir.load %y[%vn, %vc, %vi, %vj] : !tir.buffer<[1, 24, 32, 32], f32>
                %b = tir.load %x[%vn, %vc, %vi * 2 + %vr, %vj * 2 + %vs] : !tir.buffer<[1, 24, 65, 65], f32>
                %m = arith.maximumf %a, %b : f32
                tir.store %m, %y[%vn, %vc, %vi, %vj] : !tir.buffer<[1, 24, 32, 32], f32>
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// Three threads cannot share four columns evenly: all panels are made first, then they share tiles.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 512, vector_registers = 32, cores = 3, l2_bytes = 65536>} {
// CHECK-LABEL: tir.func @few_columns
// CHECK: %[[panel:.*]] = tir.alloc : !tir.buffer<[4, 64, 48], f32>
// CHECK: tir.block "panel" (%{{.*}}: spatial(4) = {{.*}}, %{{.*}}: spatial(64) = {{.*}}, %{{.*}}: spatial(48) =
// CHECK: tir.for %{{.*}} in 32 parallel {
// CHECK: tir.prefetch %[[panel]][
// CHECK: tir.block "matmul" ({{.*}}, %[[j:.*]]: spatial(192) = {{.*}}, %[[k:.*]]: reduce(64)
// CHECK: tir.load %[[panel]][%[[j]] floordiv 48, %[[k]], %[[j]] mod 48]
tir.func @few_columns(%a: !tir.buffer<[64, 64], f32>, %b: !tir.buffer<[64, 192], f32>) -> (%y: !tir.buffer<[64, 192], f32>) {
  tir.for %i in 64 serial {
    tir.for %j in 192 serial {
      tir.for %k in 64 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(192) = %j, %vk: reduce(64) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 64], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[64, 192], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[64, 192], f32>
        }
      }
    }
  }
}
}

// -----

// A long reduction runs in pieces: what a column of one reads stays near while the rows pass. Tiles
// leave their sums in memory in between; the bias follows the last piece.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 32, l2_bytes = 4096>} {
// CHECK-LABEL: tir.func @long_sum
// CHECK: %[[sums:.*]] = tir.alloc : !tir.buffer<[64, 8], f32>
// CHECK: tir.block "matmul_init"
// CHECK: tir.block "matmul_write"
// CHECK: tir.store %{{.*}}, %[[sums]]
// CHECK: tir.for %[[p:.*]] in 4 serial {
// CHECK: tir.block "matmul_resume"
// CHECK-NEXT: tir.load %[[sums]]
// CHECK: tir.block "matmul" ({{.*}}: reduce(140) = %[[p]] * 28 +
// CHECK: tir.block "matmul_write"
// CHECK: tir.block "matmul_resume"
// CHECK: tir.block "matmul" ({{.*}}: reduce(140) = {{.*}} + 112,
// CHECK: tir.block "bias_write"
// CHECK: tir.store %{{.*}}, %y
tir.func @long_sum(%a: !tir.buffer<[64, 140], f32>, %b: !tir.buffer<[140, 8], f32>) -> (%y: !tir.buffer<[64, 8], f32>) {
  %t = tir.alloc : !tir.buffer<[64, 8], f32>
  tir.for %i in 64 serial {
    tir.for %j in 8 serial {
      tir.for %k in 140 serial {
        tir.block "matmul" (%vi: spatial(64) = %i, %vj: spatial(8) = %j, %vk: reduce(140) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %t[%vi, %vj] : !tir.buffer<[64, 8], f32>
        } {
          %acc = tir.load %t[%vi, %vj] : !tir.buffer<[64, 8], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[64, 140], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[140, 8], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %t[%vi, %vj] : !tir.buffer<[64, 8], f32>
        }
      }
    }
  }
  tir.for %i in 64 serial {
    tir.for %j in 8 serial {
      tir.block "bias" (%vi: spatial(64) = %i, %vj: spatial(8) = %j) {
        %c = tir.load %t[%vi, %vj] : !tir.buffer<[64, 8], f32>
        %e = arith.addf %c, %c : f32
        tir.store %e, %y[%vi, %vj] : !tir.buffer<[64, 8], f32>
      }
    }
  }
}
}

// -----

// One row: nothing is read twice. A tile has eight vectors, and weights are laid out vector by vector:
// eight streams. With rows, a tile's vectors are together.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 32, l1d_bytes = 32768, l2_bytes = 1048576>} {
// CHECK-LABEL: tir.func @one_row({{.*}} attributes {pack = array<i64: 1, 1, 4>}
// CHECK: tir.for %{{.*}} in 2
// CHECK: tir.for %{{.*}} in 6 serial {
// CHECK-NEXT: tir.for %[[v:.*]] in 8 unrolled {
// CHECK-NEXT: tir.for %{{.*}} in 4 vectorized {
// CHECK-LABEL: tir.func @rows({{.*}} attributes {pack = array<i64: 0, 0, {{[0-9]+}}, 1, 1, {{8|12|16}}>}
tir.func @one_row(%a: !tir.buffer<[1, 6], f32>, %b: !tir.buffer<[6, 64], f32>) -> (%y: !tir.buffer<[1, 64], f32>) {
  tir.for %i in 1 serial {
    tir.for %j in 64 serial {
      tir.for %k in 6 serial {
        tir.block "matmul" (%vi: spatial(1) = %i, %vj: spatial(64) = %j, %vk: reduce(6) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[1, 64], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[1, 64], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[1, 6], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[6, 64], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[1, 64], f32>
        }
      }
    }
  }
}
tir.func @rows(%a: !tir.buffer<[6, 6], f32>, %b: !tir.buffer<[6, 64], f32>) -> (%y: !tir.buffer<[6, 64], f32>) {
  tir.for %i in 6 serial {
    tir.for %j in 64 serial {
      tir.for %k in 6 serial {
        tir.block "matmul" (%vi: spatial(6) = %i, %vj: spatial(64) = %j, %vk: reduce(6) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi, %vj] : !tir.buffer<[6, 64], f32>
        } {
          %acc = tir.load %y[%vi, %vj] : !tir.buffer<[6, 64], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[6, 6], f32>
          %z = tir.load %b[%vk, %vj] : !tir.buffer<[6, 64], f32>
          %p = arith.mulf %x, %z : f32
          %s = arith.addf %acc, %p : f32
          tir.store %s, %y[%vi, %vj] : !tir.buffer<[6, 64], f32>
        }
      }
    }
  }
}
}

// -----

// Rows that are longer than a tile: sums wait in memory while four rows at a time are read in runs.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l2_bytes = 4096>} {
// CHECK-LABEL: tir.func @columns
// CHECK: tir.for %[[half:.*]] in 2 serial {
// CHECK: %[[acc:.*]] = tir.alloc : !tir.buffer<[64], f32, "stack">
// CHECK: tir.for %[[k:.*]] in 5 serial {
// CHECK-NEXT: tir.for %[[v:.*]] in 16 serial {
// CHECK-NEXT: tir.for %[[r:.*]] in 4 unrolled {
// CHECK-NEXT: tir.for %[[lane:.*]] in 4 vectorized {
// CHECK-NEXT: tir.block "sum" ({{.*}}reduce(22) = %[[k]] * 4 + %[[r]]
// CHECK: tir.for %[[rest:.*]] in 2 serial {
// CHECK: tir.block "sum_write"
tir.func @columns(%x: !tir.buffer<[22, 128], f32>) -> (%y: !tir.buffer<[128], f32>) {
  tir.for %j in 128 serial {
    tir.for %i in 22 serial {
      tir.block "sum" (%vj: spatial(128) = %j, %vi: reduce(22) = %i) init {
        %zero = arith.constant 0.0 : f32
        tir.store %zero, %y[%vj] : !tir.buffer<[128], f32>
      } {
        %acc = tir.load %y[%vj] : !tir.buffer<[128], f32>
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[22, 128], f32>
        %s = arith.addf %acc, %a : f32
        tir.store %s, %y[%vj] : !tir.buffer<[128], f32>
      }
    }
  }
}
}
