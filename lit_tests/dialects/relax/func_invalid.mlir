// RUN: EXPECTED

// expected-error @below {{relax.func: the block's arguments differ from the signature}}
"relax.func"() <{sym_name = "c1", function_type = (!relax.tensor<[2], f32>) -> (), symbols = []}> ({
^bb0(%x: !relax.tensor<[3], f32>):
  "relax.return"() : () -> ()
}) : () -> ()

// -----

// expected-error @below {{relax.func: returns (!relax.tensor<[2], f32>), declared (!relax.tensor<[3], f32>)}}
relax.func @c2(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[3], f32>) {
  relax.return %x : !relax.tensor<[2], f32>
}

// -----

// expected-error @below {{relax.func: symbol 'n' in an argument is neither declared (@name<n>) nor introduced before}}
relax.func @c3(%x: !relax.tensor<[n], f32>) {
  relax.return
}

// -----

// expected-error @below {{relax.func: 2 names for 1 values}}
relax.func @c4(%x: !relax.tensor<[2], f32>) attributes {input_names = ["a", "b"]} {
  relax.return
}

// -----

relax.func @if_c1(%c: !relax.tensor<[2], i1>) {
  // expected-error @below {{relax.if: the condition is !relax.tensor<[2], i1>; use a bool of one element}}
  relax.if %c : !relax.tensor<[2], i1> -> () {
    relax.yield
  } else {
    relax.yield
  }
  relax.return
}

// -----

relax.func @if_c2(%c: !relax.tensor<[], i1>) {
  // expected-error @below {{relax.if: the else region yields (!relax.tensor<[], i1>), expected ()}}
  relax.if %c : !relax.tensor<[], i1> -> () {
    relax.yield
  } else {
    relax.yield %c : !relax.tensor<[], i1>
  }
  relax.return
}

// -----

relax.func @while_c1(%x: !relax.tensor<[], i1>) {
  // expected-error @below {{relax.while: region arguments differ from the results}}
  %y = relax.while %x : (!relax.tensor<[], i1>) -> (!relax.tensor<[], i1>) {
    relax.yield %x : !relax.tensor<[], i1>
  } do {
    relax.yield %x : !relax.tensor<[], i1>
  }
  relax.return
}

// -----

relax.func @while_c2(%x: !relax.tensor<[], f32>) {
  // expected-error @below {{relax.while: the condition must yield one bool}}
  %y = relax.while %x : (!relax.tensor<[], f32>) -> (!relax.tensor<[], f32>) {
  ^bb0(%v: !relax.tensor<[], f32>):
    relax.yield %v : !relax.tensor<[], f32>
  } do {
  ^bb1(%v: !relax.tensor<[], f32>):
    relax.yield %v : !relax.tensor<[], f32>
  }
  relax.return
}

// -----

// expected-error @below {{relax.func: two values have the name 'x'; rename one}}
relax.func @func_c4_twice(%x: !relax.tensor<[2], f32>, %y: !relax.tensor<[2], f32>) attributes {input_names = ["x", "x"]} {
  relax.return
}

// -----

// expected-error @below {{relax.func: 1 bounds for 1 symbols; use two each}}
relax.func @func_c5<n>(%x: !relax.tensor<[n], f32>) attributes {symbol_bounds = array<i64: 1>} {
  relax.return
}

// -----

// expected-error @below {{relax.func: symbol 'n' cannot be from 8 to 4}}
relax.func @func_c5_empty<n>(%x: !relax.tensor<[n], f32>) attributes {symbol_bounds = array<i64: 8, 4>} {
  relax.return
}
