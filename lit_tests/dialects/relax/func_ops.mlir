// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @names<n>(%x: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 4], f32>) attributes {input_names = ["data"], output_names = ["prob"]} {
// CHECK-NEXT:    relax.return %x : !relax.tensor<[n, 4], f32>
relax.func @names<n>(%x: !relax.tensor<[n, 4], f32>) -> (!relax.tensor<[n, 4], f32>) attributes {input_names = ["data"], output_names = ["prob"]} {
  relax.return %x : !relax.tensor<[n, 4], f32>
}

// CHECK-LABEL: relax.func @nothing() {
// CHECK-NEXT:    relax.return
relax.func @nothing() {
  relax.return
}

// CHECK-LABEL: relax.func @choose
relax.func @choose<n>(%c: !relax.tensor<[], i1>, %x: !relax.tensor<[n], f32>) -> (!relax.tensor<[n], f32>) {
  // CHECK: %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[n], f32>) {
  // CHECK:   relax.yield %{{.*}} : !relax.tensor<[n], f32>
  // CHECK: } else {
  // CHECK:   relax.yield %x : !relax.tensor<[n], f32>
  %y = relax.if %c : !relax.tensor<[], i1> -> (!relax.tensor<[n], f32>) {
    %z = relax.neg %x : (!relax.tensor<[n], f32>) -> !relax.tensor<[n], f32>
    relax.yield %z : !relax.tensor<[n], f32>
  } else {
    relax.yield %x : !relax.tensor<[n], f32>
  }
  relax.return %y : !relax.tensor<[n], f32>
}

// CHECK-LABEL: relax.func @repeat
relax.func @repeat(%x: !relax.tensor<[1], f32>) -> (!relax.tensor<[1], f32>) {
  // CHECK: %y = relax.while %x : (!relax.tensor<[1], f32>) -> !relax.tensor<[1], f32> {
  // CHECK: ^bb0(%{{.*}}: !relax.tensor<[1], f32>):
  // CHECK:   relax.yield %{{.*}} : !relax.tensor<[1], i1>
  // CHECK: } do {
  // CHECK:   relax.yield %{{.*}} : !relax.tensor<[1], f32>
  %y = relax.while %x : (!relax.tensor<[1], f32>) -> (!relax.tensor<[1], f32>) {
  ^bb0(%v: !relax.tensor<[1], f32>):
    %c = relax.is_nan %v : (!relax.tensor<[1], f32>) -> !relax.tensor<[1], i1>
    relax.yield %c : !relax.tensor<[1], i1>
  } do {
  ^bb1(%v: !relax.tensor<[1], f32>):
    %w = relax.add %v, %v : (!relax.tensor<[1], f32>, !relax.tensor<[1], f32>) -> !relax.tensor<[1], f32>
    relax.yield %w : !relax.tensor<[1], f32>
  }
  relax.return %y : !relax.tensor<[1], f32>
}
