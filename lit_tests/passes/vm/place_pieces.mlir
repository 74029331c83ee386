// RUN: tyrex-opt %s --split-input-file -p legalize-ops,lower-to-vm,place-pieces | filecheck %s

tir.func @f(%a: !tir.buffer<[1, 2, 4], f32>) -> (%c: !tir.buffer<[1, 2, 4], f32>) {
}
tir.func @g(%a: !tir.buffer<[1, 8, 4], f32>) -> (%c: !tir.buffer<[1, 8, 4], f32>) {
}

// The first piece and a join of joins are computed in place; the argument is copied there.
// CHECK-NOT: tir.func @concat
// CHECK-LABEL: vm.func @chain
// CHECK-NEXT: %[[s:.*]] = vm.alloc_storage {size_bytes = 128 : i64
// CHECK-NEXT: %a = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: vm.call @f(%x) -> (%a)
// CHECK-NEXT: %b = vm.tensor %[[s]] {offset = 32 : i64}
// CHECK-NEXT: vm.call @f(%a) -> (%b)
// CHECK-NEXT: %c = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: %d = vm.tensor %[[s]] {offset = 64 : i64}
// CHECK-NEXT: vm.call @f(%b) -> (%d)
// CHECK-NEXT: %e = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: %[[x:.*]] = vm.tensor %[[s]] {offset = 96 : i64}
// CHECK-NEXT: vm.copy %x, %[[x]]
// CHECK-NEXT: %y = vm.alloc_output
// CHECK-NEXT: vm.call @g(%e) -> (%y)
relax.func @chain(%x: !relax.tensor<[1, 2, 4], f32>) -> (!relax.tensor<[1, 8, 4], f32>) {
  %a = relax.call_tir @f(%x) : (!relax.tensor<[1, 2, 4], f32>) -> !relax.tensor<[1, 2, 4], f32>
  %b = relax.call_tir @f(%a) : (!relax.tensor<[1, 2, 4], f32>) -> !relax.tensor<[1, 2, 4], f32>
  %c = relax.concat %a, %b {axis = 1} : (!relax.tensor<[1, 2, 4], f32>, !relax.tensor<[1, 2, 4], f32>) -> !relax.tensor<[1, 4, 4], f32>
  %d = relax.call_tir @f(%b) : (!relax.tensor<[1, 2, 4], f32>) -> !relax.tensor<[1, 2, 4], f32>
  %e = relax.concat %c, %d, %x {axis = 1} : (!relax.tensor<[1, 4, 4], f32>, !relax.tensor<[1, 2, 4], f32>, !relax.tensor<[1, 2, 4], f32>) -> !relax.tensor<[1, 8, 4], f32>
  %y = relax.call_tir @g(%e) : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 8, 4], f32>
  relax.return %y : !relax.tensor<[1, 8, 4], f32>
}

// -----

tir.func @g(%a: !tir.buffer<[1, 8, 4], f32>) -> (%c: !tir.buffer<[1, 8, 4], f32>) {
}
tir.func @f(%a: !tir.buffer<[1, 4, 4], f32>) -> (%c: !tir.buffer<[1, 4, 4], f32>) {
}

// The parts of a split are views, also where they are joined again with more.
// CHECK-LABEL: vm.func @parts
// CHECK-NEXT: %[[s:.*]] = vm.alloc_storage {size_bytes = 192 : i64
// CHECK-NEXT: %a = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: vm.call @g(%x) -> (%a)
// CHECK-NEXT: %b = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: %c = vm.tensor %[[s]] {offset = 64 : i64}
// CHECK-NEXT: %d = vm.tensor %[[s]] {offset = 128 : i64}
// CHECK-NEXT: vm.call @f(%c) -> (%d)
// CHECK-NEXT: %e = vm.tensor %[[s]] {offset = 0 : i64}
// CHECK-NEXT: %y = vm.alloc_output
// CHECK-NEXT: vm.call @relu(%e) -> (%y)
relax.func @parts(%x: !relax.tensor<[1, 8, 4], f32>) -> (!relax.tensor<[1, 12, 4], f32>) {
  %a = relax.call_tir @g(%x) : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 8, 4], f32>
  %b, %c = relax.split %a {axis = 1, sections = #relax.dims<[4, 4]>} : (!relax.tensor<[1, 8, 4], f32>) -> (!relax.tensor<[1, 4, 4], f32>, !relax.tensor<[1, 4, 4], f32>)
  %d = relax.call_tir @f(%c) : (!relax.tensor<[1, 4, 4], f32>) -> !relax.tensor<[1, 4, 4], f32>
  %e = relax.concat %b, %c, %d {axis = 1} : (!relax.tensor<[1, 4, 4], f32>, !relax.tensor<[1, 4, 4], f32>, !relax.tensor<[1, 4, 4], f32>) -> !relax.tensor<[1, 12, 4], f32>
  %y = relax.relu %e : (!relax.tensor<[1, 12, 4], f32>) -> !relax.tensor<[1, 12, 4], f32>
  relax.return %y : !relax.tensor<[1, 12, 4], f32>
}

// -----

