// RUN: tyrex-opt %s -t llvm-ir --split-input-file | filecheck %s

// CHECK: target triple = "x86_64-unknown-linux-gnu"
// CHECK: define i32 @on_a_target(i32 %x.0) #0 {
// CHECK: attributes #0 = { "target-cpu"="x86-64-v3" "target-features"="+avx2,-sse4a" }
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", features = "+avx2,-sse4a">} {
  llvm.func @on_a_target(%x: i32) -> i32 {
    llvm.return %x : i32
  }
}

// -----

// Any rank becomes bytes; a bool is one byte; elements decide the alignment.
// CHECK: @table = internal constant [16 x i8] c"\00\00\C0\3F\00\00\20\40\00\00\00\00\00\00\80\BF", align 64
llvm.mlir.global internal constant @table(dense<[[1.5, 2.5], [0.0, -1.0]]> : tensor<2x2xf32>) {alignment = 64 : i64} : !llvm.array<2 x array<2 x f32>>
// CHECK: @bools = private constant [3 x i8] c"\01\00\01", align 1
llvm.mlir.global private constant @bools(dense<[true, false, true]> : tensor<3xi1>) : !llvm.array<3 x i8>
// CHECK: @zeros = internal global [32 x i8] zeroinitializer, align 8
llvm.mlir.global internal @zeros(dense<0> : tensor<4xi64>) : !llvm.array<4 x i64>
// CHECK: @text = internal constant [3 x i8] c"\61\22\0A", align 1
llvm.mlir.global internal constant @text("a\"\n") : !llvm.array<3 x i8>
// CHECK: @elsewhere = external global i32
llvm.mlir.global external @elsewhere() : i32
// CHECK: @"odd name" = unnamed_addr constant i64 7
llvm.mlir.global external unnamed_addr constant @"odd name"(7 : i64) : i64

// -----

