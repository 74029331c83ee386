// RUN: EXPECTED

relax.func @rnn_c1_float(%x0: !relax.tensor<[4, 2, 5], i32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.rnn: (C1) element types i32, f32, f32, i64; expected floats of one type, then integers}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["tanh"]} : (!relax.tensor<[4, 2, 5], i32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c1_lengths(%x0: !relax.tensor<[4, 2, 5], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2], f32>) {
  // expected-error @below {{relax.rnn: (C1) element types f32, f32, f32, f32; expected floats of one type, then integers}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["tanh"]} : (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], f32>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c2_gates(%x0: !relax.tensor<[4, 2, 6], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.rnn: (C2) gates: !relax.tensor<[4, 2, 6], f32>, expected shape [4, 2, 5]}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["tanh"]} : (!relax.tensor<[4, 2, 6], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c2_state(%x0: !relax.tensor<[4, 2, 5], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[3, 5], f32>, %x3: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.rnn: (C2) a state: !relax.tensor<[3, 5], f32>, expected shape [2, 5]}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["tanh"]} : (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[3, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c2_lengths(%x0: !relax.tensor<[4, 2, 5], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[3], i64>) {
  // expected-error @below {{relax.rnn: (C2) lengths: !relax.tensor<[3], i64>, expected shape [2]}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["tanh"]} : (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[3], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c3(%x0: !relax.tensor<[4, 2, 5], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.rnn: (C3) activation "gelu" is unknown; use one of affine, elu, hardsigmoid, leakyrelu, relu, scaledtanh, sigmoid, softplus, softsign, tanh, thresholdedrelu}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["gelu"]} : (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @gru_c1(%x0: !relax.tensor<[4, 2, 15], f32>, %x1: !relax.tensor<[5, 15], f32>, %x2: !relax.tensor<[5], f64>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.gru: (C1) element types f32, f32, f64, f32, i64; expected floats of one type, then integers}}
  %0, %1 = relax.gru %x0, %x1, %x2, %x3, %x4 {reverse = false, linear_before_reset = false} : (!relax.tensor<[4, 2, 15], f32>, !relax.tensor<[5, 15], f32>, !relax.tensor<[5], f64>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @gru_c2_r(%x0: !relax.tensor<[4, 2, 15], f32>, %x1: !relax.tensor<[5, 10], f32>, %x2: !relax.tensor<[5], f32>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.gru: (C2) r: !relax.tensor<[5, 10], f32>, expected shape [5, 15]}}
  %0, %1 = relax.gru %x0, %x1, %x2, %x3, %x4 {reverse = false, linear_before_reset = false} : (!relax.tensor<[4, 2, 15], f32>, !relax.tensor<[5, 10], f32>, !relax.tensor<[5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @gru_c2_bias(%x0: !relax.tensor<[4, 2, 15], f32>, %x1: !relax.tensor<[5, 15], f32>, %x2: !relax.tensor<[15], f32>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.gru: (C2) a bias: !relax.tensor<[15], f32>, expected shape [5]}}
  %0, %1 = relax.gru %x0, %x1, %x2, %x3, %x4 {reverse = false, linear_before_reset = false} : (!relax.tensor<[4, 2, 15], f32>, !relax.tensor<[5, 15], f32>, !relax.tensor<[15], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @lstm_c1(%x0: !relax.tensor<[4, 2, 20], f32>, %x1: !relax.tensor<[5, 20], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i1>) {
  // expected-error @below {{relax.lstm: (C1) element types f32, f32, f32, f32, i1; expected floats of one type, then integers}}
  %0, %1, %2 = relax.lstm %x0, %x1, %x2, %x3, %x4 {reverse = false} : (!relax.tensor<[4, 2, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i1>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @lstm_c2(%x0: !relax.tensor<[4, 2, 20], f32>, %x1: !relax.tensor<[5, 20], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2, 6], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.lstm: (C2) a state: !relax.tensor<[2, 6], f32>, expected shape [2, 5]}}
  %0, %1, %2 = relax.lstm %x0, %x1, %x2, %x3, %x4 {reverse = false} : (!relax.tensor<[4, 2, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 6], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @rnn_c3_count(%x0: !relax.tensor<[4, 2, 5], f32>, %x1: !relax.tensor<[5, 5], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.rnn: (C3) 1 activations and 1 coefficients; expected 1, with two each}}
  %0, %1 = relax.rnn %x0, %x1, %x2, %x3 {reverse = false, activations = ["elu"], coefficients = array<f64: 1.0>} : (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[5, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @lstm_c2_peephole(%x0: !relax.tensor<[4, 2, 20], f32>, %x1: !relax.tensor<[5, 20], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[10], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.lstm: (C2) peephole: !relax.tensor<[10], f32>, expected shape [15]}}
  %0, %1, %2 = relax.lstm %x0, %x1, %x2, %x2, %x3, %x4 {reverse = false} : (!relax.tensor<[4, 2, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[10], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @gru_c3_count(%x0: !relax.tensor<[4, 2, 15], f32>, %x1: !relax.tensor<[5, 15], f32>, %x2: !relax.tensor<[5], f32>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.gru: (C3) 1 activations and 2 coefficients; expected 2, with two each}}
  %0, %1 = relax.gru %x0, %x1, %x2, %x3, %x4 {reverse = false, linear_before_reset = false, activations = ["elu"], coefficients = array<f64: 1.0, 0.0>} : (!relax.tensor<[4, 2, 15], f32>, !relax.tensor<[5, 15], f32>, !relax.tensor<[5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}

// -----

relax.func @lstm_c3_name(%x0: !relax.tensor<[4, 2, 20], f32>, %x1: !relax.tensor<[5, 20], f32>, %x2: !relax.tensor<[2, 5], f32>, %x3: !relax.tensor<[2, 5], f32>, %x4: !relax.tensor<[2], i64>) {
  // expected-error @below {{relax.lstm: (C3) activation "step" is unknown; use one of}}
  %0, %1, %2 = relax.lstm %x0, %x1, %x2, %x3, %x4 {reverse = false, activations = ["sigmoid", "step", "tanh"], coefficients = array<f64: 0.0, 0.0, 0.0, 0.0, 0.0, 0.0>} : (!relax.tensor<[4, 2, 20], f32>, !relax.tensor<[5, 20], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2], i64>) -> (!relax.tensor<[4, 2, 5], f32>, !relax.tensor<[2, 5], f32>, !relax.tensor<[2, 5], f32>)
  relax.return
}
