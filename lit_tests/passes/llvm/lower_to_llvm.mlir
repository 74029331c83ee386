// RUN: tyrex-opt %s --split-input-file -p lower-to-llvm | filecheck %s

// The entry unpacks words: the context, buffers, index arguments, symbols.
// CHECK-LABEL: llvm.func internal @entry.impl(%{{.*}}: !llvm.ptr {llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: i64 {llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: i64 {llvm.noundef}) -> i32
// CHECK: llvm.func @entry(%[[words:.*]]: !llvm.ptr {llvm.noundef}) -> i32
// CHECK: llvm.getelementptr inbounds %[[words]][0]
// CHECK-NEXT: %[[context:.*]] = llvm.load
// CHECK: llvm.getelementptr inbounds %[[words]][2]
// CHECK-NEXT: %[[k:.*]] = llvm.load {{.*}} -> i64
// CHECK: llvm.getelementptr inbounds %[[words]][5]
// CHECK-NEXT: %[[n:.*]] = llvm.load {{.*}} -> i64
// CHECK: %[[code:.*]] = llvm.call @entry.impl(%[[context]], %{{.*}}, %[[k]], %{{.*}}, %{{.*}}, %[[n]])
// CHECK-NEXT: llvm.return %[[code]]
tir.func @entry<n>(%x: !tir.buffer<[n], f32>, %k: index) -> (%y: !tir.buffer<[n], f32>) workspaces (%w: !tir.buffer<[8], i8>) {
}

// -----

// Buffers that an alias pair names may overlap; others are noalias.
// CHECK-LABEL: llvm.func internal @aliased.impl(%{{.*}}: !llvm.ptr {llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noundef}) -> i32
tir.func @aliased(%x: !tir.buffer<[4], f32>, %z: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) aliases (0 = 0) {
}

// -----

// A serial loop of known extent runs at least once; indices become addresses.
// CHECK-LABEL: llvm.func internal @serial.impl
// CHECK-SAME: (%{{.*}}: !llvm.ptr {{{.*}}}, %[[x:.*]]: !llvm.ptr {{{.*}}}, %[[y:.*]]: !llvm.ptr {{{.*}}})
// CHECK: ^{{.*}}(%[[i:.*]]: i64):
// CHECK-NEXT: %[[row:.*]] = llvm.mul %[[i]], %{{.*}} overflow<nsw>
// CHECK-NEXT: %[[at:.*]] = llvm.add %[[row]], %{{.*}} overflow<nsw>
// CHECK-NEXT: %[[from:.*]] = llvm.getelementptr inbounds %[[x]][%[[at]]]
// CHECK-NEXT: %[[a:.*]] = llvm.load %[[from]] {alignment = 4 : i64} : !llvm.ptr -> f32
// CHECK-NEXT: %[[b:.*]] = llvm.fadd %[[a]], %[[a]] {fastmathFlags = #llvm.fastmath<contract>}
// CHECK-NEXT: %[[to:.*]] = llvm.getelementptr inbounds %[[y]][%[[i]]]
// CHECK-NEXT: llvm.store %[[b]], %[[to]] {alignment = 4 : i64}
// CHECK-NEXT: %[[next:.*]] = llvm.add %[[i]], %{{.*}} overflow<nsw,nuw>
// CHECK-NEXT: %[[more:.*]] = llvm.icmp "slt" %[[next]]
// CHECK-NEXT: llvm.cond_br %[[more]]
tir.func @serial(%x: !tir.buffer<[4, 8], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    %a = tir.load %x[%i, 3] : !tir.buffer<[4, 8], f32>
    %b = arith.addf %a, %a : f32
    tir.store %b, %y[%i] : !tir.buffer<[4], f32>
  }
}

// -----

// An unrolled loop says so at its branch.
// CHECK-LABEL: llvm.func internal @unrolled.impl
// CHECK: llvm.cond_br {{.*}} {loop_annotation = #llvm.loop_annotation<unroll = <full = true>>}
tir.func @unrolled(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 unrolled {
    %a = tir.load %x[%i] : !tir.buffer<[4], f32>
    tir.store %a, %y[%i] : !tir.buffer<[4], f32>
  }
}

// -----

