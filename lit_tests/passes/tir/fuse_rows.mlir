// RUN: tyrex-opt %s --split-input-file -p fuse-rows | filecheck %s

// Steps that read again what is in their own row share a loop over rows; what they hand on is a row.
// CHECK-LABEL: tir.func @shifted
// CHECK-NOT: "global"
// CHECK: tir.for %[[r:.*]] in 6 parallel {
// CHECK-NEXT: %[[m:.*]] = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK-NEXT: tir.for %[[k:.*]] in 5 serial {
// CHECK-NEXT: tir.block "max" (%[[vk:.*]]: reduce(5) = %[[k]]) init {
// CHECK: tir.store %{{.*}}, %[[m]][]
// CHECK: tir.load %[[m]][]
// CHECK: tir.load %x[%[[r]] floordiv 3, %[[r]] mod 3, %[[vk]]]
// CHECK: tir.for %[[j:.*]] in 5 serial {
// CHECK-NEXT: tir.block "sub" (%[[vj:.*]]: spatial(5) = %[[j]])
// CHECK: tir.store %{{.*}}, %y[%[[r]] floordiv 3, %[[r]] mod 3, %[[vj]]]
// CHECK-NOT: tir.for
tir.func @shifted(%x: !tir.buffer<[2, 3, 5], f32>) -> (%y: !tir.buffer<[2, 3, 5], f32>) {
  %t = tir.alloc : !tir.buffer<[2, 3], f32>
  tir.for %h in 2 serial {
    tir.for %i in 3 serial {
      tir.for %k in 5 serial {
        tir.block "max" (%vh: spatial(2) = %h, %vi: spatial(3) = %i, %vk: reduce(5) = %k) init {
          %s = arith.constant 0xff800000 : f32
          tir.store %s, %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
        } {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
          %b = tir.load %x[%vh, %vi, %vk] : !tir.buffer<[2, 3, 5], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
        }
      }
    }
  }
  tir.for %h in 2 serial {
    tir.for %i in 3 serial {
      tir.for %j in 5 serial {
        tir.block "sub" (%vh: spatial(2) = %h, %vi: spatial(3) = %i, %vj: spatial(5) = %j) {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[2, 3], f32>
          %b = tir.load %x[%vh, %vi, %vj] : !tir.buffer<[2, 3, 5], f32>
          %c = arith.subf %b, %a : f32
          tir.store %c, %y[%vh, %vi, %vj] : !tir.buffer<[2, 3, 5], f32>
        }
      }
    }
  }
}

// -----

// All rows are one loop, also where the outer axis alone would do for threads: what is within a
// parallel loop is scheduled, and nothing else.
// CHECK-LABEL: tir.func @many
// CHECK: tir.for %[[r:.*]] in 192 parallel {
// CHECK-NEXT: %{{.*}} = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK-NEXT: tir.for %{{.*}} in 5 serial {
// CHECK: tir.load %x[%[[r]] floordiv 3, %[[r]] mod 3, %{{.*}}]
tir.func @many(%x: !tir.buffer<[64, 3, 5], f32>) -> (%y: !tir.buffer<[64, 3, 5], f32>) {
  %t = tir.alloc : !tir.buffer<[64, 3], f32>
  tir.for %h in 64 serial {
    tir.for %i in 3 serial {
      tir.for %k in 5 serial {
        tir.block "max" (%vh: spatial(64) = %h, %vi: spatial(3) = %i, %vk: reduce(5) = %k) init {
          %s = arith.constant 0xff800000 : f32
          tir.store %s, %t[%vh, %vi] : !tir.buffer<[64, 3], f32>
        } {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[64, 3], f32>
          %b = tir.load %x[%vh, %vi, %vk] : !tir.buffer<[64, 3, 5], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %t[%vh, %vi] : !tir.buffer<[64, 3], f32>
        }
      }
    }
  }
  tir.for %h in 64 serial {
    tir.for %i in 3 serial {
      tir.for %j in 5 serial {
        tir.block "sub" (%vh: spatial(64) = %h, %vi: spatial(3) = %i, %vj: spatial(5) = %j) {
          %a = tir.load %t[%vh, %vi] : !tir.buffer<[64, 3], f32>
          %b = tir.load %x[%vh, %vi, %vj] : !tir.buffer<[64, 3, 5], f32>
          %c = arith.subf %b, %a : f32
          tir.store %c, %y[%vh, %vi, %vj] : !tir.buffer<[64, 3, 5], f32>
        }
      }
    }
  }
}

