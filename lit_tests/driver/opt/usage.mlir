// RUN: not tyrex-opt %s -p nothing-like-it 2>&1 | filecheck %s --check-prefix=PASS
// RUN: not tyrex-opt %s -p 'a{' 2>&1 | filecheck %s --check-prefix=SYNTAX
// RUN: not tyrex-opt %s --print-after nothing-like-it 2>&1 | filecheck %s --check-prefix=PRINT
// RUN: not tyrex-opt %s -t nothing 2>&1 | filecheck %s --check-prefix=TARGET
// RUN: not tyrex-opt %t.nowhere.mlir 2>&1 | filecheck %s --check-prefix=FILE
// RUN: not tyrex-opt %s --verify-diagnostics 2>&1 | filecheck %s --check-prefix=MISSING
// RUN: tyrex-opt --version | filecheck %s --check-prefix=VERSION

// PASS: tyrex-opt: error: no pass or pipeline 'nothing-like-it'; --list-passes shows all
// SYNTAX: tyrex-opt: error: Error parsing pass pipeline specification
// PRINT: tyrex-opt: error: no pass 'nothing-like-it'
// TARGET: invalid choice: 'nothing' (choose from mlir, none
// FILE: tyrex-opt: error: {{.*}}No such file or directory
// MISSING: usage.mlir:16: error: expected error "no such thing" was not produced on line 16
// VERSION: tyrex-opt {{[0-9.]+}} (xdsl 0.74.0)
// expected-error {{no such thing}}
func.func private @f()
