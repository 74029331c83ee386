// RUN: ROUNDTRIP

// CHECK-LABEL: relax.func @sequences
relax.func @sequences<t, b>(%g1: !relax.tensor<[t, b, 5], f32>, %r1: !relax.tensor<[5, 5], f32>, %g3: !relax.tensor<[t, b, 15], f32>, %r3: !relax.tensor<[5, 15], f32>, %bias: !relax.tensor<[5], f32>, %g4: !relax.tensor<[t, b, 20], f32>, %r4: !relax.tensor<[5, 20], f32>, %h: !relax.tensor<[b, 5], f32>, %lengths: !relax.tensor<[b], i64>) {
  // CHECK: relax.rnn %g1, %r1, %h, %lengths {reverse = false, activations = ["tanh"]} : (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>)
  %0, %1 = relax.rnn %g1, %r1, %h, %lengths {reverse = false, activations = ["tanh"]} : (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>)
  // CHECK: relax.gru %g3, %r3, %bias, %h, %lengths {reverse = true, linear_before_reset = true} : (!relax.tensor<[t, b, 15], f32>, !relax.tensor<[5, 15], f32>, !relax.tensor<[5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>)
  %2, %3 = relax.gru %g3, %r3, %bias, %h, %lengths {reverse = true, linear_before_reset = true} : (!relax.tensor<[t, b, 15], f32>, !relax.tensor<[5, 15], f32>, !relax.tensor<[5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>)
  // CHECK: relax.lstm %g4, %r4, %h, %h, %lengths {reverse = false} : (!relax.tensor<[t, b, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b, 5], f32>)
  %4, %5, %6 = relax.lstm %g4, %r4, %h, %h, %lengths {reverse = false} : (!relax.tensor<[t, b, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b], i64>) -> (!relax.tensor<[t, b, 5], f32>, !relax.tensor<[b, 5], f32>, !relax.tensor<[b, 5], f32>)
  relax.return
}