// -----

// A row's buffer ends with a whole vector. A sum that the caller gets is summed up in the row.
// CHECK-LABEL: tir.func @summed
// CHECK: tir.for %[[r:.*]] in 3 parallel {
// CHECK-NEXT: %[[e:.*]] = tir.alloc : !tir.buffer<[16], f32, "stack">
// CHECK: tir.store %{{.*}}, %[[e]][%{{.*}}]
// CHECK: %[[s:.*]] = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK: tir.block "sum" (%{{.*}}: reduce(5)
// CHECK: tir.block "sum" () {
// CHECK-NEXT: %[[v:.*]] = tir.load %[[s]][]
// CHECK-NEXT: tir.store %[[v]], %y[%[[r]]]
tir.func @summed(%x: !tir.buffer<[3, 5], f32>) -> (%y: !tir.buffer<[3], f32>) {
  %t = tir.alloc : !tir.buffer<[3, 5], f32>
  tir.for %i in 3 serial {
    tir.for %j in 5 serial {
      tir.block "exp" (%vi: spatial(3) = %i, %vj: spatial(5) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[3, 5], f32>
        %b = math.exp %a : f32
        tir.store %b, %t[%vi, %vj] : !tir.buffer<[3, 5], f32>
      }
    }
  }
  tir.for %i in 3 serial {
    tir.for %k in 5 serial {
      tir.block "sum" (%vi: spatial(3) = %i, %vk: reduce(5) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %y[%vi] : !tir.buffer<[3], f32>
      } {
        %a = tir.load %y[%vi] : !tir.buffer<[3], f32>
        %b = tir.load %t[%vi, %vk] : !tir.buffer<[3, 5], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %y[%vi] : !tir.buffer<[3], f32>
      }
    }
  }
}

// -----

// Must not: the second step reads other rows; then, the reduction is not along the rows.
// CHECK-LABEL: tir.func @transposed
// CHECK-NOT: parallel
tir.func @transposed(%x: !tir.buffer<[4, 4], f32>) -> (%y: !tir.buffer<[4, 4], f32>) {
  %t = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vk: reduce(4) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %t[%vi] : !tir.buffer<[4], f32>
      } {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vi, %vk] : !tir.buffer<[4, 4], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %t[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "sub" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %t[%vj] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vi, %vj] : !tir.buffer<[4, 4], f32>
        %c = arith.subf %b, %a : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
}

// CHECK-LABEL: tir.func @columns
// CHECK-NOT: parallel
tir.func @columns(%x: !tir.buffer<[4, 4], f32>) -> (%y: !tir.buffer<[4, 4], f32>) {
  %t = tir.alloc : !tir.buffer<[4], f32>
  tir.for %i in 4 serial {
    tir.for %k in 4 serial {
      tir.block "sum" (%vi: spatial(4) = %i, %vk: reduce(4) = %k) init {
        %s = arith.constant 0.0 : f32
        tir.store %s, %t[%vi] : !tir.buffer<[4], f32>
      } {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vk, %vi] : !tir.buffer<[4, 4], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %t[%vi] : !tir.buffer<[4], f32>
      }
    }
  }
  tir.for %i in 4 serial {
    tir.for %j in 4 serial {
      tir.block "sub" (%vi: spatial(4) = %i, %vj: spatial(4) = %j) {
        %a = tir.load %t[%vi] : !tir.buffer<[4], f32>
        %b = tir.load %x[%vj, %vi] : !tir.buffer<[4, 4], f32>
        %c = arith.subf %b, %a : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[4, 4], f32>
      }
    }
  }
}

// -----

