// RUN: EXPECTED

vm.func @size() {
  // expected-error @below {{vm.alloc_storage: -8 bytes; use 0 or more}}
  %s = vm.alloc_storage {size_bytes = -8 : i64, align_bytes = 64 : i64} : !vm.storage
  vm.return
}

// -----

vm.func @align() {
  // expected-error @below {{vm.alloc_storage: aligned to 48; use a power of two up to 64}}
  %s = vm.alloc_storage {size_bytes = 8 : i64, align_bytes = 48 : i64} : !vm.storage
  vm.return
}

// -----

// expected-error @below {{vm.func: symbol 'n' in an argument is neither declared (@name<n>) nor told before}}
vm.func @undeclared(%x: !relax.tensor<[n], f32>) {
  vm.return
}

// -----

// expected-error @below {{vm.func: 1 bounds for 1 symbols; use two each}}
vm.func @bounds<n>(%x: !relax.tensor<[n], f32>) attributes {symbol_bounds = array<i64: 1>} {
  vm.return
}

// -----

// expected-error @below {{vm.func: symbol 'n' cannot be from 8 to 4}}
vm.func @bounds<n>(%x: !relax.tensor<[n], f32>) attributes {symbol_bounds = array<i64: 8, 4>} {
  vm.return
}

// -----

vm.func @two_sizes<n>(%x: !relax.tensor<[n], f32>) {
  // expected-error @below {{vm.alloc_storage: a size is one expression; found 2}}
  %s = vm.alloc_storage {size_bytes = #relax.dims<[n, n]>, align_bytes = 64 : i64} : !vm.storage
  vm.return
}

// -----

vm.func @beyond<n>(%x: !relax.tensor<[n], f32>) {
  %s = vm.alloc_storage {size_bytes = #relax.dims<[n * 4]>, align_bytes = 64 : i64} : !vm.storage
  // expected-error @below {{vm.tensor: bytes 4..n * 4 + 4 of a storage of n * 4 bytes}}
  %t = vm.tensor %s {offset = 4 : i64} : !relax.tensor<[n], f32>
  vm.return
}

// -----

vm.func @symbolic() {
  %s = vm.alloc_storage {size_bytes = 8 : i64, align_bytes = 64 : i64} : !vm.storage
  // expected-error @below {{vm.tensor: !relax.tensor<[?], f32> has an unknown dim}}
  %t = vm.tensor %s {offset = 0 : i64} : !relax.tensor<[?], f32>
  vm.return
}

// -----

vm.func @outside() {
  %s = vm.alloc_storage {size_bytes = 8 : i64, align_bytes = 64 : i64} : !vm.storage
  // expected-error @below {{vm.tensor: bytes 4..12 of a storage of 8 bytes}}
  %t = vm.tensor %s {offset = 4 : i64} : !relax.tensor<[2], f32>
  vm.return
}

// -----

vm.func @misaligned() {
  %s = vm.alloc_storage {size_bytes = 8 : i64, align_bytes = 64 : i64} : !vm.storage
  // expected-error @below {{vm.tensor: offset 2 does not align !relax.tensor<[1], f32>}}
  %t = vm.tensor %s {offset = 2 : i64} : !relax.tensor<[1], f32>
  vm.return
}

// -----

vm.func @reshape(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{vm.reshape: !relax.tensor<[4], f32> cannot be seen as !relax.tensor<[5], f32>}}
  %y = vm.reshape %x : !relax.tensor<[4], f32> -> !relax.tensor<[5], f32>
  vm.return
}

// -----

vm.func @output() {
  // expected-error @below {{vm.alloc_output: !relax.tensor<[?], f32> has an unknown dim}}
  %y = vm.alloc_output : !relax.tensor<[?], f32>
  vm.return
}

// -----

vm.func @constant() {
  // expected-error @below {{vm.constant: type !relax.tensor<[1], f64>, value !relax.tensor<[1], f32>}}
  %y = vm.constant <[1], f32, [1.0]> : !relax.tensor<[1], f64>
  vm.return
}

// -----

vm.func @copy(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], i32>) {
  // expected-error @below {{vm.copy: !relax.tensor<[4], f32> does not fit into !relax.tensor<[4], i32>}}
  vm.copy %x, %y : !relax.tensor<[4], f32>, !relax.tensor<[4], i32>
  vm.return
}

