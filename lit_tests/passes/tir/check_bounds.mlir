// RUN: tyrex-opt %s --split-input-file -p check-bounds | filecheck %s

// What loops prove is not checked.
// CHECK-LABEL: tir.func @proven
// CHECK-NOT: tir.check_index
tir.func @proven<n>(%x: !tir.buffer<[n, 8], f32>) -> (%y: !tir.buffer<[8, n], f32>) {
  tir.for %i in n parallel {
    tir.for %j in 2 serial {
      tir.for %k in 4 vectorized {
        %v = tir.load %x[%i, %j * 4 + %k] : !tir.buffer<[n, 8], f32>
        tir.store %v, %y[%j * 4 + %k, n - 1 - %i] : !tir.buffer<[8, n], f32>
      }
    }
  }
}

// -----

// An index past the end, and one before the start; each axis by itself.
// CHECK-LABEL: tir.func @past
// CHECK: tir.check_index %i + 1 in 4 "@past: load of input 0 'x', axis 0, of {{.*}}mlir:27:5"
// CHECK-NEXT: %v = tir.load %x[%i + 1]
// CHECK-NEXT: tir.check_index %i - 1 in n "@past: store to output 0 'y', axis 1, of {{.*}}mlir:28:5"
// CHECK-NEXT: tir.store %v, %y[%i, %i - 1]
tir.func @past<n>(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4, n], f32>) {
  tir.for %i in 4 serial {
    %v = tir.load %x[%i + 1] : !tir.buffer<[4], f32>
    tir.store %v, %y[%i, %i - 1] : !tir.buffer<[4, n], f32>
  }
}

// -----

// An index that was read: one check, which what follows relies on.
// CHECK-LABEL: tir.func @loaded
// CHECK: tir.check_index %r in 8 "@loaded: load of input 1 'x', axis 0
// CHECK-NEXT: %v = tir.load %x[%r]
// CHECK-NEXT: tir.store %v, %y[%r]
// CHECK-NEXT: tir.check_index %r + 1 in 8 "@loaded: store to output 0 'y', axis 0
// CHECK-NEXT: tir.store %v, %y[%r + 1]
tir.func @loaded(%ids: !tir.buffer<[3], i64>, %x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 3 serial {
    %id = tir.load %ids[%i] : !tir.buffer<[3], i64>
    %r = arith.index_cast %id : i64 to index
    %v = tir.load %x[%r] : !tir.buffer<[8], f32>
    tir.store %v, %y[%r] : !tir.buffer<[8], f32>
    tir.store %v, %y[%r + 1] : !tir.buffer<[8], f32>
  }
}

// -----

// Conditions of an access, and of the code around it, prove an index; they go along with a check.
// CHECK-LABEL: tir.func @conditions
// CHECK-NOT: tir.check_index
// CHECK: tir.predicated_load %x[%i - 1]
// CHECK-NEXT: tir.check_index %i - 2 in 4 where (%i - 1 >= 0) "@conditions: load of input 0 'x', axis 0
// CHECK-NEXT: tir.predicated_load %x[%i - 2]
// CHECK-NOT: tir.check_index
// CHECK: } else {
// CHECK-NEXT: tir.check_index %i in 4 "@conditions: store to output 0 'y', axis 0
tir.func @conditions(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 5 serial {
    %zero = arith.constant 0.0 : f32
    %v = tir.predicated_load %x[%i - 1] where (%i - 1 >= 0) else %zero : !tir.buffer<[4], f32>
    %w = tir.predicated_load %x[%i - 2] where (%i - 1 >= 0) else %zero : !tir.buffer<[4], f32>
    %inside = tir.predicate (3 - %i >= 0)
    tir.if %inside {
      tir.store %v, %y[%i] : !tir.buffer<[4], f32>
    } else {
      tir.store %w, %y[%i] : !tir.buffer<[4], f32>
    }
  }
}

// -----

// A check in a branch proves nothing outside of it.
// CHECK-LABEL: tir.func @branch
// CHECK: tir.if
// CHECK: tir.check_index %r in 8
// CHECK: }
// CHECK: tir.check_index %r in 8
// CHECK-NEXT: tir.store %v, %y[%r]
tir.func @branch(%ids: !tir.buffer<[1], i64>, %x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  %id = tir.load %ids[0] : !tir.buffer<[1], i64>
  %r = arith.index_cast %id : i64 to index
  %v = arith.constant 1.0 : f32
  tir.for %i in 2 serial {
    %first = tir.predicate (-%i >= 0)
    tir.if %first {
      %w = tir.load %x[%r] : !tir.buffer<[8], f32>
      tir.store %w, %y[0] : !tir.buffer<[8], f32>
    }
    tir.store %v, %y[%r] : !tir.buffer<[8], f32>
  }
}

// -----

// A kernel that has checks is as somebody wanted it; a prefetch touches nothing.
// CHECK-LABEL: tir.func @has_checks
// CHECK: tir.check_index %i in 4 "mine"
// CHECK-NEXT: tir.prefetch %x[%i + 9]
// CHECK-NEXT: tir.load %x[%i + 1]
tir.func @has_checks(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) {
  tir.for %i in 4 serial {
    tir.check_index %i in 4 "mine"
    tir.prefetch %x[%i + 9] : !tir.buffer<[4], f32>
    %v = tir.load %x[%i + 1] : !tir.buffer<[4], f32>
    tir.store %v, %y[%i] : !tir.buffer<[4], f32>
  }
}

// -----

// Two axes in one loop, the last vector of which is filled in part: quotients are seen through.
// CHECK-LABEL: tir.func @fused_axes
// CHECK-NOT: tir.check_index
tir.func @fused_axes(%x: !tir.buffer<[7, 7], f32>) -> (%y: !tir.buffer<[7, 7], f32>) {
  tir.for %i in 4 serial {
    tir.for %j in 16 vectorized {
      %zero = arith.constant 0.0 : f32
      %v = tir.predicated_load %x[(%i * 16 + %j) floordiv 7, (%i * 16 + %j) mod 7] where (48 - %i * 16 - %j >= 0) else %zero : !tir.buffer<[7, 7], f32>
      tir.predicated_store %v, %y[(%i * 16 + %j) floordiv 7, (%i * 16 + %j) mod 7] where (48 - %i * 16 - %j >= 0) : !tir.buffer<[7, 7], f32>
    }
  }
}

// -----

// The same of symbolic axes: that the loop runs at all says that none of them is empty.
// CHECK-LABEL: tir.func @fused_symbols
// CHECK-NOT: tir.check_index
// CHECK: tir.load %x[%i floordiv m, %i mod m]
// CHECK: tir.check_index %i floordiv m + 1 in n "@fused_symbols: store to output 0 'y', axis 0
// CHECK-NOT: tir.check_index
// CHECK: tir.store
tir.func @fused_symbols<n, m>(%x: !tir.buffer<[n, m], f32>) -> (%y: !tir.buffer<[n, m], f32>) {
  tir.for %i in n * m serial {
    %v = tir.load %x[%i floordiv m, %i mod m] : !tir.buffer<[n, m], f32>
    tir.store %v, %y[%i floordiv m + 1, %i mod m] : !tir.buffer<[n, m], f32>
  }
}
