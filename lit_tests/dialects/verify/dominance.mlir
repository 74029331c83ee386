// RUN: EXPECTED

func.func @use_before_definition() -> i32 {
  // expected-error @below {{'arith.addi' operand #0 (%late) does not dominate this use}}
  %sum = arith.addi %late, %late : i32
  // expected-note @below {{defined here}}
  %late = arith.constant 1 : i32
  return %sum : i32
}

// -----

func.func @one_arm_only(%c: i1) -> i32 {
  cf.cond_br %c, ^then, ^join
^then:
  // expected-note @below {{defined here}}
  %one = arith.constant 1 : i32
  cf.br ^join
^join:
  // expected-error @below {{'func.return' operand #0 (%one) does not dominate this use}}
  return %one : i32
}

// -----

// The definition dominates both arms and the join, from above all of them.
func.func @from_above(%c: i1) -> i32 {
  %one = arith.constant 1 : i32
  cf.cond_br %c, ^then, ^else
^then:
  %two = arith.addi %one, %one : i32
  cf.br ^join(%two : i32)
^else:
  cf.br ^join(%one : i32)
^join(%r: i32):
  %sum = arith.addi %r, %one : i32
  return %sum : i32
}

// -----

// A loop: its header's argument is visible in its body and after it.
func.func @loop(%n: i32) -> i32 {
  %zero = arith.constant 0 : i32
  cf.br ^header(%zero : i32)
^header(%i: i32):
  %more = arith.cmpi slt, %i, %n : i32
  cf.cond_br %more, ^body, ^exit
^body:
  %one = arith.constant 1 : i32
  %next = arith.addi %i, %one : i32
  cf.br ^header(%next : i32)
^exit:
  return %i : i32
}

// -----

// What never runs may use anything of its region, as in MLIR.
func.func @unreachable() {
  cf.br ^end
^dead:
  %a = arith.addi %b, %b : i32
  cf.br ^end
^dead_too:
  %b = arith.constant 1 : i32
  cf.br ^dead
^end:
  return
}

// -----

func.func @outer(%a: i32) {
  // expected-note @below {{defined here}}
  %x = arith.constant 1 : i32
  builtin.module {
    func.func @isolated() -> i32 {
      // expected-error @below {{'func.return' operand #0 (%x) is defined outside of 'func.func', which is isolated from above}}
      return %x : i32
    }
  }
  return
}

// -----

// expected-error @+2 {{'test.op' operand #0 (%self) does not dominate this use}}
// expected-note @below {{defined here}}
%self = "test.op"(%self) : (i32) -> i32
