// RUN: EXPECTED

// expected-error @below {{target: the triple is empty}}
builtin.module attributes {tyrex.target = #tyrex.target<cpu = "skylake">} {
}

// -----

// expected-error @below {{target: unknown or repeated field 'gpu'}}
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", gpu = 1>} {
}

// -----

// expected-error @below {{target: feature 'avx2' has to start with '+' or '-'}}
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", features = "avx2">} {
}

// -----

// expected-error @below {{target: vector_bits is a power of two, found 100}}
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 100>} {
}