// A window that slides over the rows of a tile of many sums stays a loop: unrolled, what its taps
// have in common would take registers from the sums.
// CHECK-LABEL: llvm.func internal @sliding.impl
// CHECK: llvm.cond_br {{.*}} {loop_annotation = #llvm.loop_annotation<unroll = <full = true>>}
// CHECK: llvm.cond_br {{.*}} {loop_annotation = #llvm.loop_annotation<unroll = <disable = true>>}
// CHECK-LABEL: llvm.func internal @strided.impl
// CHECK-NOT: unroll = <disable = true>
tir.func @sliding(%x: !tir.buffer<[64], f32>) -> (%y: !tir.buffer<[16], f32>) {
  tir.for %s in 3 serial {
    tir.for %u in 16 unrolled {
      tir.for %l in 1 vectorized {
        %a = tir.load %x[%u + %s] : !tir.buffer<[64], f32>
        tir.store %a, %y[%u] : !tir.buffer<[16], f32>
      }
    }
  }
}
tir.func @strided(%x: !tir.buffer<[64], f32>) -> (%y: !tir.buffer<[16], f32>) {
  tir.for %s in 3 serial {
    tir.for %u in 16 unrolled {
      tir.for %l in 1 vectorized {
        %a = tir.load %x[%u * 3 + %s] : !tir.buffer<[64], f32>
        tir.store %a, %y[%u] : !tir.buffer<[16], f32>
      }
    }
  }
}

// -----

// Vectors: contiguous, a small stride, far apart, the same element in every lane, in reverse.
// CHECK-LABEL: llvm.func internal @vectorized.impl
// CHECK: %[[lanes:.*]] = llvm.mlir.constant(dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xi64>)
// CHECK: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
// CHECK: %[[low:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
// CHECK: %[[half:.*]] = llvm.shufflevector %[[low]], %[[low]] [8, 10, 12, 14, -1, -1, -1, -1]
// CHECK: %[[high:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
// CHECK: llvm.shufflevector %[[half]], %[[high]] [0, 1, 2, 3, 9, 11, 13, 15]
// CHECK: llvm.mul %[[lanes]], %{{.*}} overflow<nsw> : vector<8xi64>
// CHECK: llvm.intr.masked.gather
// CHECK: %[[last:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
// CHECK: llvm.shufflevector %[[last]], %[[last]] [15, 14, 13, 12, 11, 10, 9, 8]
// CHECK: %[[one:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> f32
// CHECK-NEXT: llvm.insertelement %[[one]]
// CHECK-NEXT: llvm.shufflevector
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : vector<8xf32>, !llvm.ptr
tir.func @vectorized(%x: !tir.buffer<[64], f32>, %z: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[32], f32>) {
  tir.for %i in 4 serial {
    tir.for %l in 8 vectorized {
      %a = tir.load %x[%i * 8 + %l] : !tir.buffer<[64], f32>
      %b = tir.load %x[%i * 16 + %l * 2] : !tir.buffer<[64], f32>
      %far = tir.load %x[%i + %l * 8] : !tir.buffer<[64], f32>
      %back = tir.load %x[%i * 8 + 7 - %l] : !tir.buffer<[64], f32>
      %c = tir.load %z[%i] : !tir.buffer<[4], f32>
      %d = arith.mulf %a, %c : f32
      %e = arith.addf %d, %b : f32
      %f = arith.addf %far, %back : f32
      %g = arith.addf %e, %f : f32
      tir.store %g, %y[%i * 8 + %l] : !tir.buffer<[32], f32>
    }
  }
}

// -----

// Predicates become masks, and branches where no lane is.
// CHECK-LABEL: llvm.func internal @masked.impl
// CHECK: %[[mask:.*]] = llvm.icmp "sge" %{{.*}}, %{{.*}} : vector<8xi64>
// CHECK: %[[x:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}]
// CHECK: %[[a:.*]] = llvm.intr.masked.load %[[x]], %[[mask]]
// CHECK: llvm.intr.masked.store %[[a]]
// CHECK: %[[holds:.*]] = llvm.icmp "sge" %{{.*}}, %{{.*}} : i64
// CHECK: llvm.cond_br %[[holds]]
// CHECK: llvm.load
// CHECK: llvm.cond_br
// CHECK: llvm.store
tir.func @masked(%x: !tir.buffer<[7], f32>) -> (%y: !tir.buffer<[7], f32>) {
  %d = arith.constant 0.0 : f32
  tir.for %l in 8 vectorized {
    %a = tir.predicated_load %x[%l] where (6 - %l >= 0) else %d : !tir.buffer<[7], f32>
    tir.predicated_store %a, %y[%l] where (6 - %l >= 0) : !tir.buffer<[7], f32>
  }
  tir.for %i in 8 serial {
    %a = tir.predicated_load %x[%i] where (6 - %i >= 0) else %d : !tir.buffer<[7], f32>
    tir.predicated_store %a, %y[%i] where (6 - %i >= 0) : !tir.buffer<[7], f32>
  }
}

