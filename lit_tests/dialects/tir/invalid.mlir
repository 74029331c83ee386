// RUN: EXPECTED

// expected-error @below {{scope "shared" is unknown; use one of ('global', 'stack')}}
tir.func @buffer_scope(%x: !tir.buffer<[4], f32, "shared">) -> () {
}

// -----

// expected-error @below {{!tir.buffer: index is no element type}}
tir.func @buffer_dtype(%x: !tir.buffer<[4], index>) -> () {
}

// -----

// expected-error @below {{!tir.buffer: negative extent -4}}
tir.func @buffer_extent(%x: !tir.buffer<[-4], f32>) -> () {
}

// -----

// expected-error @below {{#tir.exprs: }}
"test.op"() {e = #tir.exprs<"n +">} : () -> ()

// -----

tir.func @load_c1(%x: !tir.buffer<[4, 4], f32>) -> () {
  // expected-error @below {{tir.load: 1 indices for a buffer of rank 2}}
  %v = tir.load %x[0] : !tir.buffer<[4, 4], f32>
}

// -----

tir.func @load_c1_result(%x: !tir.buffer<[4], ui8>) -> () {
  // expected-error @below {{tir.load: result ui8, element type ui8}}
  %v = "tir.load"(%x) <{indices = #tir.exprs<"0">}> : (!tir.buffer<[4], ui8>) -> ui8
}

// -----

tir.func @load_variables(%x: !tir.buffer<[4], f32>) -> () {
  // expected-error @below {{tir.load: expression $1 uses $1, but there are 0 variables}}
  %v = "tir.load"(%x) <{indices = #tir.exprs<"$1">}> : (!tir.buffer<[4], f32>) -> f32
}

// -----

tir.func @load_type(%x: !tir.buffer<[4], f32>) -> () {
  // expected-error @below {{expected a !tir.buffer type, found f32}}
  %v = tir.load %x[0] : f32
}

// -----

tir.func @prefetch_c1(%x: !tir.buffer<[4, 4], f32>) -> () {
  // expected-error @below {{tir.prefetch: 1 indices for a buffer of rank 2}}
  tir.prefetch %x[0] : !tir.buffer<[4, 4], f32>
}

// -----

tir.func @transpose_c1(%x: !tir.buffer<[4, 4], f32>) -> () {
  // expected-error @below {{is no stack buffer of 2^k x 2^k elements}}
  tir.transpose %x : !tir.buffer<[4, 4], f32>
}

// -----

tir.func @predicated_load_c1(%x: !tir.buffer<[4], f32>) -> () {
  %d = arith.constant 0.0 : f64
  // expected-error @below {{tir.predicated_load: result f32, default f64, element type f32}}
  %v = "tir.predicated_load"(%x, %d) <{indices = #tir.exprs<"0">, conditions = #tir.exprs<"1">}> : (!tir.buffer<[4], f32>, f64) -> f32
}

// -----

tir.func @predicated_load_variables(%x: !tir.buffer<[4], f32>) -> () {
  %d = arith.constant 0.0 : f32
  // expected-error @below {{tir.predicated_load: expression $0 + 3 uses $0, but there are 0 variables}}
  %v = "tir.predicated_load"(%x, %d) <{indices = #tir.exprs<"0">, conditions = #tir.exprs<"$0 + 3">}> : (!tir.buffer<[4], f32>, f32) -> f32
}

// -----

tir.func @condition_form(%x: !tir.buffer<[4], f32>) -> () {
  %d = arith.constant 0.0 : f32
  tir.for %i in 4 serial {
    // expected-error @below {{conditions read `expression >= 0`}}
    %v = tir.predicated_load %x[%i] where (%i >= 1) else %d : !tir.buffer<[4], f32>
  }
}

// -----

tir.func @store_c1(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], i32>) {
  %v = tir.load %x[0] : !tir.buffer<[4], f32>
  // expected-error @below {{tir.store: value f32, element type i32}}
  "tir.store"(%v, %y) <{indices = #tir.exprs<"0">}> : (f32, !tir.buffer<[4], i32>) -> ()
}

// -----

tir.func @predicated_store_c1(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], i32>) {
  %v = tir.load %x[0] : !tir.buffer<[4], f32>
  // expected-error @below {{tir.predicated_store: value f32, element type i32}}
  "tir.predicated_store"(%v, %y) <{indices = #tir.exprs<"0">, conditions = #tir.exprs<"1">}> : (f32, !tir.buffer<[4], i32>) -> ()
}

// -----

tir.func @predicate_variables() -> () {
  // expected-error @below {{tir.predicate: expression $2 uses $2, but there are 0 variables}}
  %p = "tir.predicate"() <{conditions = #tir.exprs<"$2">}> : () -> i1
}

// -----

tir.func @index_value_c1() -> () {
  // expected-error @below {{tir.index_value: needs one expression}}
  %v = "tir.index_value"() <{expr = #tir.exprs<"1", "2">}> : () -> i64
}

// -----

tir.func @for_c1() -> () {
  // expected-error @below {{tir.for: needs one extent and one loop variable of type index}}
  "tir.for"() <{extent = #tir.exprs<"4", "5">, kind = #tir.for_kind<serial>}> ({
  ^bb0(%i: index):
  }) : () -> ()
}

// -----

tir.func @for_c1_variable() -> () {
  // expected-error @below {{tir.for: needs one extent and one loop variable of type index}}
  "tir.for"() <{extent = #tir.exprs<"4">, kind = #tir.for_kind<serial>}> ({
  ^bb0(%i: i64):
  }) : () -> ()
}

// -----

tir.func @for_c2<n>() -> () {
  // expected-error @below {{tir.for: a vectorized loop needs a constant extent, not n}}
  tir.for %i in n vectorized {
  }
}

// -----

tir.func @for_kind() -> () {
  // expected-error @below {{loop kind 'threaded' is unknown; use one of serial, parallel, vectorized, unrolled}}
  tir.for %i in 4 threaded {
  }
}

// -----

tir.func @block_c1() -> () {
  // expected-error @below {{tir.block: 1 kinds, 1 domains, 0 bindings, 1 arguments}}
  "tir.block"() <{block_name = "b", kinds = #tir.iter_kinds<spatial>, domains = #tir.exprs<"4">, bindings = #tir.exprs<>, conditions = #tir.exprs<>}> ({
  ^bb0(%i: index):
  }) : () -> ()
}

// -----

tir.func @block_c1_init() -> () {
  // expected-error @below {{tir.block: 1 kinds, 1 domains, 1 bindings, 1 and 0 arguments}}
  "tir.block"() <{block_name = "b", kinds = #tir.iter_kinds<reduce>, domains = #tir.exprs<"4">, bindings = #tir.exprs<"0">, conditions = #tir.exprs<>}> ({
  ^bb0(%i: index):
  }, {
  ^bb1:
  }) : () -> ()
}

// -----

tir.func @block_variables_type() -> () {
  // expected-error @below {{tir.block: iteration variables have type index}}
  "tir.block"() <{block_name = "b", kinds = #tir.iter_kinds<spatial>, domains = #tir.exprs<"4">, bindings = #tir.exprs<"0">, conditions = #tir.exprs<>}> ({
  ^bb0(%i: i64):
  }) : () -> ()
}

// -----

tir.func @block_c2() -> () {
  // expected-error @below {{tir.block: init without a reduce variable never runs apart}}
  tir.block "b" (%i: spatial(4) = 0) init {
  } {
  }
}

// -----

tir.func @block_kind() -> () {
  // expected-error @below {{iteration kind 'parallel' is unknown; use one of spatial, reduce, ordered, opaque}}
  tir.block "b" (%i: parallel(4) = 0) {
  }
}

// -----

// expected-error @below {{tir.func: 2 inputs and 1 outputs do not fit 2 arguments}}
"tir.func"() <{sym_name = "func_c1", symbols = [], num_inputs = 2 : i64, num_outputs = 1 : i64}> ({
^bb0(%x: !tir.buffer<[4], f32>, %y: !tir.buffer<[4], f32>):
}) : () -> ()

// -----

// expected-error @below {{tir.func: argument 0 has scope stack}}
tir.func @func_c2_scope(%x: !tir.buffer<[4], f32, "stack">) -> () {
}

// -----

// expected-error @below {{tir.func: argument 0 has type f32; use a buffer or index}}
tir.func @func_c2_input(%x: f32) -> () {
}

// -----

// expected-error @below {{tir.func: argument 0 has type index; use a buffer}}
tir.func @func_c2_output() -> (%y: index) {
}

// -----

// expected-error @below {{tir.func: alias pair (0, 1) names no argument}}
tir.func @func_c3_range(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f32>) aliases (0 = 1) {
}

// -----

// expected-error @below {{differ in size}}
tir.func @func_c3_size(%x: !tir.buffer<[4], f32>) -> (%y: !tir.buffer<[4], f64>) aliases (0 = 0) {
}

// -----

// expected-error @below {{tir.func: symbol 'n' in the type of an argument is not declared; write @name<n>}}
tir.func @func_c4_argument(%x: !tir.buffer<[n], f32>) -> () {
}

// -----

// expected-error @below {{tir.func: symbol 'n' in tir.for is not declared; write @name<n>}}
tir.func @func_c4_body() -> () {
  tir.for %i in n serial {
  }
}

// -----

// expected-error @below {{tir.func: symbol 'n' in tir.alloc is not declared; write @name<n>}}
tir.func @func_c4_alloc() -> () {
  %t = tir.alloc : !tir.buffer<[n], f32>
}

// -----

tir.func @check_index_c1() -> () {
  // expected-error @below {{tir.check_index: needs one index and one extent}}
  "tir.check_index"() <{index = #tir.exprs<"1", "2">, extent = #tir.exprs<"4">, conditions = #tir.exprs<>, place = "here"}> : () -> ()
}
