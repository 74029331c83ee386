// RUN: tyrex-opt %s --split-input-file -p legalize-ops,annotate-patterns,fuse-ops | filecheck %s
// RUN: tyrex-opt %s --split-input-file -p legalize-ops,annotate-patterns,fuse-ops{max-depth=1} | filecheck %s --check-prefix=ONE
// ONE-NOT: relax.call @

// A matrix product takes bias and activation, though the sum is used twice.
// CHECK-LABEL: relax.func @epilogue<n>
// CHECK:         %y = relax.call @fused_matmul_add_sigmoid_multiply(%x, %w, %b)
// CHECK-NEXT:    relax.return %y
// CHECK:       relax.func @fused_matmul_add_sigmoid_multiply<n>(%x: {{.*}}, %w: {{.*}}, %b: {{.*}}) -> ({{.*}}) attributes {primitive}
// CHECK-NEXT:    %t = relax.call_tir @matmul(%x, %w)
// CHECK-NEXT:    %u = relax.call_tir @add(%t, %b)
// CHECK-NEXT:    %s = relax.call_tir @sigmoid(%u)
// CHECK-NEXT:    %y = relax.call_tir @multiply(%u, %s)
// CHECK-NEXT:    relax.return %y
relax.func @epilogue<n>(%x: !relax.tensor<[n, 8], f32>, %w: !relax.tensor<[8, 8], f32>, %b: !relax.tensor<[8], f32>) -> (!relax.tensor<[n, 8], f32>) {
  %t = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[n, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[n, 8], f32>
  %u = relax.add %t, %b : (!relax.tensor<[n, 8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[n, 8], f32>
  %s = relax.sigmoid %u : (!relax.tensor<[n, 8], f32>) -> !relax.tensor<[n, 8], f32>
  %y = relax.multiply %u, %s : (!relax.tensor<[n, 8], f32>, !relax.tensor<[n, 8], f32>) -> !relax.tensor<[n, 8], f32>
  relax.return %y : !relax.tensor<[n, 8], f32>
}

// -----

// The residual sum goes to one of its two products; what feeds the second product stays.
// CHECK-LABEL: relax.func @residual
// CHECK:         %a = relax.call_tir @relu(%x)
// CHECK-NEXT:    %c = relax.call_tir @matmul(%a, %w)
// CHECK-NEXT:    %y = relax.call @fused_matmul_add_relu(%x, %w, %c)
relax.func @residual(%x: !relax.tensor<[8, 8], f32>, %w: !relax.tensor<[8, 8], f32>) -> (!relax.tensor<[8, 8], f32>) {
  %b = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %a = relax.relu %x : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %c = relax.matmul %a, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %s = relax.add %b, %c : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %y = relax.relu %s : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return %y : !relax.tensor<[8, 8], f32>
}

// -----

// The product is used outside of every group that it could be in.
// CHECK-LABEL: relax.func @used_outside
// CHECK:         %t = relax.call_tir @matmul(%x, %w)
// CHECK-NEXT:    %y = relax.call_tir @relu(%t)
relax.func @used_outside(%x: !relax.tensor<[8, 8], f32>, %w: !relax.tensor<[8, 8], f32>) -> (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) {
  %t = relax.matmul %x, %w {transpose_a = false, transpose_b = false} : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %y = relax.relu %t : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return %t, %y : !relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>
}

// -----

// A computation that would be repeated for every column stays apart; a cast may be repeated.
// CHECK-LABEL: relax.func @repeated
// CHECK:         %e = relax.call_tir @exp(%c)
// CHECK-NEXT:    %s = relax.call @fused_cast_multiply(%h, %e)
relax.func @repeated(%c: !relax.tensor<[8, 1], f32>, %h: !relax.tensor<[8], f16>) -> (!relax.tensor<[8, 8], f32>) {
  %e = relax.exp %c : (!relax.tensor<[8, 1], f32>) -> !relax.tensor<[8, 1], f32>
  %w = relax.cast %h {dtype = f32} : (!relax.tensor<[8], f16>) -> !relax.tensor<[8], f32>
  %s = relax.multiply %w, %e : (!relax.tensor<[8], f32>, !relax.tensor<[8, 1], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return %s : !relax.tensor<[8, 8], f32>
}

// -----

// Each region is fused by itself.
// CHECK-LABEL: relax.func @branches
// CHECK:         %u = relax.call_tir @exp(%x)
// CHECK:           relax.call @fused_relu_neg(%u)
relax.func @branches(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %u = relax.exp %x : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[8], f32>) {
    %r = relax.relu %u : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    %n = relax.neg %r : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
    relax.yield %n : !relax.tensor<[8], f32>
  } else {
    relax.yield %u : !relax.tensor<[8], f32>
  }
  relax.return %y : !relax.tensor<[8], f32>
}

// -----

// Kernels that cannot be read are fused by what their pattern says.
// CHECK-LABEL: relax.func @by_word
// CHECK:         relax.call @fused_mystery_secret(%x)
relax.func @by_word(%x: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>) {
  %t = relax.call_tir @mystery(%x) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %y = relax.call_tir @secret(%t) : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %y : !relax.tensor<[8], f32>
}
tir.func @mystery(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) attributes {pattern = "out_fusable"} {
}
tir.func @secret(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) attributes {pattern = "elementwise"} {
}

// -----

// Groups of one structure share a function; where one value goes to two places it is another one.
// CHECK-LABEL: relax.func @shared
// CHECK:         relax.call @fused_add_relu(%x, %y)
// CHECK-NEXT:    relax.call @fused_add_relu(%y, %x)
// CHECK-NEXT:    relax.call @fused_add_relu_1(%x)
// CHECK-NEXT:    relax.return
relax.func @shared(%x: !relax.tensor<[8], f32>, %y: !relax.tensor<[8], f32>) -> (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[8], f32>) {
  %a = relax.add %x, %y : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %b = relax.relu %a : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %c = relax.add %y, %x : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %d = relax.relu %c : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %e = relax.add %x, %x : (!relax.tensor<[8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  %f = relax.relu %e : (!relax.tensor<[8], f32>) -> !relax.tensor<[8], f32>
  relax.return %b, %d, %f : !relax.tensor<[8], f32>, !relax.tensor<[8], f32>, !relax.tensor<[8], f32>
}

// -----

// A softmax and its mask work row by row; so do the steps of a normalization, whose input is read twice.
// CHECK-LABEL: relax.func @masked
// CHECK-NEXT:    %y = relax.call @fused_multiply_softmax(%x, %m)
relax.func @masked(%x: !relax.tensor<[4, 8], f32>, %m: !relax.tensor<[8], f32>) -> (!relax.tensor<[4, 8], f32>) {
  %t = relax.multiply %x, %m : (!relax.tensor<[4, 8], f32>, !relax.tensor<[8], f32>) -> !relax.tensor<[4, 8], f32>
  %y = relax.softmax %t {axis = 1} : (!relax.tensor<[4, 8], f32>) -> !relax.tensor<[4, 8], f32>
  relax.return %y : !relax.tensor<[4, 8], f32>
}
// CHECK-LABEL: relax.func @centred
// CHECK-NEXT:    %y = relax.call @fused_exp_mean_subtract(%x)
relax.func @centred(%x: !relax.tensor<[4, 8], f32>) -> (!relax.tensor<[4, 8], f32>) {
  %e = relax.exp %x : (!relax.tensor<[4, 8], f32>) -> !relax.tensor<[4, 8], f32>
  %m = relax.mean %e {axes = array<i64: 1>, keepdims = true} : (!relax.tensor<[4, 8], f32>) -> !relax.tensor<[4, 1], f32>
  %y = relax.subtract %e, %m : (!relax.tensor<[4, 8], f32>, !relax.tensor<[4, 1], f32>) -> !relax.tensor<[4, 8], f32>
  relax.return %y : !relax.tensor<[4, 8], f32>
}

// -----

// Must not: long rows; a row that needs another one; a product, which has tiles.
// CHECK-LABEL: relax.func @long
// CHECK: relax.call_tir @exp
relax.func @long(%x: !relax.tensor<[4, 9000], f32>) -> (!relax.tensor<[4, 9000], f32>) {
  %e = relax.exp %x : (!relax.tensor<[4, 9000], f32>) -> !relax.tensor<[4, 9000], f32>
  %y = relax.softmax %e {axis = 1} : (!relax.tensor<[4, 9000], f32>) -> !relax.tensor<[4, 9000], f32>
  relax.return %y : !relax.tensor<[4, 9000], f32>
}
// CHECK-LABEL: relax.func @columns
// CHECK: relax.call_tir @exp
relax.func @columns(%x: !relax.tensor<[8, 8], f32>) -> (!relax.tensor<[8, 8], f32>) {
  %e = relax.exp %x : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %y = relax.softmax %e {axis = 0} : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return %y : !relax.tensor<[8, 8], f32>
}
// CHECK-LABEL: relax.func @product
// CHECK: relax.call_tir @matmul
// CHECK-NEXT: relax.call_tir @softmax
relax.func @product(%x: !relax.tensor<[8, 8], f32>) -> (!relax.tensor<[8, 8], f32>) {
  %e = relax.matmul %x, %x {transpose_a = false, transpose_b = false} : (!relax.tensor<[8, 8], f32>, !relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  %y = relax.softmax %e {axis = 1} : (!relax.tensor<[8, 8], f32>) -> !relax.tensor<[8, 8], f32>
  relax.return %y : !relax.tensor<[8, 8], f32>
}

// -----

// Rows of scores pass through attention in blocks: one kernel. Scores that a cache holds do not need
// that; scores that somebody else reads, too, have to be in memory.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", l2_bytes = 1048576>} {
// CHECK-LABEL: relax.func @attention
// CHECK-NEXT:    %y = relax.call @fused_matmul_add_softmax_matmul(%q, %t, %m, %v)
relax.func @attention(%q: !relax.tensor<[4, 128, 32], f32>, %t: !relax.tensor<[4, 32, 128], f32>, %v: !relax.tensor<[4, 128, 32], f32>, %m: !relax.tensor<[128], f32>) -> (!relax.tensor<[4, 128, 32], f32>) {
  %s = relax.matmul %q, %t {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 32, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %u = relax.add %s, %m : (!relax.tensor<[4, 128, 128], f32>, !relax.tensor<[128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %p = relax.softmax %u {axis = 2} : (!relax.tensor<[4, 128, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %y = relax.matmul %p, %v {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 128], f32>, !relax.tensor<[4, 128, 32], f32>) -> !relax.tensor<[4, 128, 32], f32>
  relax.return %y : !relax.tensor<[4, 128, 32], f32>
}
// CHECK-LABEL: relax.func @few_scores
// CHECK-NEXT:    %u = relax.call @fused_matmul_add
// CHECK-NEXT:    %p = relax.call_tir @softmax
// CHECK-NEXT:    %y = relax.call_tir @matmul
relax.func @few_scores(%q: !relax.tensor<[4, 32, 32], f32>, %t: !relax.tensor<[4, 32, 32], f32>, %v: !relax.tensor<[4, 32, 32], f32>, %m: !relax.tensor<[32], f32>) -> (!relax.tensor<[4, 32, 32], f32>) {
  %s = relax.matmul %q, %t {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 32, 32], f32>, !relax.tensor<[4, 32, 32], f32>) -> !relax.tensor<[4, 32, 32], f32>
  %u = relax.add %s, %m : (!relax.tensor<[4, 32, 32], f32>, !relax.tensor<[32], f32>) -> !relax.tensor<[4, 32, 32], f32>
  %p = relax.softmax %u {axis = 2} : (!relax.tensor<[4, 32, 32], f32>) -> !relax.tensor<[4, 32, 32], f32>
  %y = relax.matmul %p, %v {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 32, 32], f32>, !relax.tensor<[4, 32, 32], f32>) -> !relax.tensor<[4, 32, 32], f32>
  relax.return %y : !relax.tensor<[4, 32, 32], f32>
}
// CHECK-LABEL: relax.func @scores_wanted
// CHECK-NEXT:    %p = relax.call @fused_matmul_add_softmax
// CHECK-NEXT:    %y = relax.call_tir @matmul
relax.func @scores_wanted(%q: !relax.tensor<[4, 128, 32], f32>, %t: !relax.tensor<[4, 32, 128], f32>, %v: !relax.tensor<[4, 128, 32], f32>, %m: !relax.tensor<[128], f32>) -> (!relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 128, 128], f32>) {
  %s = relax.matmul %q, %t {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 32, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %u = relax.add %s, %m : (!relax.tensor<[4, 128, 128], f32>, !relax.tensor<[128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %p = relax.softmax %u {axis = 2} : (!relax.tensor<[4, 128, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %y = relax.matmul %p, %v {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 128], f32>, !relax.tensor<[4, 128, 32], f32>) -> !relax.tensor<[4, 128, 32], f32>
  relax.return %y, %p : !relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 128, 128], f32>
}
// A symbol may decide how many heads there are, but not how long rows are.
// CHECK-LABEL: relax.func @batch<n>
// CHECK-NEXT:    %y = relax.call @fused_matmul_softmax_matmul(%q, %t, %v)
relax.func @batch<n>(%q: !relax.tensor<[n * 4, 128, 32], f32>, %t: !relax.tensor<[n * 4, 32, 128], f32>, %v: !relax.tensor<[n * 4, 128, 32], f32>) -> (!relax.tensor<[n * 4, 128, 32], f32>) {
  %s = relax.matmul %q, %t {transpose_a = false, transpose_b = false} : (!relax.tensor<[n * 4, 128, 32], f32>, !relax.tensor<[n * 4, 32, 128], f32>) -> !relax.tensor<[n * 4, 128, 128], f32>
  %p = relax.softmax %s {axis = 2} : (!relax.tensor<[n * 4, 128, 128], f32>) -> !relax.tensor<[n * 4, 128, 128], f32>
  %y = relax.matmul %p, %v {transpose_a = false, transpose_b = false} : (!relax.tensor<[n * 4, 128, 128], f32>, !relax.tensor<[n * 4, 128, 32], f32>) -> !relax.tensor<[n * 4, 128, 32], f32>
  relax.return %y : !relax.tensor<[n * 4, 128, 32], f32>
}
// CHECK-LABEL: relax.func @length<n>
// CHECK-NEXT:    %s = relax.call_tir @matmul
// CHECK-NEXT:    %p = relax.call_tir @softmax
relax.func @length<n>(%q: !relax.tensor<[4, n, 32], f32>, %t: !relax.tensor<[4, 32, n], f32>, %v: !relax.tensor<[4, n, 32], f32>) -> (!relax.tensor<[4, n, 32], f32>) {
  %s = relax.matmul %q, %t {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, n, 32], f32>, !relax.tensor<[4, 32, n], f32>) -> !relax.tensor<[4, n, n], f32>
  %p = relax.softmax %s {axis = 2} : (!relax.tensor<[4, n, n], f32>) -> !relax.tensor<[4, n, n], f32>
  %y = relax.matmul %p, %v {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, n, n], f32>, !relax.tensor<[4, n, 32], f32>) -> !relax.tensor<[4, n, 32], f32>
  relax.return %y : !relax.tensor<[4, n, 32], f32>
}
// The chain reads what only moves elements where they were, but for what somebody else reads, too.
// CHECK-LABEL: relax.func @heads
// CHECK-NEXT:    %vt = relax.call_tir @permute_dims
// CHECK-NEXT:    %y = relax.call @fused_permute_dims_permute_dims_matmul_softmax_matmul(%q, %k, %vt)
relax.func @heads(%q: !relax.tensor<[128, 4, 32], f32>, %k: !relax.tensor<[128, 4, 32], f32>, %v: !relax.tensor<[128, 4, 32], f32>) -> (!relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 128, 32], f32>) {
  %qt = relax.permute_dims %q {axes = array<i64: 1, 0, 2>} : (!relax.tensor<[128, 4, 32], f32>) -> !relax.tensor<[4, 128, 32], f32>
  %kt = relax.permute_dims %k {axes = array<i64: 1, 2, 0>} : (!relax.tensor<[128, 4, 32], f32>) -> !relax.tensor<[4, 32, 128], f32>
  %vt = relax.permute_dims %v {axes = array<i64: 1, 0, 2>} : (!relax.tensor<[128, 4, 32], f32>) -> !relax.tensor<[4, 128, 32], f32>
  %s = relax.matmul %qt, %kt {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 32, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %p = relax.softmax %s {axis = 2} : (!relax.tensor<[4, 128, 128], f32>) -> !relax.tensor<[4, 128, 128], f32>
  %y = relax.matmul %p, %vt {transpose_a = false, transpose_b = false} : (!relax.tensor<[4, 128, 128], f32>, !relax.tensor<[4, 128, 32], f32>) -> !relax.tensor<[4, 128, 32], f32>
  relax.return %y, %vt : !relax.tensor<[4, 128, 32], f32>, !relax.tensor<[4, 128, 32], f32>
}
}

// -----

// What counts up to a dim and takes the last number is a kernel that nobody tells the dim; but for the first of them.
// CHECK-LABEL: relax.func @dim_as_value<n>
// CHECK:         %[[I:.*]] = relax.call_tir @iota()
// CHECK-NEXT:    %y = relax.call @fused_strided_slice_equal(%[[I]], %{{.*}})
relax.func @dim_as_value<n>(%x: !relax.tensor<[n], f32>) -> (!relax.tensor<[1], i1>) {
  %one = relax.constant <[1], i64, [1]> : !relax.tensor<[1], i64>
  %i = relax.iota {shape = #relax.dims<[n + 1]>, axis = 0 : i64, dtype = i64} : () -> !relax.tensor<[n + 1], i64>
  %d = relax.strided_slice %i {starts = #relax.dims<[n]>, sizes = #relax.dims<[1]>, steps = array<i64: 1>} : (!relax.tensor<[n + 1], i64>) -> !relax.tensor<[1], i64>
  %y = relax.equal %d, %one : (!relax.tensor<[1], i64>, !relax.tensor<[1], i64>) -> !relax.tensor<[1], i1>
  relax.return %y : !relax.tensor<[1], i1>
}