// -----

// A bool is a byte in memory.
// CHECK-LABEL: llvm.func internal @bools.impl
// CHECK: %[[byte:.*]] = llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr -> i8
// CHECK-NEXT: %[[bool:.*]] = llvm.icmp "ne" %[[byte]]
// CHECK-NEXT: %[[not:.*]] = llvm.xor %[[bool]]
// CHECK-NEXT: %[[out:.*]] = llvm.zext %[[not]] : i1 to i8
// CHECK: llvm.store %[[out]]
tir.func @bools(%x: !tir.buffer<[4], i1>) -> (%y: !tir.buffer<[4], i1>) {
  tir.for %i in 4 serial {
    %a = tir.load %x[%i] : !tir.buffer<[4], i1>
    %t = arith.constant true
    %b = arith.xori %a, %t : i1
    tir.store %b, %y[%i] : !tir.buffer<[4], i1>
  }
}

// -----

// A parallel loop's body is a function that the context's parallel_for calls.
// CHECK-LABEL: llvm.func internal @parallel.impl
// CHECK-SAME: (%[[context:.*]]: !llvm.ptr {llvm.noundef}, %{{.*}}: !llvm.ptr {{{.*}}}, %{{.*}}: !llvm.ptr {{{.*}}}, %[[n:.*]]: i64 {{{.*}}})
// CHECK: %[[closure:.*]] = llvm.alloca
// CHECK: %[[body:.*]] = llvm.mlir.addressof @parallel.parallel0
// CHECK: llvm.getelementptr inbounds %[[context]][8]
// CHECK-NEXT: %[[run:.*]] = llvm.load
// CHECK-NEXT: %[[code:.*]] = llvm.call %[[run]](%[[context]], %[[body]], %[[closure]], %[[n]])
// CHECK: llvm.cond_br
// CHECK: llvm.return %[[code]]
// CHECK: llvm.func @parallel(
// CHECK: llvm.func internal @parallel.parallel0.body(%{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}, %{{.*}}: i64 {llvm.noundef}, %[[begin:.*]]: i64 {llvm.noundef}, %[[end:.*]]: i64 {llvm.noundef})
// CHECK: llvm.sub %[[end]], %[[begin]]
// CHECK: llvm.func internal @parallel.parallel0(%{{.*}}: !llvm.ptr, %[[b:.*]]: i64, %[[e:.*]]: i64)
// CHECK: llvm.call @parallel.parallel0.body(%{{.*}}, %{{.*}}, %{{.*}}, %[[b]], %[[e]])
tir.func @parallel<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {
  tir.for %i in n parallel {
    %a = tir.load %x[%i] : !tir.buffer<[n], f32>
    tir.store %a, %y[%i] : !tir.buffer<[n], f32>
  }
}

// -----

// The loop around may turn out to be of one iteration: then threads share the parallel loop inside.
// CHECK-LABEL: llvm.func internal @few.impl
// CHECK: llvm.func internal @few.parallel0.body(%[[context:.*]]: !llvm.ptr {llvm.noundef}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.noundef}
// CHECK: llvm.mlir.addressof @few.parallel0.parallel0
// CHECK: llvm.getelementptr inbounds %[[context]][8]
// CHECK: llvm.func internal @few.parallel0(
// CHECK: llvm.func internal @few.parallel0.parallel0.body(
tir.func @few<n>(%x: !tir.buffer<[n, 64], f32>) -> (%y: !tir.buffer<[n, 64], f32>) {
  tir.for %i in n parallel {
    tir.for %j in 64 parallel {
      %a = tir.load %x[%i, %j] : !tir.buffer<[n, 64], f32>
      tir.store %a, %y[%i, %j] : !tir.buffer<[n, 64], f32>
    }
  }
}