// Attention: blocks of 24 rows, and one of the 4 rows that are left, pass through both products. A
// block of scores is on the stack, and differences are written where the scores were; what scales
// the sums of a product will be in its tiles. The result is summed up in the block, then copied.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l1d_bytes = 8192>} {
// CHECK-LABEL: tir.func @attention
// CHECK-NOT: tir.alloc : !tir.buffer<[2, 28
// CHECK: tir.for %[[b:.*]] in 2 parallel {
// CHECK-DAG: %[[s:.*]] = tir.alloc : !tir.buffer<[24, 48], f32, "stack">
// CHECK-DAG: %[[scaled:.*]] = tir.alloc : !tir.buffer<[24, 48], f32, "stack">
// CHECK-DAG: %[[top:.*]] = tir.alloc : !tir.buffer<[32], f32, "stack">
// CHECK: tir.for %[[i:.*]] in 24 serial {
// CHECK: tir.block "scores" (%[[vi:.*]]: spatial(24) = %[[i]], %[[vj:.*]]: spatial(40) = {{.*}}, %[[vc:.*]]: reduce(4)
// CHECK: tir.load %q[%[[b]], %[[vi]], %[[vc]]]
// CHECK: tir.block "max" (%[[mi:.*]]: spatial(24) = {{.*}}, %[[mk:.*]]: reduce(40)
// CHECK: tir.load %[[scaled]][%[[mi]], %[[mk]]]
// CHECK: tir.block "below" (%[[bi:.*]]: spatial(24) = {{.*}}, %[[bj:.*]]: spatial(40)
// CHECK: %[[difference:.*]] = arith.subf
// CHECK: tir.store %[[difference]], %[[scaled]][%[[bi]], %[[bj]]]
// CHECK: %[[result:.*]] = tir.alloc : !tir.buffer<[24, 16], f32, "stack">
// CHECK: tir.block "values"
// CHECK: tir.store %{{.*}}, %[[result]][
// CHECK: tir.block "values" (%[[oi:.*]]: spatial(24) = {{.*}}, %[[oc:.*]]: spatial(4)
// CHECK: tir.store %{{.*}}, %y[%[[b]], %[[oi]], %[[oc]]]
// CHECK: tir.for %[[c:.*]] in 2 parallel {
// CHECK: tir.block "scores" (%[[ri:.*]]: spatial(4) =
// CHECK: tir.load %q[%[[c]], %[[ri]] + 24, %{{.*}}]
tir.func @attention(%q: !tir.buffer<[2, 28, 4], f32>, %t: !tir.buffer<[2, 4, 40], f32>, %v: !tir.buffer<[2, 40, 4], f32>) -> (%y: !tir.buffer<[2, 28, 4], f32>) {
  %s = tir.alloc : !tir.buffer<[2, 28, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.for %c in 4 serial {
          tir.block "scores" (%vh: spatial(2) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j, %vc: reduce(4) = %c) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %s[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
          } {
            %acc = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
            %a = tir.load %q[%vh, %vi, %vc] : !tir.buffer<[2, 28, 4], f32>
            %b = tir.load %t[%vh, %vc, %vj] : !tir.buffer<[2, 4, 40], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %s[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
          }
        }
      }
    }
  }
  %scaled = tir.alloc : !tir.buffer<[2, 28, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.block "scale" (%vh: spatial(2) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
          %b = arith.addf %a, %a : f32
          tir.store %b, %scaled[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
        }
      }
    }
  }
  %top = tir.alloc : !tir.buffer<[2, 28], f32>
  tir.for %h in 2 serial {
    tir.for %i in 28 serial {
      tir.for %k in 40 serial {
        tir.block "max" (%vh: spatial(2) = %h, %vi: spatial(28) = %i, %vk: reduce(40) = %k) init {
          %least = arith.constant 0xff800000 : f32
          tir.store %least, %top[%vh, %vi] : !tir.buffer<[2, 28], f32>
        } {
          %a = tir.load %top[%vh, %vi] : !tir.buffer<[2, 28], f32>
          %b = tir.load %scaled[%vh, %vi, %vk] : !tir.buffer<[2, 28, 40], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %top[%vh, %vi] : !tir.buffer<[2, 28], f32>
        }
      }
    }
  }
  %e = tir.alloc : !tir.buffer<[2, 28, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.block "below" (%vh: spatial(2) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %scaled[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
          %b = tir.load %top[%vh, %vi] : !tir.buffer<[2, 28], f32>
          %c = arith.subf %a, %b : f32
          tir.store %c, %e[%vh, %vi, %vj] : !tir.buffer<[2, 28, 40], f32>
        }
      }
    }
  }
  tir.for %h in 2 serial {
    tir.for %i in 28 serial {
      tir.for %c in 4 serial {
        tir.for %k in 40 serial {
          tir.block "values" (%vh: spatial(2) = %h, %vi: spatial(28) = %i, %vc: spatial(4) = %c, %vk: reduce(40) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vh, %vi, %vc] : !tir.buffer<[2, 28, 4], f32>
          } {
            %acc = tir.load %y[%vh, %vi, %vc] : !tir.buffer<[2, 28, 4], f32>
            %a = tir.load %e[%vh, %vi, %vk] : !tir.buffer<[2, 28, 40], f32>
            %b = tir.load %v[%vh, %vk, %vc] : !tir.buffer<[2, 40, 4], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %y[%vh, %vi, %vc] : !tir.buffer<[2, 28, 4], f32>
          }
        }
      }
    }
  }
}
}