// CHECK: declare i32 @printf(ptr, ...)
llvm.func @printf(!llvm.ptr, ...) -> i32
// CHECK: define internal fastcc noundef float @helper(float %x.0) local_unnamed_addr #0 {
llvm.func internal fastcc local_unnamed_addr @helper(%x: f32) -> (f32 {llvm.noundef}) attributes {no_inline, passthrough = ["nounwind", ["key", "value"]]} {
  llvm.return %x : f32
}
// CHECK: define hidden void @arguments(ptr noalias align 64 %a.0, ptr readonly nonnull captures(none) dereferenceable(16) %b.1)
llvm.func hidden @arguments(%a: !llvm.ptr {llvm.noalias, llvm.align = 64 : i64}, %b: !llvm.ptr {llvm.readonly, llvm.nonnull, llvm.nocapture, llvm.dereferenceable = 16 : i64}) {
  llvm.return
}
// CHECK: define float @calls(ptr %p.0, float %x.1)
llvm.func @calls(%p: !llvm.ptr, %x: f32) -> f32 {
  // CHECK: call fastcc float @helper(float %x.1)
  %direct = llvm.call fastcc @helper(%x) : (f32) -> f32
  // CHECK: tail call fast float %p.0(float %direct
  %indirect = llvm.call tail %p(%direct) {fastmathFlags = #llvm.fastmath<fast>} : !llvm.ptr, (f32) -> f32
  // CHECK: call i32 (ptr, ...) @printf(ptr %p.0, float %x.1)
  %variadic = llvm.call @printf(%p, %x) vararg(!llvm.func<i32 (ptr, ...)>) : (!llvm.ptr, f32) -> i32
  %size = llvm.mlir.constant(16) : i64
  %false = llvm.mlir.constant(false) : i1
  // CHECK: call void @llvm.memcpy.p0.p0.i64(ptr %p.0, ptr %p.0, i64 16, i1 false)
  llvm.call_intrinsic "llvm.memcpy.p0.p0.i64"(%p, %p, %size, %false) : (!llvm.ptr, !llvm.ptr, i64, i1) -> ()
  llvm.return %indirect : f32
}
// CHECK: declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
// CHECK: attributes #0 = { noinline nounwind "key"="value" }

// -----

// CHECK-LABEL: define void @constants
llvm.func @constants(%p: !llvm.ptr) {
  %half = llvm.mlir.constant(0x7e00 : f16) : f16
  // CHECK: store half 0xH7E00, ptr %p.0
  llvm.store %half, %p : f16, !llvm.ptr
  %brain = llvm.mlir.constant(0xff80 : bf16) : bf16
  // CHECK: store bfloat 0xRFF80
  llvm.store %brain, %p : bf16, !llvm.ptr
  %single = llvm.mlir.constant(0.1 : f32) : f32
  // CHECK: store float 0x3FB99999A0000000
  llvm.store %single, %p : f32, !llvm.ptr
  %double = llvm.mlir.constant(0xfff0000000000000 : f64) : f64
  // CHECK: store double 0xFFF0000000000000
  llvm.store %double, %p : f64, !llvm.ptr
  %true = llvm.mlir.constant(true) : i1
  // CHECK: store i1 true
  llvm.store %true, %p : i1, !llvm.ptr
  %splat = llvm.mlir.constant(dense<-0.0> : vector<4xf32>) : vector<4xf32>
  // CHECK: store <4 x float> splat (float 0x8000000000000000)
  llvm.store %splat, %p : vector<4xf32>, !llvm.ptr
  %zeros = llvm.mlir.constant(dense<0> : vector<4xi8>) : vector<4xi8>
  // CHECK: store <4 x i8> zeroinitializer
  llvm.store %zeros, %p : vector<4xi8>, !llvm.ptr
  %lanes = llvm.mlir.constant(dense<[1, -2]> : vector<2xi64>) : vector<2xi64>
  // CHECK: store <2 x i64> <i64 1, i64 -2>
  llvm.store %lanes, %p : vector<2xi64>, !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  // CHECK: store ptr null
  llvm.store %null, %p : !llvm.ptr, !llvm.ptr
  %undefined = llvm.mlir.undef : !llvm.struct<(i32, f32)>
  // CHECK: store { i32, float } undef
  llvm.store %undefined, %p : !llvm.struct<(i32, f32)>, !llvm.ptr
  llvm.return
}

// -----

// CHECK-LABEL: define void @flags
llvm.func @flags(%x: f32, %v: vector<4xf32>, %i: i64, %c: i1) {
  // CHECK: fadd reassoc nnan contract float %x.0, %x.0
  %sum = llvm.fadd %x, %x {fastmathFlags = #llvm.fastmath<contract, nnan, reassoc>} : f32
  // CHECK: fneg nsz <4 x float> %v.1
  %negated = llvm.fneg %v {fastmathFlags = #llvm.fastmath<nsz>} : vector<4xf32>
  // CHECK: fcmp ninf uno <4 x float> %v.1, %v.1
  %unordered = llvm.fcmp "uno" %v, %v {fastmathFlags = #llvm.fastmath<ninf>} : vector<4xf32>
  // CHECK: fcmp false float %x.0, %x.0
  %never = llvm.fcmp "_false" %x, %x : f32
  // CHECK: select nnan i1 %c.3, float %x.0, float %x.0
  %chosen = llvm.select %c, %x, %x {fastmathFlags = #llvm.fastmath<nnan>} : i1, f32
  // CHECK: call afn <4 x float> @llvm.exp.v4f32(<4 x float> %v.1)
  %exp = llvm.intr.exp(%v) {fastmathFlags = #llvm.fastmath<afn>} : (vector<4xf32>) -> vector<4xf32>
  // CHECK: call float @llvm.exp.f32(float %x.0)
  %scalar = llvm.intr.exp(%x) : (f32) -> f32
  // CHECK: call reassoc float @llvm.vector.reduce.fadd.v4f32(float %x.0, <4 x float> %v.1)
  %total = llvm.intr.vector.reduce.fadd(%x, %v) {fastmathFlags = #llvm.fastmath<reassoc>} : (f32, vector<4xf32>) -> f32
  // CHECK: call fast float @llvm.vector.reduce.fmax.v4f32(<4 x float> %v.1)
  %largest = llvm.call_intrinsic "llvm.vector.reduce.fmax.v4f32"(%v) {fastmathFlags = #llvm.fastmath<fast>} : (vector<4xf32>) -> f32
  // CHECK: add nuw nsw i64 %i.2, %i.2
  %added = llvm.add %i, %i overflow<nsw, nuw> : i64
  // CHECK: lshr exact i64 %i.2, %i.2
  %shifted = llvm.lshr exact %i, %i : i64
  // CHECK: or disjoint i64 %i.2, %i.2
  %merged = llvm.or disjoint %i, %i : i64
  // CHECK: trunc nsw i64 %i.2 to i32
  %narrow = llvm.trunc %i overflow<nsw> : i64 to i32
  // CHECK: zext nneg i32 %narrow.{{[0-9]+}} to i64
  %wide = llvm.zext nneg %narrow : i32 to i64
  llvm.return
}

// -----

// CHECK-LABEL: define void @addresses
llvm.func @addresses(%p: !llvm.ptr, %i: i64, %w: vector<4xi32>) {
  // CHECK: getelementptr inbounds nuw [4 x float], ptr %p.0, i64 %i.1, i64 3
  %a = llvm.getelementptr inbounds|nuw %p[%i, 3] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<4 x f32>
  // CHECK: getelementptr { i32, [2 x i64] }, ptr %p.0, i64 1, i32 1, i64 0
  %b = llvm.getelementptr %p[1, 1, 0] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, array<2 x i64>)>
  // CHECK: getelementptr float, ptr %p.0, <4 x i32> %w.2
  %c = llvm.getelementptr %p[%w] : (!llvm.ptr, vector<4xi32>) -> vector<4x!llvm.ptr>, f32
  %n = llvm.mlir.constant(24) : i64
  // CHECK: alloca [24 x float], align 64
  %d = llvm.alloca %n x f32 {alignment = 64 : i64} : (i64) -> !llvm.ptr
  // CHECK: alloca i8, i64 %i.1, align 1
  %e = llvm.alloca %i x i8 {alignment = 1 : i64} : (i64) -> !llvm.ptr
  llvm.return
}

// -----

// CHECK-LABEL: define void @accesses
llvm.func @accesses(%p: !llvm.ptr, %q: vector<4x!llvm.ptr>, %m: vector<4xi1>, %v: vector<4xf32>) {
  // CHECK: load float, ptr %p.0, align 4, !alias.scope ![[A:[0-9]+]], !noalias ![[B:[0-9]+]], !invariant.load ![[NONE:[0-9]+]]
  %x = llvm.load %p {alignment = 4 : i64, invariant, alias_scopes = [#llvm.alias_scope<id = "A", domain = <id = "f">>], noalias_scopes = [#llvm.alias_scope<id = "B", domain = <id = "f">>]} : !llvm.ptr -> f32
  // CHECK: store volatile float %x.{{[0-9]+}}, ptr %p.0, align 4, !nontemporal
  llvm.store volatile %x, %p {alignment = 4 : i64, nontemporal} : f32, !llvm.ptr
  // CHECK: call <4 x float> @llvm.masked.load.v4f32.p0(ptr align 4 %p.0, <4 x i1> %m.2, <4 x float> %v.3)
  %a = llvm.intr.masked.load %p, %m, %v {alignment = 4 : i32} : (!llvm.ptr, vector<4xi1>, vector<4xf32>) -> vector<4xf32>
  // CHECK: call <4 x float> @llvm.masked.gather.v4f32.v4p0(<4 x ptr> align 4 %q.1, <4 x i1> %m.2, <4 x float> %a
  %b = llvm.intr.masked.gather %q, %m, %a {alignment = 4 : i32} : (vector<4x!llvm.ptr>, vector<4xi1>, vector<4xf32>) -> vector<4xf32>
  // CHECK: call void @llvm.masked.store.v4f32.p0(<4 x float> %b{{.*}}, ptr align 4 %p.0, <4 x i1> %m.2)
  llvm.intr.masked.store %b, %p, %m {alignment = 4 : i32} : vector<4xf32>, vector<4xi1> into !llvm.ptr
  // CHECK: call void @llvm.masked.scatter.v4f32.v4p0(<4 x float> %b{{.*}}, <4 x ptr> align 4 %q.1, <4 x i1> %m.2)
  llvm.intr.masked.scatter %b, %q, %m {alignment = 4 : i32} : vector<4xf32>, vector<4xi1> into vector<4x!llvm.ptr>
  llvm.return
}
// CHECK: = distinct !{!{{[0-9]+}}, !"f"}

// -----

// CHECK-LABEL: define <8 x float> @vectors
llvm.func @vectors(%v: vector<4xf32>, %x: f32, %i: i64) -> vector<8xf32> {
  // CHECK: insertelement <4 x float> %v.0, float %x.1, i64 %i.2
  %a = llvm.insertelement %x, %v[%i : i64] : vector<4xf32>
  // CHECK: extractelement <4 x float> %a.{{[0-9]+}}, i64 %i.2
  %b = llvm.extractelement %a[%i : i64] : vector<4xf32>
  // CHECK: shufflevector <4 x float> %v.0, <4 x float> poison, <4 x i32> zeroinitializer
  %poison = llvm.mlir.poison : vector<4xf32>
  %c = llvm.shufflevector %v, %poison [0, 0, 0, 0] : vector<4xf32>
  // CHECK: <8 x i32> <i32 0, i32 4, i32 1, i32 5, i32 2, i32 6, i32 3, i32 poison>
  %d = llvm.shufflevector %v, %c [0, 4, 1, 5, 2, 6, 3, -1] : vector<4xf32>
  llvm.return %d : vector<8xf32>
}

// -----

// A value is used in a block that stands before the block of its definition.
// CHECK-LABEL: define i32 @blocks
llvm.func @blocks(%c: i1, %a: i32, %b: i32) -> i32 {
  llvm.br ^third
^second:
  // CHECK: ret i32 %sum
  llvm.return %sum : i32
^third:
  %sum = llvm.add %a, %b : i32
  llvm.br ^second
}

// -----

// CHECK-LABEL: define i64 @loop
llvm.func @loop(%n: i64) -> i64 {
  %zero = llvm.mlir.constant(0) : i64
  %one = llvm.mlir.constant(1) : i64
  // CHECK: br label %bb1
  llvm.br ^head(%zero : i64)
^head(%i: i64):
  // CHECK: bb1:
  // CHECK-NEXT: %i.{{[0-9]+}} = phi i64 [ 0, %bb0 ], [ %next.[[NEXT:[0-9]+]], %bb1 ]
  %next = llvm.add %i, %one : i64
  %again = llvm.icmp "slt" %next, %n : i64
  // CHECK: br i1 %again.{{[0-9]+}}, label %bb1, label %bb2, !llvm.loop ![[LOOP:[0-9]+]]
  llvm.cond_br %again, ^head(%next : i64), ^done {loop_annotation = #llvm.loop_annotation<vectorize = <disable = true>, unroll = <full = true>, mustProgress = true>}
^done:
  llvm.return %i : i64
}
// CHECK: = !{!"llvm.loop.unroll.full"}
// CHECK: = !{!"llvm.loop.vectorize.enable", i1 false}
// CHECK: = !{!"llvm.loop.mustprogress"}
// CHECK: ![[LOOP]] = distinct !{![[LOOP]],

// -----

// Both edges go to one block with different values: the first gets a block of its own.
// CHECK-LABEL: define i32 @both_edges
llvm.func @both_edges(%c: i1, %a: i32, %b: i32) -> i32 {
  // CHECK: br i1 %c.0, label %bb0.edge, label %bb1
  // CHECK: bb0.edge:
  // CHECK-NEXT: br label %bb1
  llvm.cond_br %c, ^join(%a : i32), ^join(%b : i32)
^join(%x: i32):
  // CHECK: phi i32 [ %a.1, %bb0.edge ], [ %b.2, %bb0 ]
  llvm.return %x : i32
}

// -----

// CHECK-LABEL: define i32 @dead_block
llvm.func @dead_block(%a: i32) -> i32 {
  llvm.return %a : i32
^dead(%x: i32):
  // CHECK: %x.1 = freeze i32 poison
  llvm.return %x : i32
}
