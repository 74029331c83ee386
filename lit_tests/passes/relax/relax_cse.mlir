// RUN: tyrex-opt %s --split-input-file -p relax-cse | filecheck %s

// CHECK-LABEL: relax.func @chain
// CHECK-NEXT:    %a = relax.exp %x
// CHECK-NEXT:    %c = relax.add %a, %x
// CHECK-NEXT:    relax.return %c, %c
relax.func @chain(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) {
  %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %b = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %c = relax.add %a, %x : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %d = relax.add %x, %b : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %c, %d : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
}

// -----

// CHECK-LABEL: relax.func @constants
// CHECK-COUNT-1: relax.constant <[2], f32, [1.0, 2.0]>
// CHECK-NEXT:    relax.constant <[2], f32, [1.0, 3.0]>
// CHECK-NEXT:    relax.return
relax.func @constants() -> (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) {
  %a = relax.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %b = relax.constant <[2], f32, [1.0, 2.0]> : !relax.tensor<[2], f32>
  %c = relax.constant <[2], f32, [1.0, 3.0]> : !relax.tensor<[2], f32>
  relax.return %a, %b, %c : !relax.tensor<[2], f32>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>
}

// -----

// A branch may use what was computed before it; what a branch computes may not be there after it.
// CHECK-LABEL: relax.func @regions
// CHECK-NEXT:    %a = relax.exp %x
// CHECK:           relax.yield %a
// CHECK:           %n = relax.neg %x
// CHECK:           relax.yield %n
// CHECK:         %m = relax.neg %x
relax.func @regions(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[8], f32>) {
  %a = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[8], f32>) {
    %b = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %b : !relax.tensor<[8], f32>
  } else {
    %n = relax.neg %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %n : !relax.tensor<[8], f32>
  }
  %m = relax.neg %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %a, %y, %m : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
}

// -----

// Other properties, other operand order, effects.
// CHECK-LABEL: relax.func @different
// CHECK:         relax.softmax
// CHECK-NEXT:    relax.softmax
// CHECK-NEXT:    relax.subtract
// CHECK-NEXT:    relax.subtract
// CHECK-NEXT:    relax.call_packed
// CHECK-NEXT:    relax.call_packed
relax.func @different(%x: !relax.tensor<[8, 8], f32>, %y: !relax.tensor<[8, 8], f32>) -> () {
  %a = relax.softmax %x {axis = 0} : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %b = relax.softmax %x {axis = 1} : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %c = relax.subtract %x, %y : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %d = relax.subtract %y, %x : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %e = relax.call_packed @random(%x) : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %f = relax.call_packed @random(%x) : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return
}

// -----

// What is found in one tensor is found once, and is as much; in another it is not.
// CHECK-LABEL: relax.func @found
// CHECK-NEXT:    %a = relax.non_zero %x {new_symbols = ["s"]}
// CHECK-NEXT:    %z = relax.non_zero %y {new_symbols = ["u"]}
// CHECK-NEXT:    relax.check_dims "s and u" {relation = "equal", dims = #relax.dims<[s, u]>}
// CHECK-NEXT:    relax.add %a, %z : {{.*}} -> !relax.tensor<[1, s], i64>
// CHECK-NEXT:    relax.reshape %a {shape = #relax.dims<[s]>} : (!relax.tensor<[1, s], i64>) -> !relax.tensor<[s], i64>
// CHECK-NEXT:    relax.return
relax.func @found(%x: !relax.tensor<[8], f32>, %y: !relax.tensor<[8], f32>) -> (!relax.tensor<[?, ?], i64>, !relax.tensor<[?], i64>) {
  %a = relax.non_zero %x {new_symbols = ["s"]} : (!relax.tensor<[8], f32>) -> !relax.tensor<[1, s], i64>
  %b = relax.non_zero %x {new_symbols = ["t"]} : (!relax.tensor<[8], f32>) -> !relax.tensor<[1, t], i64>
  %z = relax.non_zero %y {new_symbols = ["u"]} : (!relax.tensor<[8], f32>) -> !relax.tensor<[1, u], i64>
  relax.check_dims "s and u" {relation = "equal", dims = #relax.dims<[s, u]>}
  relax.check_dims "t and u" {relation = "equal", dims = #relax.dims<[t, u]>}
  %r = relax.add %a, %z : (!relax.tensor<[1, s], i64>, !relax.tensor<[1, u], i64>) -> !relax.tensor<[1, s], i64>
  %q = relax.add %b, %z : (!relax.tensor<[1, t], i64>, !relax.tensor<[1, u], i64>) -> !relax.tensor<[1, t], i64>
  %f = relax.reshape %b {shape = #relax.dims<[t]>} : (!relax.tensor<[1, t], i64>) -> !relax.tensor<[t], i64>
  relax.return %q, %f : !relax.tensor<[1, t], i64>, !relax.tensor<[t], i64>
}