// -----

// A symbol decides how many heads there are: all else is as before.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l1d_bytes = 8192>} {
// CHECK-LABEL: tir.func @attention_of_n<n>
// CHECK-NOT: tir.alloc : !tir.buffer<[n, 28
// CHECK: tir.for %[[b:.*]] in n parallel {
// CHECK: tir.alloc : !tir.buffer<[24, 48], f32, "stack">
// CHECK: tir.load %q[%[[b]], %{{.*}}, %{{.*}}]
// CHECK: tir.for %[[c:.*]] in n parallel {
// CHECK: tir.load %q[%[[c]], %{{.*}} + 24, %{{.*}}]
tir.func @attention_of_n<n>(%q: !tir.buffer<[n, 28, 4], f32>, %t: !tir.buffer<[n, 4, 40], f32>, %v: !tir.buffer<[n, 40, 4], f32>) -> (%y: !tir.buffer<[n, 28, 4], f32>) {
  %s = tir.alloc : !tir.buffer<[n, 28, 40], f32>
  tir.for %h in n serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.for %c in 4 serial {
          tir.block "scores" (%vh: spatial(n) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j, %vc: reduce(4) = %c) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %s[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
          } {
            %acc = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
            %a = tir.load %q[%vh, %vi, %vc] : !tir.buffer<[n, 28, 4], f32>
            %b = tir.load %t[%vh, %vc, %vj] : !tir.buffer<[n, 4, 40], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %s[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
          }
        }
      }
    }
  }
  %scaled = tir.alloc : !tir.buffer<[n, 28, 40], f32>
  tir.for %h in n serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.block "scale" (%vh: spatial(n) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
          %b = arith.addf %a, %a : f32
          tir.store %b, %scaled[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
        }
      }
    }
  }
  %top = tir.alloc : !tir.buffer<[n, 28], f32>
  tir.for %h in n serial {
    tir.for %i in 28 serial {
      tir.for %k in 40 serial {
        tir.block "max" (%vh: spatial(n) = %h, %vi: spatial(28) = %i, %vk: reduce(40) = %k) init {
          %least = arith.constant 0xff800000 : f32
          tir.store %least, %top[%vh, %vi] : !tir.buffer<[n, 28], f32>
        } {
          %a = tir.load %top[%vh, %vi] : !tir.buffer<[n, 28], f32>
          %b = tir.load %scaled[%vh, %vi, %vk] : !tir.buffer<[n, 28, 40], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %top[%vh, %vi] : !tir.buffer<[n, 28], f32>
        }
      }
    }
  }
  %e = tir.alloc : !tir.buffer<[n, 28, 40], f32>
  tir.for %h in n serial {
    tir.for %i in 28 serial {
      tir.for %j in 40 serial {
        tir.block "below" (%vh: spatial(n) = %h, %vi: spatial(28) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %scaled[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
          %b = tir.load %top[%vh, %vi] : !tir.buffer<[n, 28], f32>
          %c = arith.subf %a, %b : f32
          tir.store %c, %e[%vh, %vi, %vj] : !tir.buffer<[n, 28, 40], f32>
        }
      }
    }
  }
  tir.for %h in n serial {
    tir.for %i in 28 serial {
      tir.for %c in 4 serial {
        tir.for %k in 40 serial {
          tir.block "values" (%vh: spatial(n) = %h, %vi: spatial(28) = %i, %vc: spatial(4) = %c, %vk: reduce(40) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vh, %vi, %vc] : !tir.buffer<[n, 28, 4], f32>
          } {
            %acc = tir.load %y[%vh, %vi, %vc] : !tir.buffer<[n, 28, 4], f32>
            %a = tir.load %e[%vh, %vi, %vk] : !tir.buffer<[n, 28, 40], f32>
            %b = tir.load %v[%vh, %vk, %vc] : !tir.buffer<[n, 40, 4], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %y[%vh, %vi, %vc] : !tir.buffer<[n, 28, 4], f32>
          }
        }
      }
    }
  }
}
}

