// RUN: tyrex-opt %s --split-input-file -p lower-to-vm,plan-memory | filecheck %s
// RUN: tyrex-opt %s --split-input-file -p lower-to-vm,plan-memory,plan-memory | filecheck %s

// A chain needs two places; a result, an argument and a constant need none.

tir.func @f(%a: !tir.buffer<[100], f32>) -> (%c: !tir.buffer<[100], f32>) {
}

// CHECK-LABEL: vm.func @chain
relax.func @chain(%x: !relax.tensor<[100], f32>) -> (!relax.tensor<[100], f32>) {
  // CHECK: %arena = vm.alloc_storage {size_bytes = 896 : i64, align_bytes = 64 : i64}
  // CHECK-NOT: vm.alloc_storage
  // CHECK: %a = vm.tensor %arena {offset = 0 : i64}
  // CHECK: %b = vm.tensor %arena {offset = 448 : i64}
  // CHECK: %c = vm.tensor %arena {offset = 0 : i64}
  // CHECK: %d = vm.alloc_output
  %a = relax.call_tir @f(%x) : (!relax.tensor<[100], f32>) -> !relax.tensor<[100], f32>
  %b = relax.call_tir @f(%a) : (!relax.tensor<[100], f32>) -> !relax.tensor<[100], f32>
  %c = relax.call_tir @f(%b) : (!relax.tensor<[100], f32>) -> !relax.tensor<[100], f32>
  %d = relax.call_tir @f(%c) : (!relax.tensor<[100], f32>) -> !relax.tensor<[100], f32>
  relax.return %d : !relax.tensor<[100], f32>
}

// -----

// A view keeps what it views; a workspace is in use while its kernel runs.

tir.func @f(%a: !tir.buffer<[16], f32>) -> (%c: !tir.buffer<[16], f32>) {
}
tir.func @g(%a: !tir.buffer<[4, 4], f32>, %b: !tir.buffer<[16], f32>) -> (%c: !tir.buffer<[16], f32>) workspaces (%w: !tir.buffer<[16], f32>) {
}