// -----

// Of several iterations each is one thread's.
// CHECK-LABEL: llvm.func internal @several.impl
// CHECK-NOT: @several.parallel0.parallel0
tir.func @several<n>(%x: !tir.buffer<[n, 2, 64], f32>) -> (%y: !tir.buffer<[n, 2, 64], f32>) {
  tir.for %i in n * 2 parallel {
    tir.for %j in 64 parallel {
      %a = tir.load %x[%i floordiv 2, %i mod 2, %j] : !tir.buffer<[n, 2, 64], f32>
      tir.store %a, %y[%i floordiv 2, %i mod 2, %j] : !tir.buffer<[n, 2, 64], f32>
    }
  }
}

// -----

// A choice; a division whose operands may be negative rounds down.
// CHECK-LABEL: llvm.func internal @choice.impl
// CHECK: llvm.cond_br
// CHECK: llvm.sdiv
// CHECK: llvm.srem
// CHECK: llvm.udiv
tir.func @choice(%x: !tir.buffer<[4], i64>, %k: index) -> (%y: !tir.buffer<[4], i64>) {
  tir.for %i in 4 serial {
    %p = tir.predicate (%k - %i >= 0)
    tir.if %p {
      %q = tir.index_value %k floordiv 3 : i64
      tir.store %q, %y[%i] : !tir.buffer<[4], i64>
    } else {
      %r = tir.index_value %i floordiv 3 : i64
      tir.store %r, %y[%i] : !tir.buffer<[4], i64>
    }
  }
}

// -----

// A small buffer is on the stack.
// CHECK-LABEL: llvm.func internal @stack.impl
// CHECK: %[[t:.*]] = llvm.alloca %{{.*}} x f32 {alignment = 64 : i64}
// CHECK: llvm.getelementptr inbounds %[[t]]
tir.func @stack() -> (%y: !tir.buffer<[4], f32>) {
  %t = tir.alloc : !tir.buffer<[2, 4], f32, "stack">
  %a = tir.load %t[1, 3] : !tir.buffer<[2, 4], f32, "stack">
  tir.store %a, %y[0] : !tir.buffer<[4], f32>
}

// -----

// The larger of two: NaN wins; `nsz` lets either of two zeros be the result.
// CHECK-LABEL: llvm.func internal @larger.impl
// CHECK: llvm.call_intrinsic "llvm.maximum.f32"(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
// CHECK: llvm.call_intrinsic "llvm.maximum.f32"(%{{.*}}, %{{.*}}) {fastmathFlags = #llvm.fastmath<nsz>}
tir.func @larger(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    %a = tir.load %x[%i] : !tir.buffer<[4], f32>
    %b = tir.load %y[%i] : !tir.buffer<[4], f32>
    %c = arith.maximumf %a, %b : f32
    %d = arith.maximumf %c, %b fastmath<nsz> : f32
    tir.store %d, %y[%i] : !tir.buffer<[4], f32>
  }
}

// -----

// An address that is asked for may be beyond the buffer: no inbounds. One request for all lanes.
// CHECK-LABEL: llvm.func internal @prefetch.impl
// CHECK: %[[at:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK: llvm.call_intrinsic "llvm.prefetch.p0"(%[[at]], %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, i32, i32, i32) -> ()
tir.func @prefetch(%x: !tir.buffer<[64], f32>) -> (%y: !tir.buffer<[64], f32>) {
  tir.for %i in 4 serial {
    tir.for %l in 16 vectorized {
      tir.prefetch %x[%i * 16 + %l + 32] : !tir.buffer<[64], f32>
      %a = tir.load %x[%i * 16 + %l] : !tir.buffer<[64], f32>
      tir.store %a, %y[%i * 16 + %l] : !tir.buffer<[64], f32>
    }
  }
}

// -----

