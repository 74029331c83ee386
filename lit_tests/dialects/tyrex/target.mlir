// RUN: ROUNDTRIP

// CHECK: builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", features = "+avx512f,-prefer-256-bit", vector_bits = 512, vector_registers = 32, cores = 4, l1d_bytes = 49152, l2_bytes = 2097152, l3_bytes = 0>}
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v4", features = "+avx512f,-prefer-256-bit", vector_bits = 512, vector_registers = 32, cores = 4, l1d_bytes = 49152, l2_bytes = 2097152>} {
}

// -----

// Everything but the triple may be left out.
// CHECK: #tyrex.target<triple = "wasm32-unknown-unknown", vector_bits = 128, vector_registers = 16, cores = 1, l1d_bytes = 32768, l2_bytes = 524288, l3_bytes = 0>
builtin.module attributes {tyrex.target = #tyrex.target<triple = "wasm32-unknown-unknown">} {
}
