// RUN: tyrex-opt %s --split-input-file -p lower-blocks | filecheck %s

// Bindings replace iteration variables; the init runs in the first iteration of the reduction.
// CHECK-LABEL: tir.func @reduction
// CHECK: tir.for %i in 4 parallel {
// CHECK-NEXT: tir.for %j in 2 unrolled attributes {hint} {
// CHECK-NEXT: tir.for %k in 4 serial {
// CHECK-NEXT: %[[first:.*]] = tir.predicate (-%k >= 0)
// CHECK-NEXT: tir.if %[[first]] {
// CHECK-NEXT: %zero = arith.constant
// CHECK-NEXT: tir.store %zero, %y[%i * 2 + %j]
// CHECK-NEXT: }
// CHECK-NEXT: %acc = tir.load %y[%i * 2 + %j]
// CHECK-NEXT: %x = tir.load %a[%i * 2 + %j, %k]
tir.func @reduction(%a: !tir.buffer<[8, 4], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 4 parallel {
    tir.for %j in 2 unrolled attributes {hint} {
      tir.for %k in 4 serial {
        tir.block "sum" (%vi: spatial(8) = %i * 2 + %j, %vk: reduce(4) = %k) init {
          %zero = arith.constant 0.0 : f32
          tir.store %zero, %y[%vi] : !tir.buffer<[8], f32>
        } {
          %acc = tir.load %y[%vi] : !tir.buffer<[8], f32>
          %x = tir.load %a[%vi, %vk] : !tir.buffer<[8, 4], f32>
          %s = arith.addf %acc, %x : f32
          tir.store %s, %y[%vi] : !tir.buffer<[8], f32>
        }
      }
    }
  }
}

// -----

// A reduction whose loops are all gone: the init needs no condition.
// CHECK-LABEL: tir.func @always_first
// CHECK-NEXT: %zero = arith.constant
// CHECK-NEXT: tir.store %zero, %y[0]
// CHECK-NEXT: tir.load %y[0]
tir.func @always_first(%a: !tir.buffer<[1], f32>) -> (%y: !tir.buffer<[1], f32>) {
  tir.block "sum" (%vi: spatial(1) = 0, %vk: reduce(1) = 0) init {
    %zero = arith.constant 0.0 : f32
    tir.store %zero, %y[%vi] : !tir.buffer<[1], f32>
  } {
    %acc = tir.load %y[%vi] : !tir.buffer<[1], f32>
    tir.store %acc, %y[%vi] : !tir.buffer<[1], f32>
  }
}

// -----

// A condition that the loops prove is gone, another becomes a tir.if.
// CHECK-LABEL: tir.func @conditions
// CHECK: %[[inside:.*]] = tir.predicate (%i * -4 - %j + 6 >= 0)
// CHECK-NEXT: tir.if %[[inside]] {
// CHECK-NEXT: tir.load %a[%i * 4 + %j]
tir.func @conditions(%a: !tir.buffer<[7], f32>) -> (%y: !tir.buffer<[7], f32>) {
  tir.for %i in 2 serial {
    tir.for %j in 4 serial {
      tir.block "copy" (%v: spatial(7) = %i * 4 + %j) where (6 - %i * 4 - %j >= 0, 7 - %i * 4 - %j >= 0) {
        %x = tir.load %a[%v] : !tir.buffer<[7], f32>
        tir.store %x, %y[%v] : !tir.buffer<[7], f32>
      }
    }
  }
}

// -----

// In a vectorized loop the condition is that of each access; the stack needs none.
// CHECK-LABEL: tir.func @lanes
// CHECK-NOT: tir.if
// CHECK: %x = tir.predicated_load %a[%i * 4 + %l] where (%i * -4 - %l + 6 >= 0) else
// CHECK-NEXT: tir.store %x, %t[%l]
// CHECK-NEXT: %s = tir.load %t[%l]
// CHECK-NEXT: tir.predicated_store %s, %y[%i * 4 + %l] where (%i * -4 - %l + 6 >= 0)
tir.func @lanes(%a: !tir.buffer<[7], f32>) -> (%y: !tir.buffer<[7], f32>) {
  tir.for %i in 2 serial {
    %t = tir.alloc : !tir.buffer<[4], f32, "stack">
    tir.for %l in 4 vectorized {
      tir.block "square" (%v: spatial(7) = %i * 4 + %l, %w: spatial(4) = %l) where (6 - %i * 4 - %l >= 0) {
        %x = tir.load %a[%v] : !tir.buffer<[7], f32>
        tir.store %x, %t[%w] : !tir.buffer<[4], f32, "stack">
        %s = tir.load %t[%w] : !tir.buffer<[4], f32, "stack">
        tir.store %s, %y[%v] : !tir.buffer<[7], f32>
      }
    }
  }
}

// -----