// CHECK-LABEL: vm.func @views
relax.func @views(%x: !relax.tensor<[16], f32>) -> (!relax.tensor<[16], f32>) {
  // CHECK: %arena = vm.alloc_storage {size_bytes = 192 : i64
  // CHECK: %a = vm.tensor %arena {offset = [[A:.*]] : i64}
  %a = relax.call_tir @f(%x) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  %v = relax.reshape %a {shape = #relax.dims<[4, 4]>} : (!relax.tensor<[16], f32>) -> !relax.tensor<[4, 4], f32>
  %b = relax.call_tir @f(%a) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  // CHECK: vm.call @f(%a) -> (%b)
  // CHECK: %[[W:.*]] = vm.tensor %arena
  // CHECK: vm.call @g(%v, %b) -> (%y) {{.*}} workspaces(%[[W]]
  %y = relax.call_tir @g(%v, %b) : (!relax.tensor<[4, 4], f32>, !relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  relax.return %y : !relax.tensor<[16], f32>
}

// -----

// The branches of an `if` use the same bytes; what is read behind it keeps its own.

tir.func @f(%a: !tir.buffer<[16], f32>) -> (%c: !tir.buffer<[16], f32>) {
}
tir.func @g(%a: !tir.buffer<[16], f32>, %b: !tir.buffer<[16], f32>) -> (%c: !tir.buffer<[16], f32>) {
}

// CHECK-LABEL: vm.func @branches
relax.func @branches(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[16], f32>) -> (!relax.tensor<[16], f32>) {
  // CHECK: %arena = vm.alloc_storage {size_bytes = 192 : i64
  // CHECK: %kept = vm.tensor %arena {offset = [[KEPT:.*]] : i64}
  %kept = relax.call_tir @f(%x) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  // CHECK: %r = vm.tensor %arena {offset = [[R:.*]] : i64}
  %r = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[16], f32>) {
    // CHECK: %t = vm.tensor %arena {offset = [[T:.*]] : i64}
    %t = relax.call_tir @f(%x) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
    %u = relax.call_tir @f(%t) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
    relax.yield %u : !relax.tensor<[16], f32>
  } else {
    // CHECK: %v = vm.tensor %arena {offset = [[T]] : i64}
    %v = relax.call_tir @f(%x) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
    %w = relax.call_tir @f(%v) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
    relax.yield %w : !relax.tensor<[16], f32>
  }
  %y = relax.call_tir @g(%r, %kept) : (!relax.tensor<[16], f32>, !relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  relax.return %y : !relax.tensor<[16], f32>
}

// -----

// A storage that a loop allocates anew while the last one is still in use has no fixed place.

// CHECK-LABEL: vm.func @loop
vm.func @loop(%x: !relax.tensor<[16], f32>, %c: !relax.tensor<[], i1>) {
  // CHECK: %arena = vm.alloc_storage
  %s = vm.alloc_storage {size_bytes = 64 : i64, align_bytes = 64 : i64} : !vm.storage
  %a = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[16], f32>
  vm.copy %x, %a : !relax.tensor<[16], f32>, !relax.tensor<[16], f32>
  vm.br ^head(%a : !relax.tensor<[16], f32>)
^head(%b: !relax.tensor<[16], f32>):
  // CHECK: vm.alloc_storage
  %t = vm.alloc_storage {size_bytes = 64 : i64, align_bytes = 64 : i64} : !vm.storage
  %d = vm.tensor %t {offset = 0 : i64} : !relax.tensor<[16], f32>
  vm.call @f(%b) -> (%d) : (!relax.tensor<[16], f32>) -> !relax.tensor<[16], f32>
  vm.cond_br %c : !relax.tensor<[], i1>, ^head(%d : !relax.tensor<[16], f32>), ^end
^end:
  vm.return
}

// -----

// Where all sizes are multiples of one product, places are in units of it: c and d lie in what b took.

tir.func @f<n>(%a: !tir.buffer<[n, 16], f32>) -> (%c: !tir.buffer<[n, 16], f32>) {
}
tir.func @g<n>(%a: !tir.buffer<[n, 16], f32>) -> (%c: !tir.buffer<[n, 64], f32>) {
}
tir.func @h<n>(%a: !tir.buffer<[n, 64], f32>) -> (%c: !tir.buffer<[n, 16], f32>) {
}
tir.func @k<n>(%a: !tir.buffer<[n, 16], f32>, %b: !tir.buffer<[n, 16], f32>) -> (%c: !tir.buffer<[n, 16], f32>) {
}

// CHECK-LABEL: vm.func @scaled
relax.func @scaled<n>(%x: !relax.tensor<[n, 16], f32>) -> (!relax.tensor<[n, 16], f32>) {
  // CHECK: %slot = vm.alloc_storage {size_bytes = #relax.dims<[n * 320]>, align_bytes = 64 : i64}
  // CHECK-NOT: vm.alloc_storage
  // CHECK: %a = vm.tensor %slot {offset = #relax.dims<[n * 256]>}
  // CHECK: %b = vm.tensor %slot {offset = 0 : i64}
  // CHECK: %c = vm.tensor %slot {offset = #relax.dims<[n * 256]>}
  // CHECK: %d = vm.tensor %slot {offset = 0 : i64}
  // CHECK: %e = vm.tensor %slot {offset = #relax.dims<[n * 64]>}
  %a = relax.call_tir @f(%x) : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %b = relax.call_tir @g(%a) : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 64], f32>
  %c = relax.call_tir @h(%b) : (!relax.tensor<[n, 64], f32>) -> !relax.tensor<[n, 16], f32>
  %d = relax.call_tir @f(%c) : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %e = relax.call_tir @k(%c, %d) : (!relax.tensor<[n, 16], f32>, !relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %r = relax.call_tir @f(%e) : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  relax.return %r : !relax.tensor<[n, 16], f32>
}

// -----

// Sizes that no one product divides share slots, each as large as its largest tensor.

tir.func @f<n, m>(%a: !tir.buffer<[n, 16], f32>, %b: !tir.buffer<[m, 16], f32>) -> (%c: !tir.buffer<[n, 16], f32>, %d: !tir.buffer<[m, 16], f32>) {
}
tir.func @g<n, m>(%a: !tir.buffer<[n, 16], f32>, %b: !tir.buffer<[m, 16], f32>) -> (%c: !tir.buffer<[n + m, 16], f32>) {
}
tir.func @h<k>(%a: !tir.buffer<[k, 16], f32>) -> (%c: !tir.buffer<[k, 16], f32>) {
}

// CHECK-LABEL: vm.func @slots
relax.func @slots<n, m>(%x: !relax.tensor<[n, 16], f32>, %y: !relax.tensor<[m, 16], f32>) -> (!relax.tensor<[m + n, 16], f32>) {
  // CHECK: %slot = vm.alloc_storage {size_bytes = #relax.dims<[m * 64 + n * 64]>
  // CHECK: %slot_1 = vm.alloc_storage {size_bytes = #relax.dims<[m * 64 + n * 64]>
  // CHECK: %slot_2 = vm.alloc_storage {size_bytes = #relax.dims<[m * 64]>
  // CHECK-NOT: vm.alloc_storage
  // CHECK: %a = vm.tensor %slot_1 {offset = 0 : i64}
  // CHECK: %b = vm.tensor %slot_2 {offset = 0 : i64}
  // CHECK: %c = vm.tensor %slot {offset = 0 : i64}
  // CHECK: %d = vm.tensor %slot_1 {offset = 0 : i64}
  %a, %b = relax.call_tir @f(%x, %y) : (!relax.tensor<[n, 16], f32>, !relax.tensor<[m, 16], f32>) -> (!relax.tensor<[n, 16], f32>, !relax.tensor<[m, 16], f32>)
  %c = relax.call_tir @g(%a, %b) : (!relax.tensor<[n, 16], f32>, !relax.tensor<[m, 16], f32>) -> !relax.tensor<[m + n, 16], f32>
  %d = relax.call_tir @h(%c) : (!relax.tensor<[m + n, 16], f32>) -> !relax.tensor<[m + n, 16], f32>
  %e = relax.call_tir @h(%d) : (!relax.tensor<[m + n, 16], f32>) -> !relax.tensor<[m + n, 16], f32>
  relax.return %e : !relax.tensor<[m + n, 16], f32>
}

// -----

// With an upper bound a storage is as large as it can become, in the arena with all others.

tir.func @f<n>(%a: !tir.buffer<[n, 16], f32>) -> (%c: !tir.buffer<[n, 16], f32>) {
}

// CHECK-LABEL: vm.func @bounded<n>
vm.func @bounded<n>(%x: !relax.tensor<[n, 16], f32>) -> (!relax.tensor<[n, 16], f32>) attributes {symbol_bounds = array<i64: 1, 8>} {
  // CHECK: %arena = vm.alloc_storage {size_bytes = 1024 : i64, align_bytes = 64 : i64}
  // CHECK-NOT: vm.alloc_storage
  %s = vm.alloc_storage {size_bytes = #relax.dims<[n * 64]>, align_bytes = 64 : i64} : !vm.storage
  %a = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[n, 16], f32>
  vm.call @f(%x) -> (%a) {symbols = #relax.dims<[n]>} : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %t = vm.alloc_storage {size_bytes = #relax.dims<[n * 64]>, align_bytes = 64 : i64} : !vm.storage
  %b = vm.tensor %t {offset = 0 : i64} : !relax.tensor<[n, 16], f32>
  vm.call @f(%a) -> (%b) {symbols = #relax.dims<[n]>} : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[n, 16], f32>
  vm.call @f(%b) -> (%y) {symbols = #relax.dims<[n]>} : (!relax.tensor<[n, 16], f32>) -> !relax.tensor<[n, 16], f32>
  vm.return %y : !relax.tensor<[n, 16], f32>
}

// -----

// Of what is found there is at most all: memory for that is in the arena. What may become very large
// is allocated when a run knows how large it is, and so is what has no upper bound.

tir.func @f<k>(%a: !tir.buffer<[k], i64>) -> (%c: !tir.buffer<[k], i64>) {
}

// CHECK-LABEL: vm.func @found
// CHECK: %arena = vm.alloc_storage {size_bytes = 128 : i64, align_bytes = 64 : i64}
// CHECK-NOT: vm.alloc_storage
vm.func @found(%x: !relax.tensor<[8], i64>, %n: !relax.tensor<[1], i64>) -> (!relax.tensor<[?], i64>) {
  %p = vm.prefix %x, %n {new_symbols = ["k"]} : !relax.tensor<[8], i64>, !relax.tensor<[1], i64> -> !relax.tensor<[k], i64>
  %s = vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>, align_bytes = 64 : i64} : !vm.storage
  %a = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%p) -> (%a) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  %t = vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>, align_bytes = 64 : i64} : !vm.storage
  %b = vm.tensor %t {offset = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%a) -> (%b) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%b) -> (%y) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  vm.return %y : !relax.tensor<[k], i64>
}

// CHECK-LABEL: vm.func @much
// CHECK: vm.prefix
// CHECK: vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>
vm.func @much(%x: !relax.tensor<[2097153], i64>, %n: !relax.tensor<[1], i64>) -> (!relax.tensor<[?], i64>) {
  %p = vm.prefix %x, %n {new_symbols = ["k"]} : !relax.tensor<[2097153], i64>, !relax.tensor<[1], i64> -> !relax.tensor<[k], i64>
  %s = vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>, align_bytes = 64 : i64} : !vm.storage
  %a = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%p) -> (%a) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%a) -> (%y) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  vm.return %y : !relax.tensor<[k], i64>
}

// CHECK-LABEL: vm.func @unbounded
// CHECK: vm.prefix
// CHECK: vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>
vm.func @unbounded<n>(%x: !relax.tensor<[n], i64>, %n: !relax.tensor<[1], i64>) -> (!relax.tensor<[?], i64>) {
  %p = vm.prefix %x, %n {new_symbols = ["k"]} : !relax.tensor<[n], i64>, !relax.tensor<[1], i64> -> !relax.tensor<[k], i64>
  %s = vm.alloc_storage {size_bytes = #relax.dims<[k * 8]>, align_bytes = 64 : i64} : !vm.storage
  %a = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%p) -> (%a) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  %y = vm.alloc_output {index = 0 : i64} : !relax.tensor<[k], i64>
  vm.call @f(%a) -> (%y) {symbols = #relax.dims<[k]>} : (!relax.tensor<[k], i64>) -> !relax.tensor<[k], i64>
  vm.return %y : !relax.tensor<[k], i64>
}