// -----

vm.func @check(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{vm.check_tensor: !relax.tensor<[4], f32> can never be !relax.tensor<[5], f32>}}
  %y = vm.check_tensor %x "x" : !relax.tensor<[4], f32> -> !relax.tensor<[5], f32>
  vm.return
}

// -----

vm.func @tuple(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{vm.tuple: the fields do not make a tuple<!relax.object>}}
  %y = vm.tuple %x : (!relax.tensor<[4], f32>) -> tuple<!relax.object>
  vm.return
}

// -----

vm.func @field(%x: tuple<!relax.object>) {
  // expected-error @below {{vm.tuple_get: field 1 of tuple<!relax.object> is no !relax.object}}
  %y = vm.tuple_get %x {index = 1 : i64} : tuple<!relax.object> -> !relax.object
  vm.return
}

// -----

vm.func @kill(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{vm.kill: the value does not own memory}}
  vm.kill %x : !relax.tensor<[4], f32>
  vm.return
}

// -----

// expected-error @below {{vm.func: the first block's arguments differ from the signature}}
"vm.func"() <{sym_name = "f", function_type = (!relax.object) -> ()}> ({
  vm.return
}) : () -> ()

// -----

// expected-error @below {{vm.func: returns (!relax.object), declared ()}}
vm.func @results(%x: !relax.object) {
  vm.return %x : !relax.object
}

// -----

// expected-error @below {{vm.func: 2 names for 1 values}}
vm.func @names(%x: !relax.object) attributes {input_names = ["x", "y"]} {
  vm.return
}

// -----

vm.func @cond(%x: !relax.tensor<[], f32>) {
  // expected-error @below {{vm.cond_br: the condition is !relax.tensor<[], f32>; use a bool of one element}}
  vm.cond_br %x : !relax.tensor<[], f32>, ^a, ^a
^a:
  vm.return
}

// -----

vm.func @branch(%x: !relax.object) {
  // expected-error @below {{'vm.br' passes 0 values to successor #0, which takes 1 arguments}}
  vm.br ^a
^a(%y: !relax.object):
  // expected-note @below {{the successor begins here}}
  vm.return
}

// -----

// expected-note @below {{the kernel}}
tir.func @k(%a: !tir.buffer<[4], f32>) -> (%b: !tir.buffer<[4], f32>) {
}
vm.func @count(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) {
  // expected-error @below {{passes 2 inputs, 1 outputs and 0 workspaces to @k, which takes 1 inputs, 1 outputs and 0 workspaces}}
  vm.call @k(%x, %x) -> (%y) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return
}

// -----

// expected-note @below {{the kernel}}
tir.func @k<n>(%a: !tir.buffer<[n], f32>) -> (%b: !tir.buffer<[n], f32>) {
}
vm.func @symbols(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) {
  // expected-error @below {{passes 0 symbol values to @k, which has 1 symbols}}
  vm.call @k(%x) -> (%y) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return
}

// -----

// expected-note @below {{the kernel}}
tir.func @k<n>(%a: !tir.buffer<[n], f32>) -> (%b: !tir.buffer<[n], f32>) {
}
vm.func @types(%x: !relax.tensor<[4], f32>, %y: !relax.tensor<[4], f32>) {
  // expected-error @below {{passes !relax.tensor<[4], f32> where @k takes !relax.tensor<[5], f32>}}
  vm.call @k(%x) -> (%y) {symbols = array<i64: 5>} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return
}

// -----

