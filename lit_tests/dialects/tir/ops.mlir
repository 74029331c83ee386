// RUN: ROUNDTRIP

// CHECK-LABEL: tir.func @empty() -> () {
tir.func @empty() -> () {
}

// -----

// CHECK-LABEL: tir.func @buffers<n, m>
// CHECK-SAME: (%a: !tir.buffer<[n, 64], f32>, %b: !tir.buffer<[], i1>, %i: index)
// CHECK-SAME: -> (%c: !tir.buffer<[m + n * 2, (n + 3) floordiv 4], bf16, align 64>)
// CHECK-SAME: workspaces (%w: !tir.buffer<[max(n, 4)], ui8>)
// CHECK-SAME: aliases (0 = 0)
// CHECK-SAME: attributes {pattern = "elementwise"}
tir.func @buffers<n, m>(%a: !tir.buffer<[n, 64], f32>, %b: !tir.buffer<[], i1>, %i: index) -> (%c: !tir.buffer<[2 * n + m, (n + 3) floordiv 4], bf16, align 64>) workspaces (%w: !tir.buffer<[max(n, 4)], ui8>) aliases (0 = 0) attributes {pattern = "elementwise"} {
  // CHECK: %t = tir.alloc : !tir.buffer<[8, 4], i64, "stack", align 32>
  %t = tir.alloc : !tir.buffer<[8, 4], i64, "stack", align 32>
}

// -----

// CHECK-LABEL: tir.func @accesses<n>
tir.func @accesses<n>(%x: !tir.buffer<[n, 8], f32>, %u: !tir.buffer<[8], ui8>, %s: !tir.buffer<[], f32>) -> (%y: !tir.buffer<[n, 8], f32>, %v: !tir.buffer<[8], ui8>) {
  // CHECK: tir.for %i in n serial {
  tir.for %i in n serial {
    // CHECK: tir.for %j in 8 vectorized {
    tir.for %j in 8 vectorized {
      // CHECK: %a = tir.load %x[%i, %j] : !tir.buffer<[n, 8], f32>
      %a = tir.load %x[%i, %j] : !tir.buffer<[n, 8], f32>
      // CHECK: %b = tir.load %s[] : !tir.buffer<[], f32>
      %b = tir.load %s[] : !tir.buffer<[], f32>
      // An index is any integer expression; products of variables stay exact.
      // CHECK: tir.predicated_load %x[-%i + n - 1, (%i * 3 + %j) mod 8] where (%i - 1 >= 0, -%i * %j + n >= 0) else %b : !tir.buffer<[n, 8], f32>
      %c = tir.predicated_load %x[n - 1 - %i, (%j + 3 * %i) mod 8] where (%i - 1 >= 0, n - %i * %j >= 0) else %b : !tir.buffer<[n, 8], f32>
      %d = arith.addf %a, %c : f32
      // CHECK: tir.store %d, %y[%i, min(%j, 7)] : !tir.buffer<[n, 8], f32>
      tir.store %d, %y[%i, min(%j, 7)] : !tir.buffer<[n, 8], f32>
      // An unsigned element is a signless value.
      // CHECK: %e = tir.load %u[%j] : !tir.buffer<[8], ui8>
      // CHECK: arith.divui %e, %e : i8
      %e = tir.load %u[%j] : !tir.buffer<[8], ui8>
      %f = arith.divui %e, %e : i8
      // CHECK: tir.prefetch %x[%i + 1, %j] : !tir.buffer<[n, 8], f32>
      tir.prefetch %x[1 + %i, %j] : !tir.buffer<[n, 8], f32>
      // CHECK: tir.predicated_store %f, %v[%j] where (-%j + 3 >= 0) : !tir.buffer<[8], ui8>
      tir.predicated_store %f, %v[%j] where (3 - %j >= 0) : !tir.buffer<[8], ui8>
    }
  }
}

// -----

// CHECK-LABEL: tir.func @tile
tir.func @tile() -> () {
  %t = tir.alloc : !tir.buffer<[8, 8], f32, "stack">
  // CHECK: tir.transpose %t : !tir.buffer<[8, 8], f32, "stack">
  tir.transpose %t : !tir.buffer<[8, 8], f32, "stack">
}

// -----

// CHECK-LABEL: tir.func @loops<n>
tir.func @loops<n>(%k: index) -> () {
  // CHECK: tir.for %i in (n + 3) floordiv 4 parallel {
  tir.for %i in (n + 3) floordiv 4 parallel {
    // CHECK: tir.for %j in min(%i * -4 + n, 4) unrolled attributes {hint = "tail"} {
    tir.for %j in min(4, n - %i * 4) unrolled attributes {hint = "tail"} {
    }
    // CHECK: tir.for %{{.*}} in %k serial {
    tir.for %l in %k serial {
    }
  }
}

// -----