// -----

// Keys and values that the cache does not hold would be read again for each block of rows.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l1d_bytes = 5120, l2_bytes = 2048>} {
// CHECK-LABEL: tir.func @long_keys
// CHECK: tir.alloc : !tir.buffer<[2, 20, 40], f32>
tir.func @long_keys(%q: !tir.buffer<[2, 20, 4], f32>, %t: !tir.buffer<[2, 4, 40], f32>, %v: !tir.buffer<[2, 40, 4], f32>) -> (%y: !tir.buffer<[2, 20, 4], f32>) {
  %s = tir.alloc : !tir.buffer<[2, 20, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 20 serial {
      tir.for %j in 40 serial {
        tir.for %c in 4 serial {
          tir.block "scores" (%vh: spatial(2) = %h, %vi: spatial(20) = %i, %vj: spatial(40) = %j, %vc: reduce(4) = %c) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %s[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
          } {
            %acc = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
            %a = tir.load %q[%vh, %vi, %vc] : !tir.buffer<[2, 20, 4], f32>
            %b = tir.load %t[%vh, %vc, %vj] : !tir.buffer<[2, 4, 40], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %s[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
          }
        }
      }
    }
  }
  %scaled = tir.alloc : !tir.buffer<[2, 20, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 20 serial {
      tir.for %j in 40 serial {
        tir.block "scale" (%vh: spatial(2) = %h, %vi: spatial(20) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %s[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
          %b = arith.addf %a, %a : f32
          tir.store %b, %scaled[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
        }
      }
    }
  }
  %top = tir.alloc : !tir.buffer<[2, 20], f32>
  tir.for %h in 2 serial {
    tir.for %i in 20 serial {
      tir.for %k in 40 serial {
        tir.block "max" (%vh: spatial(2) = %h, %vi: spatial(20) = %i, %vk: reduce(40) = %k) init {
          %least = arith.constant 0xff800000 : f32
          tir.store %least, %top[%vh, %vi] : !tir.buffer<[2, 20], f32>
        } {
          %a = tir.load %top[%vh, %vi] : !tir.buffer<[2, 20], f32>
          %b = tir.load %scaled[%vh, %vi, %vk] : !tir.buffer<[2, 20, 40], f32>
          %c = arith.maximumf %a, %b : f32
          tir.store %c, %top[%vh, %vi] : !tir.buffer<[2, 20], f32>
        }
      }
    }
  }
  %e = tir.alloc : !tir.buffer<[2, 20, 40], f32>
  tir.for %h in 2 serial {
    tir.for %i in 20 serial {
      tir.for %j in 40 serial {
        tir.block "below" (%vh: spatial(2) = %h, %vi: spatial(20) = %i, %vj: spatial(40) = %j) {
          %a = tir.load %scaled[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
          %b = tir.load %top[%vh, %vi] : !tir.buffer<[2, 20], f32>
          %c = arith.subf %a, %b : f32
          tir.store %c, %e[%vh, %vi, %vj] : !tir.buffer<[2, 20, 40], f32>
        }
      }
    }
  }
  tir.for %h in 2 serial {
    tir.for %i in 20 serial {
      tir.for %c in 4 serial {
        tir.for %k in 40 serial {
          tir.block "values" (%vh: spatial(2) = %h, %vi: spatial(20) = %i, %vc: spatial(4) = %c, %vk: reduce(40) = %k) init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %y[%vh, %vi, %vc] : !tir.buffer<[2, 20, 4], f32>
          } {
            %acc = tir.load %y[%vh, %vi, %vc] : !tir.buffer<[2, 20, 4], f32>
            %a = tir.load %e[%vh, %vi, %vk] : !tir.buffer<[2, 20, 40], f32>
            %b = tir.load %v[%vh, %vk, %vc] : !tir.buffer<[2, 40, 4], f32>
            %p = arith.mulf %a, %b : f32
            %r = arith.addf %acc, %p : f32
            tir.store %r, %y[%vh, %vi, %vc] : !tir.buffer<[2, 20, 4], f32>
          }
        }
      }
    }
  }
}
}

// -----

// Rows of any number and length share a loop. What one has of several is of unknown size: it lies in
// the result, which the last step writes in its place.
// CHECK-LABEL: tir.func @lengths
// CHECK-NOT: tir.alloc : !tir.buffer<[n, m], f32>
// CHECK: tir.for %[[r:.*]] in n parallel {
// CHECK-NEXT: %[[s:.*]] = tir.alloc : !tir.buffer<[], f32, "stack">
// CHECK: tir.store %{{.*}}, %y[%[[r]], %{{.*}}]
// CHECK: tir.load %y[%[[r]], %{{.*}}]
// CHECK: tir.store %{{.*}}, %[[s]][]
// CHECK: tir.load %y[%[[r]], %{{.*}}]
// CHECK: tir.store %{{.*}}, %y[%[[r]], %{{.*}}]
tir.func @lengths<n, m>(%x: !tir.buffer<[n, m], f32>) -> (%y: !tir.buffer<[n, m], f32>) {
  %t = tir.alloc : !tir.buffer<[n, m], f32>
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.block "twice" (%vi: spatial(n) = %i, %vj: spatial(m) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[n, m], f32>
        %c = arith.addf %a, %a : f32
        tir.store %c, %t[%vi, %vj] : !tir.buffer<[n, m], f32>
      }
    }
  }
  %s = tir.alloc : !tir.buffer<[n], f32>
  tir.for %i in n serial {
    tir.for %k in m serial {
      tir.block "sum" (%vi: spatial(n) = %i, %vk: reduce(m) = %k) init {
        %z = arith.constant 0.0 : f32
        tir.store %z, %s[%vi] : !tir.buffer<[n], f32>
      } {
        %a = tir.load %s[%vi] : !tir.buffer<[n], f32>
        %b = tir.load %t[%vi, %vk] : !tir.buffer<[n, m], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %s[%vi] : !tir.buffer<[n], f32>
      }
    }
  }
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.block "scale" (%vi: spatial(n) = %i, %vj: spatial(m) = %j) {
        %a = tir.load %t[%vi, %vj] : !tir.buffer<[n, m], f32>
        %b = tir.load %s[%vi] : !tir.buffer<[n], f32>
        %c = arith.mulf %a, %b : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[n, m], f32>
      }
    }
  }
}

