// RUN: EXPECTED

tir.func @sequence_c1() -> () {
}
// expected-error @below {{sched.sequence: arith.constant is no operation of a schedule; only those of the dialect `sched` may stand here}}
sched.sequence @s for @sequence_c1 {
  %x = arith.constant 1 : i64
}

// -----

// expected-error @below {{sched.sequence: @sequence_c2 names nothing, expected a tir.func}}
sched.sequence @s for @sequence_c2 {
}

// -----

// expected-error @below {{sched.sequence: @s names a sched.sequence, expected a tir.func}}
sched.sequence @s for @s {
}

// -----

tir.func @split_c1() -> () {
}
sched.sequence @s for @split_c1 {
  %b = sched.get_block "b"
  %i = sched.get_loops %b : !sched.loop
  // expected-error @below {{sched.split: factors [4] for 2 results; expected one positive factor for each of two or more}}
  %i0, %i1 = sched.split %i [4] : !sched.loop, !sched.loop
}

// -----

tir.func @split_c1_zero() -> () {
}
sched.sequence @s for @split_c1_zero {
  %b = sched.get_block "b"
  %i = sched.get_loops %b : !sched.loop
  // expected-error @below {{sched.split: factors [0, 4] for 2 results}}
  %i0, %i1 = sched.split %i [0, 4] : !sched.loop, !sched.loop
}

// -----

tir.func @split_c1_twice() -> () {
}
sched.sequence @s for @split_c1_twice {
  %b = sched.get_block "b"
  %i = sched.get_loops %b : !sched.loop
  // expected-error @below {{sched.split: factors [-1, -1] hold -1 twice}}
  %i0, %i1 = sched.split %i [-1, -1] : !sched.loop, !sched.loop
}

// -----

tir.func @cache_c1() -> () {
}
sched.sequence @s for @cache_c1 {
  %b = sched.get_block "b"
  // expected-error @below {{sched.cache_read: buffer -1 is negative}}
  %c = sched.cache_read %b -1 "stack"
}

// -----

tir.func @transform_layout_c1() -> () {
}
sched.sequence @s for @transform_layout_c1 {
  %b = sched.get_block "b"
  // expected-error @below {{sched.transform_layout: "both" 0 names no buffer; use "read" or "write" and a position}}
  sched.transform_layout %b "both" 0 2 <"$1", "$0">
}

// -----

tir.func @transform_layout_c2() -> () {
}
sched.sequence @s for @transform_layout_c2 {
  %b = sched.get_block "b"
  // expected-error @below {{sched.transform_layout: $2 is not over $0 to $1}}
  sched.transform_layout %b "write" 0 2 <"$1", "$2">
}

// -----

tir.func @operand() -> () {
}
sched.sequence @s for @operand {
  %b = sched.get_block "b"
  // expected-error @below {{operand 'loop' at position 0 does not verify}}
  "sched.parallel"(%b) : (!sched.block) -> ()
}
