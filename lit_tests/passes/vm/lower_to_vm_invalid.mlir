// RUN: tyrex-opt %s --split-input-file --verify-diagnostics -t none -p lower-to-vm

tir.func @k<n>(%a: !tir.buffer<[n], f32>) -> (%c: !tir.buffer<[n], f32>) {
}
relax.func @unknown(%x: !relax.tensor<[?], f32>) -> (!relax.tensor<[?], f32>) {
  // expected-error @below {{has a value of type !relax.tensor<[?], f32>: nothing says how large it will be}}
  %y = relax.call_tir @k(%x) : (!relax.tensor<[?], f32>) -> !relax.tensor<[?], f32>
  relax.return %y : !relax.tensor<[?], f32>
}

// -----

relax.func @unknown(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // expected-error @below {{calls @missing, which is no tir.func of the module}}
  %y = relax.call_tir @missing(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// expected-note @below {{the kernel}}
tir.func @k(%a: !tir.buffer<[5], f32>) -> (%c: !tir.buffer<[4], f32>) {
}
relax.func @types(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // expected-error @below {{passes !relax.tensor<[4], f32> as argument 0 of kernel @k, which takes !relax.tensor<[5], f32>}}
  %y = relax.call_tir @k(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// expected-note @below {{the kernel}}
tir.func @k(%a: !tir.buffer<[4], f32>) -> (%c: !tir.buffer<[4], f32>) {
}
relax.func @count(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // expected-error @below {{passes 2 inputs and 1 outputs to kernel @k, which takes 1 and 1}}
  %y = relax.call_tir @k(%x, %x) : (!relax.tensor<[4], f32>, !relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

// expected-note @below {{the kernel}}
tir.func @k<n>(%a: !tir.buffer<[n * n], f32>) -> (%c: !tir.buffer<[4], f32>) {
}
relax.func @symbol(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // expected-error @below {{symbol 'n' of kernel @k is the dim of no argument}}
  %y = relax.call_tir @k(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

relax.func @operator(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  // expected-error @below {{is no call of a kernel}}
  %y = relax.exp %x : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  relax.return %y : !relax.tensor<[4], f32>
}

// -----

relax.func @bound(%x: !relax.tensor<[4], f32>) -> (!relax.object) {
  // expected-error @below {{binds arguments of @missing, which is no relax.func of the module}}
  %f = relax.make_closure @missing(%x) : (!relax.tensor<[4], f32>) -> !relax.object
  relax.return %f : !relax.object
}
