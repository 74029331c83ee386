// RUN: ROUNDTRIP

// CHECK-LABEL: llvm.func @casts
llvm.func @casts(%x: f32, %v: vector<8xf32>, %n: i32) {
  // CHECK: llvm.fptosi %x : f32 to i32
  %signed = llvm.fptosi %x : f32 to i32
  // CHECK: llvm.fptoui %v : vector<8xf32> to vector<8xi8>
  %unsigned = llvm.fptoui %v : vector<8xf32> to vector<8xi8>
  // CHECK: llvm.uitofp %n : i32 to f64
  %real = llvm.uitofp %n : i32 to f64
  llvm.return
}

// -----

// CHECK-LABEL: llvm.func @comparisons
llvm.func @comparisons(%x: f32, %v: vector<8xf32>, %n: i32, %w: vector<8xi32>, %p: !llvm.ptr) {
  // CHECK: llvm.icmp "slt" %n, %n : i32
  %less = llvm.icmp "slt" %n, %n : i32
  // CHECK: llvm.icmp "uge" %w, %w : vector<8xi32>
  %lanes = llvm.icmp "uge" %w, %w : vector<8xi32>
  %null = llvm.mlir.zero : !llvm.ptr
  // CHECK: llvm.icmp "eq" %p, %null : !llvm.ptr
  %is_null = llvm.icmp "eq" %p, %null : !llvm.ptr
  // CHECK: llvm.fcmp "ogt" %x, %x {fastmathFlags = #llvm.fastmath<nnan>} : f32
  %greater = llvm.fcmp "ogt" %x, %x {fastmathFlags = #llvm.fastmath<nnan>} : f32
  // CHECK: llvm.fcmp "oeq" %x, %x {fastmathFlags = #llvm.fastmath<none>} : f32
  %none = llvm.fcmp "oeq" %x, %x {fastmathFlags = #llvm.fastmath<none>} : f32
  // CHECK: llvm.fcmp "_true" %v, %v : vector<8xf32>
  %mask = llvm.fcmp "_true" %v, %v : vector<8xf32>
  // CHECK: llvm.select %mask, %v, %v : vector<8xi1>, vector<8xf32>
  %by_lane = llvm.select %mask, %v, %v : vector<8xi1>, vector<8xf32>
  // CHECK: llvm.select %greater, %v, %v {fastmathFlags = #llvm.fastmath<nnan>} : i1, vector<8xf32>
  %whole = llvm.select %greater, %v, %v {fastmathFlags = #llvm.fastmath<nnan>} : i1, vector<8xf32>
  llvm.return
}

// -----

// CHECK-LABEL: llvm.func @values
llvm.func @values(%v: vector<8xf32>, %i: i64, %start: f32) {
  // CHECK: llvm.mlir.poison : vector<8xf32>
  %poison = llvm.mlir.poison : vector<8xf32>
  // CHECK: llvm.mlir.zero : vector<8xf32>
  %zero = llvm.mlir.zero : vector<8xf32>
  // CHECK: llvm.freeze %poison : vector<8xf32>
  %frozen = llvm.freeze %poison : vector<8xf32>
  // CHECK: llvm.extractelement %v[%i : i64] : vector<8xf32>
  %lane = llvm.extractelement %v[%i : i64] : vector<8xf32>
  // CHECK: llvm.intr.vector.reduce.fadd(%start, %v) {fastmathFlags = #llvm.fastmath<reassoc>} : (f32, vector<8xf32>) -> f32
  %sum = llvm.intr.vector.reduce.fadd(%start, %v) {fastmathFlags = #llvm.fastmath<reassoc>} : (f32, vector<8xf32>) -> f32
  // CHECK: llvm.intr.vector.reduce.fmul(%start, %v) : (f32, vector<8xf32>) -> f32
  %product = llvm.intr.vector.reduce.fmul(%start, %v) : (f32, vector<8xf32>) -> f32
  llvm.return
}

// -----

// CHECK-LABEL: llvm.func @memory
llvm.func @memory(%p: !llvm.ptr, %i: i64, %w: vector<8xi64>, %mask: vector<8xi1>) {
  // CHECK: llvm.getelementptr inbounds|nuw %p[%i, 2] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x f32>
  %element = llvm.getelementptr inbounds|nuw %p[%i, 2] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x f32>
  // CHECK: llvm.getelementptr nusw %p[-1] : (!llvm.ptr) -> !llvm.ptr, f32
  %before = llvm.getelementptr nusw %p[-1] : (!llvm.ptr) -> !llvm.ptr, f32
  // CHECK: llvm.getelementptr %p[%w] : (!llvm.ptr, vector<8xi64>) -> vector<8x!llvm.ptr>, i16
  %addresses = llvm.getelementptr %p[%w] : (!llvm.ptr, vector<8xi64>) -> vector<8x!llvm.ptr>, i16
  %zero = llvm.mlir.zero : vector<8xi16>
  // CHECK: llvm.intr.masked.load %p, %mask, %zero {alignment = 2 : i32, nontemporal} : (!llvm.ptr, vector<8xi1>, vector<8xi16>) -> vector<8xi16>
  %loaded = llvm.intr.masked.load %p, %mask, %zero {alignment = 2 : i32, nontemporal} : (!llvm.ptr, vector<8xi1>, vector<8xi16>) -> vector<8xi16>
  // CHECK: llvm.intr.masked.gather %addresses, %mask, %loaded {alignment = 2 : i32} : (vector<8x!llvm.ptr>, vector<8xi1>, vector<8xi16>) -> vector<8xi16>
  %gathered = llvm.intr.masked.gather %addresses, %mask, %loaded {alignment = 2 : i32} : (vector<8x!llvm.ptr>, vector<8xi1>, vector<8xi16>) -> vector<8xi16>
  // CHECK: llvm.intr.masked.store %gathered, %p, %mask {alignment = 2 : i32} : vector<8xi16>, vector<8xi1> into !llvm.ptr
  llvm.intr.masked.store %gathered, %p, %mask {alignment = 2 : i32} : vector<8xi16>, vector<8xi1> into !llvm.ptr
  // CHECK: llvm.intr.masked.scatter %gathered, %addresses, %mask {alignment = 2 : i32} : vector<8xi16>, vector<8xi1> into vector<8x!llvm.ptr>
  llvm.intr.masked.scatter %gathered, %addresses, %mask {alignment = 2 : i32} : vector<8xi16>, vector<8xi1> into vector<8x!llvm.ptr>
  llvm.return
}
