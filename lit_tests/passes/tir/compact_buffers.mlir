// RUN: tyrex-opt %s --split-input-file -p compact-buffers | filecheck %s

// What one iteration of %i uses is a row of four elements.
// CHECK-LABEL: tir.func @tile
// CHECK-NEXT: tir.for %i in 4 parallel
// CHECK-NEXT: %t = tir.alloc : !tir.buffer<[4], f32, "stack">
// CHECK: tir.store %{{.*}}, %t[%i * -4 + %v]
// CHECK: tir.load %t[%i * -4 + %w]
tir.func @tile(%x: !tir.buffer<[16], f32>) -> (%y: !tir.buffer<[16], f32>) {
  %t = tir.alloc : !tir.buffer<[16], f32, "stack">
  tir.for %i in 4 parallel {
    tir.for %j in 4 serial {
      tir.block "copy" (%v: spatial(16) = %i * 4 + %j) {
        %a = tir.load %x[%v] : !tir.buffer<[16], f32>
        tir.store %a, %t[%v] : !tir.buffer<[16], f32, "stack">
      }
    }
    tir.for %j in 4 serial {
      tir.block "back" (%w: spatial(16) = %i * 4 + %j) {
        %a = tir.load %t[%w] : !tir.buffer<[16], f32, "stack">
        tir.store %a, %y[%w] : !tir.buffer<[16], f32>
      }
    }
  }
}

// -----

// Lanes that the condition turns off have a place too.
// CHECK-LABEL: tir.func @lanes
// CHECK: tir.alloc : !tir.buffer<[8], f32, "stack">
tir.func @lanes(%x: !tir.buffer<[3], f32>) -> (%y: !tir.buffer<[3], f32>) {
  %t = tir.alloc : !tir.buffer<[3], f32, "stack">
  tir.for %j in 8 vectorized {
    tir.block "copy" (%v: spatial(3) = %j) where (2 - %j >= 0) {
      %a = tir.load %x[%v] : !tir.buffer<[3], f32>
      tir.store %a, %t[%v] : !tir.buffer<[3], f32, "stack">
    }
  }
  tir.for %j in 3 serial {
    tir.block "back" (%w: spatial(3) = %j) {
      %a = tir.load %t[%w] : !tir.buffer<[3], f32, "stack">
      tir.store %a, %y[%w] : !tir.buffer<[3], f32>
    }
  }
}

// -----

// The uses share no loop; memory of global scope stays where it is.
// CHECK-LABEL: tir.func @apart
// CHECK-NEXT: %t = tir.alloc : !tir.buffer<[16], f32, "stack">
// CHECK-NEXT: %g = tir.alloc : !tir.buffer<[16], f32>
tir.func @apart(%x: !tir.buffer<[16], f32>) -> (%y: !tir.buffer<[16], f32>) {
  %t = tir.alloc : !tir.buffer<[16], f32, "stack">
  %g = tir.alloc : !tir.buffer<[16], f32>
  tir.for %i in 16 serial {
    tir.block "copy" (%v: spatial(16) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[16], f32>
      tir.store %a, %g[%v] : !tir.buffer<[16], f32>
      %b = tir.load %g[%v] : !tir.buffer<[16], f32>
      tir.store %b, %t[%v] : !tir.buffer<[16], f32, "stack">
    }
  }
  tir.for %i in 16 serial {
    tir.block "back" (%v: spatial(16) = %i) {
      %a = tir.load %t[%v] : !tir.buffer<[16], f32, "stack">
      tir.store %a, %y[%v] : !tir.buffer<[16], f32>
    }
  }
}

// -----

// No loop makes it smaller, and it is too large (or of no constant size) for a thread's stack.
// CHECK-LABEL: tir.func @large
// CHECK-NEXT: %t = tir.alloc : !tir.buffer<[n], f32>
tir.func @large<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {
  %t = tir.alloc : !tir.buffer<[n], f32, "stack">
  tir.for %i in n serial {
    tir.block "copy" (%v: spatial(n) = %i) {
      %a = tir.load %x[%v] : !tir.buffer<[n], f32>
      tir.store %a, %t[%v] : !tir.buffer<[n], f32, "stack">
    }
  }
  tir.for %i in n serial {
    tir.block "back" (%v: spatial(n) = %i) {
      %a = tir.load %t[%v] : !tir.buffer<[n], f32, "stack">
      tir.store %a, %y[%v] : !tir.buffer<[n], f32>
    }
  }
}