// expected-note @below {{the kernel}}
tir.func @k(%a: !tir.buffer<[4], f32>, %b: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) aliases (0 = 0) {
}
vm.func @aliases(%x: !relax.tensor<[2, 2], f32>) {
  %y = vm.reshape %x : !relax.tensor<[2, 2], f32> -> !relax.tensor<[4], f32>
  %z = vm.reshape %x : !relax.tensor<[2, 2], f32> -> !relax.tensor<[4], f32>
  // expected-error @below {{passes one memory as input 1 and output 0, which is no alias pair of @k}}
  vm.call @k(%y, %z) -> (%y) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return
}

// -----

// expected-note @below {{the kernel}}
tir.func @k() -> (%c: !tir.buffer<[4], f32>, %d: !tir.buffer<[4], f32>) {
}
vm.func @outputs(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{passes one memory as two outputs or workspaces}}
  vm.call @k() -> (%x, %x) : () -> (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>)
  vm.return
}

// -----

vm.func @missing() {
  // expected-error @below {{calls @other, which is no vm.func of the module}}
  vm.invoke @other() : () -> ()
  vm.return
}

// -----

// expected-note @below {{the function}}
vm.func @signature(%x: !relax.object) {
  // expected-error @below {{does not have the signature of @signature, (!relax.object) -> ()}}
  vm.invoke @signature() : () -> ()
  vm.return
}

// -----

vm.func @prefix_c1(%x: !relax.tensor<[4, 2], f32>, %n: !relax.tensor<[1], i64>) {
  // expected-error @below {{vm.prefix: the first slices of !relax.tensor<[4, 2], f32> are no !relax.tensor<[s, 3], f32>}}
  %y = vm.prefix %x, %n {new_symbols = ["s"]} : !relax.tensor<[4, 2], f32>, !relax.tensor<[1], i64> -> !relax.tensor<[s, 3], f32>
  vm.return
}

// -----

vm.func @prefix_c2(%x: !relax.tensor<[4, 2], f32>, %n: !relax.tensor<[1], i32>) {
  // expected-error @below {{vm.prefix: the count is !relax.tensor<[1], i32>; use i64 of one element}}
  %y = vm.prefix %x, %n {new_symbols = ["s"]} : !relax.tensor<[4, 2], f32>, !relax.tensor<[1], i32> -> !relax.tensor<[s, 2], f32>
  vm.return
}

// -----

vm.func @make_closure_c1(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{vm.make_closure: the result is no object; use !relax.object}}
  %f = vm.make_closure @make_closure_c1(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return
}

// -----

vm.func @no_function(%x: !relax.tensor<[4], f32>) {
  // expected-error @below {{binds arguments of @other, which is no vm.func}}
  %f = vm.make_closure @other(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  vm.return
}

// -----

// expected-note @below {{the function}}
vm.func @captured(%x: !relax.tensor<[4], f32>, %o: !relax.object) {
  // expected-error @below {{binds what are no last arguments of @captured, (!relax.tensor<[4], f32>, !relax.object) -> ()}}
  %f = vm.make_closure @captured(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  vm.return
}

// -----

vm.func @shape_of_c1(%x: !relax.tensor<[4, ?], f32>) {
  // expected-error @below {{vm.shape_of: the shape of !relax.tensor<[4, ?], f32> is no !relax.shape<3>}}
  %s = vm.shape_of %x : !relax.tensor<[4, ?], f32> -> !relax.shape<3>
  vm.return
}

// -----

vm.func @check_value_c1(%x: !relax.shape<1>) {
  // expected-error @below {{vm.check_value: !relax.shape<1> can never be !relax.shape<2>}}
  %s = vm.check_value %x "a shape" : !relax.shape<1> -> !relax.shape<2>
  vm.return
}

// -----

vm.func @check_dims_c1() {
  // expected-error @below {{vm.check_dims: (C1) relation 'less' of 2 dims; use one of equal, broadcast, expand, at_most, at_least of two}}
  vm.check_dims "size" {relation = "less", dims = #relax.dims<[4, 4]>}
  vm.return
}
