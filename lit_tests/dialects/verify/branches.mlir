// RUN: EXPECTED

func.func @too_few(%a: i32) {
  // expected-error @below {{'cf.br' passes 0 values to successor #0, which takes 1 arguments}}
  cf.br ^next
^next(%b: i32):
  // expected-note @below {{the successor begins here}}
  return
}

// -----

func.func @wrong_type(%a: i64, %c: i1) {
  // expected-error @below {{'cf.cond_br' passes i64 as argument #0 of successor #1, which takes i32}}
  cf.cond_br %c, ^then, ^else(%a : i64)
^then:
  return
^else(%b: i32):
  // expected-note @below {{the successor begins here}}
  return
}

// -----

func.func @switch(%flag: i32, %a: i64) {
  // expected-error @below {{'cf.switch' passes i64 as argument #0 of successor #2, which takes i32}}
  cf.switch %flag : i32, [
    default: ^zero,
    1: ^one(%a : i64),
    2: ^two(%a : i64)
  ]
^zero:
  return
^one(%b: i64):
  return
^two(%d: i32):
  // expected-note @below {{the successor begins here}}
  return
}

// -----

func.func @right(%flag: i32, %a: i64, %c: i1) {
  cf.switch %flag : i32, [
    default: ^zero,
    1: ^one(%a : i64)
  ]
^zero:
  cf.cond_br %c, ^one(%a : i64), ^two(%a, %flag : i64, i32)
^one(%b: i64):
  return
^two(%d: i64, %e: i32):
  return
}

// -----

llvm.func @llvm(%c: i1, %a: i64) {
  // expected-error @below {{'llvm.cond_br' passes i64 as argument #0 of successor #0, which takes i32}}
  llvm.cond_br %c, ^one(%a : i64), ^two
^one(%b: i32):
  // expected-note @below {{the successor begins here}}
  llvm.return
^two:
  llvm.return
}
