// RUN: tyrex-opt %s -p schedule-default --verify-diagnostics -t none

// expected-error @below {{'builtin.module' names no target, so no tile can be chosen}}
builtin.module {
  tir.func @f() -> () {
  }
}