// A tile's rows and columns change places one bit of their numbers at a time: 2 x 2, then halves.
// CHECK-LABEL: llvm.func internal @tile.impl
// CHECK: llvm.load
// CHECK: llvm.load
// CHECK: llvm.load
// CHECK: llvm.load
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [0, 4, 2, 6]
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [1, 5, 3, 7]
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [0, 4, 2, 6]
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [1, 5, 3, 7]
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [0, 1, 4, 5]
// CHECK-NEXT: llvm.shufflevector %{{.*}}, %{{.*}} [2, 3, 6, 7]
tir.func @tile() -> () {
  %t = tir.alloc : !tir.buffer<[4, 4], f32, "stack">
  tir.transpose %t : !tir.buffer<[4, 4], f32, "stack">
}

// -----

// Where no NaN matters the larger of two is a comparison and a choice.
// CHECK-LABEL: llvm.func internal @numbers.impl
// CHECK: %[[gt:[0-9]+]] = llvm.fcmp "ogt" %[[a:[0-9]+]], %[[b:[0-9]+]]
// CHECK-NEXT: llvm.select %[[gt]], %[[a]], %[[b]]
// CHECK-NOT: llvm.maximum
tir.func @numbers(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    %a = tir.load %x[%i] : !tir.buffer<[4], f32>
    %b = tir.load %x[0] : !tir.buffer<[4], f32>
    %c = arith.maximumf %a, %b fastmath<nnan,nsz> : f32
    tir.store %c, %y[%i] : !tir.buffer<[4], f32>
  }
}

// -----

// A wrong index: the context is told place, index and extent, and the kernel returns its code. In
// vectors any lane may be the wrong one.
// CHECK-LABEL: llvm.func internal @checked.impl
// CHECK: llvm.mlir.addressof @checked.text0
// CHECK: %[[low:.*]] = llvm.icmp "slt" %[[index:.*]], %{{.*}} : vector<4xi64>
// CHECK-NEXT: %[[high:.*]] = llvm.icmp "sge" %[[index]], %{{.*}} : vector<4xi64>
// CHECK-NEXT: %[[outside:.*]] = llvm.or %[[low]], %[[high]]
// CHECK: %[[any:.*]] = llvm.call_intrinsic "llvm.vector.reduce.or.v4i1"
// CHECK-NEXT: llvm.cond_br %[[any]], ^[[fail:bb.*]], ^[[fine:bb.*]]
// CHECK: ^[[fail]]:
// CHECK: llvm.call_intrinsic "llvm.vector.reduce.smax.v4i64"
// CHECK: llvm.getelementptr inbounds %{{.*}}[40]
// CHECK: %[[code:.*]] = llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, i64, i64) -> i32
// CHECK-NEXT: llvm.return %[[code]] : i32
// CHECK: ^[[fine]]:
// CHECK: llvm.mlir.global internal constant @checked.text0("here\00")
tir.func @checked(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %l in 4 vectorized {
    tir.check_index %l * 2 + 1 in 8 "here"
    %v = tir.load %x[%l * 2 + 1] : !tir.buffer<[8], f32>
    tir.store %v, %y[%l] : !tir.buffer<[4], f32>
  }
}

// -----

// A loop that takes long asks the context before each piece of so many iterations whether to go on.

// CHECK-LABEL: llvm.func internal @spin.impl
// CHECK-SAME: {
// CHECK-DAG: %[[SIZE:.*]] = llvm.mlir.constant(5592405) : i64
// CHECK: ^{{.*}}(%[[PIECE:\d+]]: i64):
// CHECK: llvm.getelementptr inbounds %{{.*}}[64]
// CHECK: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> i32
// CHECK: llvm.cond_br
// CHECK: llvm.mul %[[PIECE]], %[[SIZE]]
// CHECK: llvm.select
// CHECK: llvm.fmul
tir.func @spin(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 100000000 serial {
    %a = tir.load %x[0] : !tir.buffer<[4], f32>
    %b = arith.mulf %a, %a : f32
    tir.store %b, %y[0] : !tir.buffer<[4], f32>
  }
}

// -----

// One that does not take long asks nobody.

// CHECK-LABEL: llvm.func internal @short.impl
// CHECK-NOT: [64]
// CHECK: llvm.func @short
tir.func @short(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 1000000 serial {
    %a = tir.load %x[0] : !tir.buffer<[4], f32>
    %b = arith.mulf %a, %a : f32
    tir.store %b, %y[0] : !tir.buffer<[4], f32>
  }
}
