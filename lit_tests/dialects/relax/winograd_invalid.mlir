// RUN: EXPECTED

relax.func @winograd_conv_c1(%x: !relax.tensor<[1, 2, 8, 8], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>) {
  // expected-error @below {{relax.winograd_conv: (C1)}}
  %0 = relax.winograd_conv %x, %u {m = 4, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}

// -----

relax.func @winograd_conv_c2(%x: !relax.tensor<[1, 2, 8, 8, 4], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>) {
  // expected-error @below {{relax.winograd_conv: (C2) m = 3}}
  %0 = relax.winograd_conv %x, %u {m = 3, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 2, 8, 8, 4], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}

// -----

relax.func @winograd_conv_c3(%x: !relax.tensor<[1, 3, 8, 8, 4], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>) {
  // expected-error @below {{relax.winograd_conv: (C3) blocks of input channels: 3 and 2 differ}}
  %0 = relax.winograd_conv %x, %u {m = 4, padding = array<i64: 1, 1, 1, 1>} : (!relax.tensor<[1, 3, 8, 8, 4], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 8, 8, 4], f32>
  relax.return
}

// -----

relax.func @winograd_conv_c4_tiles(%x: !relax.tensor<[1, 2, 9, 9, 4], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>) {
  // expected-error @below {{relax.winograd_conv: (C4) pool = 3 does not divide m}}
  %0 = relax.winograd_conv %x, %u {m = 4, padding = array<i64: 1, 1, 1, 1>, pool = 3} : (!relax.tensor<[1, 2, 9, 9, 4], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 3, 3, 4], f32>
  relax.return
}

// -----

relax.func @winograd_conv_c4_image(%x: !relax.tensor<[1, 2, 8, 9, 4], f32>, %u: !relax.tensor<[36, 1, 2, 4, 4], f32>) {
  // expected-error @below {{relax.winograd_conv: (C4) pool = 2 does not divide 9}}
  %0 = relax.winograd_conv %x, %u {m = 4, padding = array<i64: 1, 1, 1, 1>, pool = 2} : (!relax.tensor<[1, 2, 8, 9, 4], f32>, !relax.tensor<[36, 1, 2, 4, 4], f32>) -> !relax.tensor<[1, 1, 4, 4, 4], f32>
  relax.return
}
