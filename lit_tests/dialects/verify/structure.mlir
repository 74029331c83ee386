// RUN: EXPECTED

// expected-note @below {{first defined here}}
func.func @twice() {
  return
}
// expected-error @below {{'func.func' redefines symbol @twice}}
func.func @twice() {
  return
}

// -----

func.func @no_terminator(%a: i32) {
  // expected-error @below {{'arith.addi' ends a block of 'func.func' but is not a terminator}}
  %b = arith.addi %a, %a : i32
}

// -----

func.func @early_terminator() {
  // expected-error @below {{'func.return' must be the last operation in its parent block}}
  func.return
  func.return
}

// -----

"test.op"() ({
  // expected-error @below {{'test.termop' has successors, so it must be the last operation of a block}}
  "test.termop"() [^next] : () -> ()
  "test.termop"() : () -> ()
^next:
  "test.termop"() : () -> ()
}) : () -> ()

// -----

// What an operation demands of itself, with its place.
func.func @result_type() -> i32 {
  %y = arith.constant 1 : i64
  // expected-error @below {{'func.return' Expected arguments to have the same types as the function output types}}
  return %y : i64
}