// -----

// Not where sums are of elements of all rows.
// CHECK-LABEL: tir.func @sums_of_columns
// CHECK: tir.alloc : !tir.buffer<[n, m], f32>
// CHECK-NOT: parallel
tir.func @sums_of_columns<n, m>(%x: !tir.buffer<[n, m], f32>) -> (%y: !tir.buffer<[n, m], f32>) {
  %t = tir.alloc : !tir.buffer<[n, m], f32>
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.block "twice" (%vi: spatial(n) = %i, %vj: spatial(m) = %j) {
        %a = tir.load %x[%vi, %vj] : !tir.buffer<[n, m], f32>
        %c = arith.addf %a, %a : f32
        tir.store %c, %t[%vi, %vj] : !tir.buffer<[n, m], f32>
      }
    }
  }
  %s = tir.alloc : !tir.buffer<[m], f32>
  tir.for %i in m serial {
    tir.for %k in n serial {
      tir.block "sum" (%vi: spatial(m) = %i, %vk: reduce(n) = %k) init {
        %z = arith.constant 0.0 : f32
        tir.store %z, %s[%vi] : !tir.buffer<[m], f32>
      } {
        %a = tir.load %s[%vi] : !tir.buffer<[m], f32>
        %b = tir.load %t[%vk, %vi] : !tir.buffer<[n, m], f32>
        %c = arith.addf %a, %b : f32
        tir.store %c, %s[%vi] : !tir.buffer<[m], f32>
      }
    }
  }
  tir.for %i in n serial {
    tir.for %j in m serial {
      tir.block "scale" (%vi: spatial(n) = %i, %vj: spatial(m) = %j) {
        %a = tir.load %t[%vi, %vj] : !tir.buffer<[n, m], f32>
        %b = tir.load %s[%vj] : !tir.buffer<[m], f32>
        %c = arith.mulf %a, %b : f32
        tir.store %c, %y[%vi, %vj] : !tir.buffer<[n, m], f32>
      }
    }
  }
}