// Predicates of accesses: what the bounds prove is gone, an access that always happens is plain.
// CHECK-LABEL: tir.func @accesses
// CHECK: %x = tir.load %a[%i]
// CHECK-NEXT: %z = tir.predicated_load %a[%i - 1] where (%i - 1 >= 0) else %d
// CHECK: tir.store %{{.*}}, %y[%i]
tir.func @accesses(%a: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    tir.block "shift" (%v: spatial(8) = %i) {
      %d = arith.constant 0.0 : f32
      %x = tir.predicated_load %a[%v] where (%v >= 0, 7 - %v >= 0) else %d : !tir.buffer<[8], f32>
      %z = tir.predicated_load %a[%v - 1] where (%v - 1 >= 0, 8 - %v >= 0) else %d : !tir.buffer<[8], f32>
      %s = arith.addf %x, %z : f32
      tir.predicated_store %s, %y[%v] where (%v >= 0) : !tir.buffer<[8], f32>
    }
  }
}

// -----

// Divisions and remainders are simplified by the loops' bounds.
// CHECK-LABEL: tir.func @division
// CHECK: %x = tir.load %a[%f, %j]
// CHECK-NEXT: tir.store %x, %y[%f, %j]
tir.func @division(%a: !tir.buffer<[6, 4], f32>) -> (%y: !tir.buffer<[6, 4], f32>) {
  tir.for %f in 6 serial {
    tir.for %j in 4 serial {
      tir.block "copy" (%vi: spatial(6) = (%f * 4 + %j) floordiv 4, %vj: spatial(4) = (%f * 4 + %j) mod 4) {
        %x = tir.load %a[%vi, %vj] : !tir.buffer<[6, 4], f32>
        tir.store %x, %y[%vi, %vj] : !tir.buffer<[6, 4], f32>
      }
    }
  }
}

// -----

// Memory of a call becomes workspace arguments, in order; a stack buffer stays.
// CHECK-LABEL: tir.func @workspaces<n>
// CHECK-SAME: workspaces (%t: !tir.buffer<[n], f32>, %u: !tir.buffer<[n, 2], i64>) aliases (0 = 0) attributes {pattern = "elementwise"} {
// CHECK-NEXT: %s = tir.alloc : !tir.buffer<[4], f32, "stack">
// CHECK-NEXT: tir.for
// CHECK-NEXT: %x = tir.load %a[%i]
// CHECK-NEXT: tir.store %x, %t[%i]
tir.func @workspaces<n>(%a: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) aliases (0 = 0) attributes {pattern = "elementwise"} {
  %t = tir.alloc : !tir.buffer<[n], f32>
  %s = tir.alloc : !tir.buffer<[4], f32, "stack">
  %u = tir.alloc : !tir.buffer<[n, 2], i64>
  tir.for %i in n serial {
    tir.block "copy" (%v: spatial(n) = %i) {
      %x = tir.load %a[%v] : !tir.buffer<[n], f32>
      tir.store %x, %t[%v] : !tir.buffer<[n], f32>
    }
  }
}

// -----

// An integer division in a lane that does not count divides by one: it loaded nothing.
// CHECK-LABEL: tir.func @lanes_divide
// CHECK: %x = tir.predicated_load %a
// CHECK: %[[inside:.*]] = tir.predicate (%i * -4 - %l + 6 >= 0)
// CHECK: %[[one:.*]] = arith.constant 1 : i32
// CHECK: %[[divisor:.*]] = arith.select %[[inside]], %x, %[[one]]
// CHECK: arith.divsi %hundred, %[[divisor]]
tir.func @lanes_divide(%a: !tir.buffer<[7], i32>) -> (%y: !tir.buffer<[7], i32>) {
  tir.for %i in 2 serial {
    tir.for %l in 4 vectorized {
      tir.block "invert" (%v: spatial(7) = %i * 4 + %l) where (6 - %i * 4 - %l >= 0) {
        %hundred = arith.constant 100 : i32
        %x = tir.load %a[%v] : !tir.buffer<[7], i32>
        %q = arith.divsi %hundred, %x : i32
        tir.store %q, %y[%v] : !tir.buffer<[7], i32>
      }
    }
  }
}

// -----

// A stack buffer is masked only where lanes that do not count have no room in it.
// CHECK-LABEL: tir.func @lanes_of_a_stack_buffer
// CHECK: %fits = tir.load %t[%j]
// CHECK: tir.predicated_load %t[%j + 4] where (-%j + 9 >= 0)
// CHECK: tir.predicated_store %{{.*}}, %t[%j + 1] where (-%j + 9 >= 0)
// CHECK: tir.predicated_store %fits, %y[%j] where (-%j + 9 >= 0)
tir.func @lanes_of_a_stack_buffer() -> (%y: !tir.buffer<[10], f32>) {
  %t = tir.alloc : !tir.buffer<[16], f32, "stack">
  tir.for %j in 16 vectorized {
    tir.block "b" (%v: spatial(10) = %j) where (9 - %j >= 0) {
      %fits = tir.load %t[%v] : !tir.buffer<[16], f32, "stack">
      %beyond = tir.load %t[%v + 4] : !tir.buffer<[16], f32, "stack">
      tir.store %beyond, %t[%v + 1] : !tir.buffer<[16], f32, "stack">
      tir.store %fits, %y[%v] : !tir.buffer<[10], f32>
    }
  }
}