// CHECK-LABEL: tir.func @values<n>
tir.func @values<n>(%x: !tir.buffer<[n], i64>) -> (%y: !tir.buffer<[n], i64>) {
  tir.for %i in n serial {
    // CHECK: %at = tir.load %x[%i]
    %at = tir.load %x[%i] : !tir.buffer<[n], i64>
    // CHECK: %place = arith.index_cast %at : i64 to index
    %place = arith.index_cast %at : i64 to index
    // CHECK: %inside = tir.predicate (%place >= 0, -%place + n - 1 >= 0)
    %inside = tir.predicate (%place >= 0, n - 1 - %place >= 0)
    // CHECK: %number = tir.index_value %i * 2 + n : i64
    %number = tir.index_value %i * 2 + n : i64
    // CHECK: tir.index_value %place + 1 : index
    %next = tir.index_value %place + 1 : index
    // CHECK: tir.if %inside {
    tir.if %inside {
      // CHECK: tir.store %number, %y[%place]
      tir.store %number, %y[%place] : !tir.buffer<[n], i64>
    // CHECK: } else {
    } else {
      tir.store %at, %y[%i] : !tir.buffer<[n], i64>
    }
    // CHECK: tir.if %inside {
    // CHECK-NOT: else
    tir.if %inside {
      tir.store %number, %y[%i] : !tir.buffer<[n], i64>
    }
  }
}

// -----

// CHECK-LABEL: tir.func @blocks
tir.func @blocks(%a: !tir.buffer<[7, 8], f32>, %b: !tir.buffer<[8, 7], f32>) -> (%c: !tir.buffer<[7, 7], f32>) {
  tir.for %io in 2 parallel {
    tir.for %ii in 4 serial {
      tir.for %j in 7 serial {
        tir.for %k in 8 serial {
          // CHECK: tir.block "matmul" (%vi: spatial(7) = %io * 4 + %ii, %vj: spatial(7) = %j, %vk: reduce(8) = %k) where (%io * -4 - %ii + 6 >= 0) attributes {tag} init {
          // CHECK-NEXT: %zero = arith.constant
          // CHECK-NEXT: tir.store %zero, %c[%vi, %vj]
          // CHECK-NEXT: } {
          // CHECK: tir.load %a[%vi, %vk]
          tir.block "matmul" (%vi: spatial(7) = %io * 4 + %ii, %vj: spatial(7) = %j, %vk: reduce(8) = %k) where (6 - %io * 4 - %ii >= 0) attributes {tag} init {
            %zero = arith.constant 0.0 : f32
            tir.store %zero, %c[%vi, %vj] : !tir.buffer<[7, 7], f32>
          } {
            %acc = tir.load %c[%vi, %vj] : !tir.buffer<[7, 7], f32>
            %x = tir.load %a[%vi, %vk] : !tir.buffer<[7, 8], f32>
            %y = tir.load %b[%vk, %vj] : !tir.buffer<[8, 7], f32>
            %p = arith.mulf %x, %y : f32
            %s = arith.addf %acc, %p : f32
            tir.store %s, %c[%vi, %vj] : !tir.buffer<[7, 7], f32>
          }
        }
      }
    }
  }
  // CHECK: tir.block "all" () {
  tir.block "all" () {
  }
  tir.for %n in 4 serial {
    // CHECK: tir.block "other" (%{{.*}}: ordered(4) = %n, %{{.*}}: opaque(1) = 0) {
    tir.block "other" (%o: ordered(4) = %n, %p: opaque(1) = 0) {
    }
  }
}

// -----

// The generic form names operands by position.
// CHECK-LABEL: tir.func @generic
// CHECK: tir.for %{{.*}} in 4 serial {
// CHECK:   %[[value:.*]] = tir.load %x[%{{.*}} * 2 + 1]
tir.func @generic(%x: !tir.buffer<[9], f32>) -> () {
  "tir.for"() <{extent = #tir.exprs<"4">, kind = #tir.for_kind<serial>}> ({
  ^bb0(%i: index):
    %value = "tir.load"(%x, %i) <{indices = #tir.exprs<"$0 * 2 + 1">}> : (!tir.buffer<[9], f32>, index) -> f32
    // CHECK: tir.block "b" (%{{.*}}: spatial(4) = %{{.*}}) {
    "tir.block"(%i) <{block_name = "b", kinds = #tir.iter_kinds<spatial>, domains = #tir.exprs<"4">, bindings = #tir.exprs<"$0">, conditions = #tir.exprs<>}> ({
    ^bb1(%vi: index):
    }) : (index) -> ()
  }) : () -> ()
}

// -----

// CHECK-LABEL: tir.func @checks<n>
tir.func @checks<n>(%x: !tir.buffer<[n], f32>) -> () {
  tir.for %i in n serial {
    // CHECK: tir.check_index %i * 2 + 1 in n "@checks: load of input 0 'x', axis 0"
    tir.check_index %i * 2 + 1 in n "@checks: load of input 0 'x', axis 0"
    // CHECK: tir.check_index 3 in %i + n where (%i - 1 >= 0, n - 2 >= 0) "a \22place\22"
    tir.check_index 3 in %i + n where (%i - 1 >= 0, n - 2 >= 0) "a \"place\""
  }
}