// -----

// Sums across rows: the steps share a loop over slabs that a cache holds, and what is as large as a
// slab stands where its last reader writes.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l2_bytes = 2048, cores = 2>} {
// CHECK-LABEL: tir.func @slabs
// CHECK: tir.for %[[n:.*]] in 8 parallel {
// CHECK-NEXT: %[[sums:.*]] = tir.alloc : !tir.buffer<[16], f32, "stack">
// CHECK: tir.block "sum" (%[[w:.*]]: spatial(16) = %{{.*}}, %[[k:.*]]: reduce(4) = %{{.*}})
// CHECK: tir.load %x[%[[n]], %[[k]], %[[w]]]
// CHECK: tir.block "apart" (%[[k:.*]]: spatial(4) = %{{.*}}, %[[w:.*]]: spatial(16) = %{{.*}})
// CHECK: tir.load %[[sums]][%[[w]]]
// CHECK: tir.store %{{.*}}, %y[%[[n]], %[[k]], %[[w]]]
// CHECK-NOT: tir.for %{{.*}} in 8
tir.func @slabs(%x: !tir.buffer<[8, 4, 16], f32>) -> (%y: !tir.buffer<[8, 4, 16], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 16], f32>
  tir.for %n in 8 serial {
    tir.for %w in 16 serial {
      tir.for %k in 4 serial {
        tir.block "sum" (%vn: spatial(8) = %n, %vw: spatial(16) = %w, %vk: reduce(4) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
        } {
          %a = tir.load %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
          %b = tir.load %x[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
          %c = arith.addf %a, %b : f32
          tir.store %c, %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
        }
      }
    }
  }
  tir.for %n in 8 serial {
    tir.for %k in 4 serial {
      tir.for %w in 16 serial {
        tir.block "apart" (%vn: spatial(8) = %n, %vk: spatial(4) = %k, %vw: spatial(16) = %w) {
          %a = tir.load %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
          %b = tir.load %x[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
          %c = arith.subf %b, %a : f32
          tir.store %c, %y[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
        }
      }
    }
  }
}
}

// -----

// All of it is in the cache anyway.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l2_bytes = 65536, cores = 2>} {
// CHECK-LABEL: tir.func @near
// CHECK-NOT: parallel
tir.func @near(%x: !tir.buffer<[8, 4, 16], f32>) -> (%y: !tir.buffer<[8, 4, 16], f32>) {
  %t = tir.alloc : !tir.buffer<[8, 16], f32>
  tir.for %n in 8 serial {
    tir.for %w in 16 serial {
      tir.for %k in 4 serial {
        tir.block "sum" (%vn: spatial(8) = %n, %vw: spatial(16) = %w, %vk: reduce(4) = %k) init {
          %z = arith.constant 0.0 : f32
          tir.store %z, %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
        } {
          %a = tir.load %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
          %b = tir.load %x[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
          %c = arith.addf %a, %b : f32
          tir.store %c, %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
        }
      }
    }
  }
  tir.for %n in 8 serial {
    tir.for %k in 4 serial {
      tir.for %w in 16 serial {
        tir.block "apart" (%vn: spatial(8) = %n, %vk: spatial(4) = %k, %vw: spatial(16) = %w) {
          %a = tir.load %t[%vn, %vw] : !tir.buffer<[8, 16], f32>
          %b = tir.load %x[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
          %c = arith.subf %b, %a : f32
          tir.store %c, %y[%vn, %vk, %vw] : !tir.buffer<[8, 4, 16], f32>
        }
      }
    }
  }
}
}
