// RUN: EXPECTED

llvm.func @compare_c1(%a: vector<8xf32>) {
  // expected-error @below {{the result has to have the operands' lanes, found vector<8xf32> and i1}}
  %r = "llvm.fcmp"(%a, %a) <{predicate = 1 : i64}> : (vector<8xf32>, vector<8xf32>) -> i1
  llvm.return
}

// -----

llvm.func @select_c1(%m: vector<4xi1>, %a: vector<8xf32>) {
  // expected-error @below {{a condition of 4 lanes cannot choose between values of type vector<8xf32>}}
  %r = llvm.select %m, %a, %a : vector<4xi1>, vector<8xf32>
  llvm.return
}

// -----

llvm.func @masked_load_c1(%p: !llvm.ptr, %m: vector<4xi1>, %a: vector<8xf32>) {
  // expected-error @below {{all vectors need as many lanes, found vector<4xi1>, vector<8xf32>}}
  %r = llvm.intr.masked.load %p, %m, %a {alignment = 4 : i32} : (!llvm.ptr, vector<4xi1>, vector<8xf32>) -> vector<8xf32>
  llvm.return
}

// -----

llvm.func @masked_store_c1(%p: !llvm.ptr, %m: vector<4xi1>, %a: vector<8xf32>) {
  // expected-error @below {{all vectors need as many lanes, found vector<4xi1>, vector<8xf32>}}
  llvm.intr.masked.store %a, %p, %m {alignment = 4 : i32} : vector<8xf32>, vector<4xi1> into !llvm.ptr
  llvm.return
}

// -----

llvm.func @gather_c1(%p: vector<4x!llvm.ptr>, %m: vector<8xi1>, %a: vector<8xf32>) {
  // expected-error @below {{all vectors need as many lanes, found vector<4x!llvm.ptr>, vector<8xi1>, vector<8xf32>}}
  %r = llvm.intr.masked.gather %p, %m, %a {alignment = 4 : i32} : (vector<4x!llvm.ptr>, vector<8xi1>, vector<8xf32>) -> vector<8xf32>
  llvm.return
}

// -----

llvm.func @scatter_c1(%p: vector<8x!llvm.ptr>, %m: vector<4xi1>, %a: vector<8xf32>) {
  // expected-error @below {{all vectors need as many lanes, found vector<8xf32>, vector<8x!llvm.ptr>, vector<4xi1>}}
  llvm.intr.masked.scatter %a, %p, %m {alignment = 4 : i32} : vector<8xf32>, vector<4xi1> into vector<8x!llvm.ptr>
  llvm.return
}

// -----

llvm.func @gep_c1(%p: !llvm.ptr) {
  // expected-error @below {{cannot index into f32}}
  %r = llvm.getelementptr %p[0, 1] : (!llvm.ptr) -> !llvm.ptr, f32
  llvm.return
}

// -----

llvm.func @gep_c2(%p: !llvm.ptr) {
  // expected-error @below {{has to be a constant in 0..1, found 2}}
  %r = llvm.getelementptr %p[0, 2] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i64)>
  llvm.return
}

// -----

llvm.func @gep_c2_operand(%p: !llvm.ptr, %i: i64) {
  // expected-error @below {{has to be a constant in 0..1, found an operand}}
  %r = llvm.getelementptr %p[0, %i] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.struct<(i32, i64)>
  llvm.return
}

// -----

llvm.func @gep_c3(%p: !llvm.ptr, %i: i64) {
  // expected-error @below {{0 indices are operands, found 1}}
  %r = "llvm.getelementptr"(%p, %i) <{elem_type = f32, rawConstantIndices = array<i32: 3>, noWrapFlags = 0 : i32}> : (!llvm.ptr, i64) -> !llvm.ptr
  llvm.return
}

// -----

llvm.func @predicate(%a: i32) {
  // expected-error @below {{llvm.icmp has no predicate 'less'}}
  %r = llvm.icmp "less" %a, %a : i32
  llvm.return
}

// -----

llvm.func @loop_field() {
  // expected-error @below {{loop_annotation has no field 'unrol'; use one of vectorize, interleave, unroll, mustProgress}}
  llvm.br ^next {loop_annotation = #llvm.loop_annotation<unrol = <full = true>>}
^next:
  llvm.return
}

// -----

llvm.func @loop_entry() {
  // expected-error @below {{unroll has no field 'width'}}
  llvm.br ^next {loop_annotation = #llvm.loop_annotation<unroll = <width = 4 : i32>>}
^next:
  llvm.return
}