tir.func @f(%a: !tir.buffer<[2, 4], f32>) -> (%c: !tir.buffer<[2, 4], f32>) {
}
tir.func @g(%a: !tir.buffer<[4, 4], f32>) -> (%c: !tir.buffer<[4, 4], f32>) aliases (0 = 0) {
}

// Must not: along an inner axis pieces do not follow each other; the piece is overwritten after it
// was joined; the piece is read after the whole was overwritten; one piece twice; what is returned.
// CHECK-LABEL: vm.func @inner
// CHECK: vm.call @concat
relax.func @inner(%x: !relax.tensor<[2, 4], f32>) -> (!relax.tensor<[2, 8], f32>) {
  %a = relax.call_tir @f(%x) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %b = relax.call_tir @f(%a) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %c = relax.concat %a, %b {axis = 1} : (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 8], f32>
  %y = relax.relu %c : (!relax.tensor<[2, 8], f32>) -> !relax.tensor<[2, 8], f32>
  relax.return %y : !relax.tensor<[2, 8], f32>
}
// CHECK-LABEL: vm.func @overwritten
// CHECK: vm.call @concat
relax.func @overwritten(%x: !relax.tensor<[2, 4], f32>) -> (!relax.tensor<[2, 4], f32>) {
  %a = relax.call_tir @f(%x) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %c = relax.concat %a, %a {axis = 0} : (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %d = relax.call_tir @g(%c) : (!relax.tensor<[4, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %y = relax.call_tir @f(%x) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  relax.return %y : !relax.tensor<[2, 4], f32>
}
// CHECK-LABEL: vm.func @read_later
// CHECK: vm.call @concat
// CHECK: vm.call @g(%c) -> (%c)
relax.func @read_later(%x: !relax.tensor<[2, 4], f32>) -> (!relax.tensor<[2, 4], f32>, !relax.tensor<[4, 4], f32>) {
  %a = relax.call_tir @f(%x) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %c = relax.concat %a, %x {axis = 0} : (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %d = relax.call_tir_inplace @g(%c) {inplace = array<i64: 0>} : (!relax.tensor<[4, 4], f32>) -> !relax.tensor<[4, 4], f32>
  %y = relax.call_tir @f(%a) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %z = relax.relu %d : (!relax.tensor<[4, 4], f32>) -> !relax.tensor<[4, 4], f32>
  relax.return %y, %z : !relax.tensor<[2, 4], f32>, !relax.tensor<[4, 4], f32>
}
// CHECK-LABEL: vm.func @returned
// CHECK: vm.call @concat
relax.func @returned(%x: !relax.tensor<[2, 4], f32>) -> (!relax.tensor<[4, 4], f32>) {
  %a = relax.call_tir @f(%x) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %b = relax.call_tir @f(%a) : (!relax.tensor<[2, 4], f32>) -> !relax.tensor<[2, 4], f32>
  %y = relax.concat %a, %b {axis = 0} : (!relax.tensor<[2, 4], f32>, !relax.tensor<[2, 4], f32>) -> !relax.tensor<[4, 4], f32>
  relax.return %y : !relax.tensor<[4, 4], f32>
}

// -----

tir.func @g(%a: !tir.buffer<[1, 8, 4], f32>) -> (%c: !tir.buffer<[1, 8, 4], f32>) {
}
tir.func @h(%a: !tir.buffer<[1, 4, 4], f32>, %b: !tir.buffer<[1, 8, 2], f32>) -> (%c: !tir.buffer<[1, 4, 4], f32>) {
}

// A slice that is a run of elements is a view; columns of every row are none.
// CHECK-LABEL: vm.func @slices
// CHECK: %a = vm.tensor %[[s:.*]] {offset = 0 : i64}
// CHECK: vm.call @g(%x) -> (%a)
// CHECK-NEXT: %b = vm.tensor %[[s]] {offset = 48 : i64}
// CHECK-NOT: -> (%b)
// CHECK: %c = vm.tensor
// CHECK-NEXT: vm.call @strided_slice{{.*}}(%a) -> (%c)
// CHECK: vm.call @h(%b, %c)
relax.func @slices(%x: !relax.tensor<[1, 8, 4], f32>) -> (!relax.tensor<[1, 4, 4], f32>) {
  %a = relax.call_tir @g(%x) : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 8, 4], f32>
  %b = relax.strided_slice %a {starts = #relax.dims<[0, 3, 0]>, sizes = #relax.dims<[1, 4, 4]>, steps = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 4, 4], f32>
  %c = relax.strided_slice %a {starts = #relax.dims<[0, 0, 1]>, sizes = #relax.dims<[1, 8, 2]>, steps = array<i64: 1, 1, 1>} : (!relax.tensor<[1, 8, 4], f32>) -> !relax.tensor<[1, 8, 2], f32>
  %y = relax.call_tir @h(%b, %c) : (!relax.tensor<[1, 4, 4], f32>, !relax.tensor<[1, 8, 2], f32>) -> !relax.tensor<[1, 4, 4], f32>
  relax.return %y : !relax.tensor<[1, 4, 4], f32>
}
