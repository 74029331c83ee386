// RUN: ROUNDTRIP

tir.func @kernel<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {
}

relax.func @double<m>(%x: !relax.tensor<[m], f32>) -> (!relax.tensor<[m], f32>) {
  relax.return %x : !relax.tensor<[m], f32>
}

// CHECK-LABEL: relax.func @calls
relax.func @calls<n>(%x: !relax.tensor<[n], f32>) {
  // CHECK: relax.call_tir @kernel(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %a = relax.call_tir @kernel(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  // CHECK: relax.call_tir_inplace @kernel(%{{.*}}) {inplace = array<i64: 0>} : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %b = relax.call_tir_inplace @kernel(%a) {inplace = array<i64: 0>} : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  // CHECK: relax.call @double(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %c = relax.call @double(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  // CHECK: relax.check_dims "n" {relation = "at_least", dims = #relax.dims<[n - 1, 0]>}
  relax.check_dims "n" {relation = "at_least", dims = #relax.dims<[n - 1, 0]>}
  // CHECK: relax.fail "why" : !relax.tensor<[n], f32>, !relax.tensor<[], i1>
  %never, %no = relax.fail "why" : !relax.tensor<[n], f32>, !relax.tensor<[], i1>
  // CHECK: relax.call_packed @host(%x) : (!relax.tensor<[n], f32>) -> ()
  relax.call_packed @host(%x) : (!relax.tensor<[n], f32>) -> ()
  // CHECK: relax.call_dps_packed @host(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %d = relax.call_dps_packed @host(%x) : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  // CHECK: %f = relax.make_closure @double() : () -> !relax.object
  %f = relax.make_closure @double() : () -> !relax.object
  // CHECK: relax.invoke_closure %f(%x) : !relax.object, (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  %e = relax.invoke_closure %f(%x) : !relax.object, (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
  relax.return
}

// CHECK-LABEL: relax.func @values
relax.func @values(%x: !relax.tensor<[?, 2], f32>) {
  // CHECK: relax.constant <[2], i64, [1, -2]> : !relax.tensor<[2], i64>
  %c = relax.constant <[2], i64, [1, -2]> : !relax.tensor<[2], i64>
  // CHECK: relax.constant <[], f32, [inf]> : !relax.tensor<[], f32>
  %i = relax.constant <[], f32, [inf]> : !relax.tensor<[], f32>
  // CHECK: %t = relax.tuple %c, %i : (!relax.tensor<[2], i64>, !relax.tensor<[], f32>) -> tuple<!relax.tensor<[2], i64>, !relax.tensor<[], f32>>
  %t = relax.tuple %c, %i : (!relax.tensor<[2], i64>, !relax.tensor<[], f32>) -> tuple<!relax.tensor<[2], i64>, !relax.tensor<[], f32>>
  // CHECK: relax.tuple_get_item %t {index = 1 : i64} : (tuple<!relax.tensor<[2], i64>, !relax.tensor<[], f32>>) -> !relax.tensor<[], f32>
  %g = relax.tuple_get_item %t {index = 1} : (tuple<!relax.tensor<[2], i64>, !relax.tensor<[], f32>>) -> !relax.tensor<[], f32>
  // CHECK: relax.string "a \22word\22, \E4\BD\A0" : !relax.string
  %w = relax.string "a \"word\", 你" : !relax.string
  // CHECK: relax.shape_of %x : (!relax.tensor<[?, 2], f32>) -> !relax.shape<2>
  %r = relax.shape_of %x : (!relax.tensor<[?, 2], f32>) -> !relax.shape<2>
  // CHECK: relax.match_cast %r : !relax.shape<2> -> !relax.shape
  %v = relax.match_cast %r : !relax.shape<2> -> !relax.shape
  // CHECK: relax.shape_of %x : (!relax.tensor<[?, 2], f32>) -> !relax.shape
  %s = relax.shape_of %x : (!relax.tensor<[?, 2], f32>) -> !relax.shape
  // CHECK: relax.match_cast %x {new_symbols = ["k"]} : !relax.tensor<[?, 2], f32> -> !relax.tensor<[k, 2], f32>
  %m = relax.match_cast %x {new_symbols = ["k"]} : !relax.tensor<[?, 2], f32> -> !relax.tensor<[k, 2], f32>
  relax.return
}
