// RUN: tyrex-opt %s --split-input-file -p schedule-default | filecheck %s

// The padded copy is made strip by strip, on the stack, before the tiles that read it.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 8192>} {
// CHECK-LABEL: tir.func @in_stages
// CHECK-NOT: tir.alloc : !tir.buffer<[1, 2, 10, 10, 4], f32>
// CHECK: tir.for %[[c:.*]] in 2 serial {
// CHECK-NEXT: tir.for %[[s:.*]] in 4 serial {
// CHECK-NEXT: %[[piece:.*]] = tir.alloc : !tir.buffer<[1, 1, 4, 10, 4], f32, "stack">
// CHECK-NOT: tir.block "clear"
// CHECK: tir.block "pad" (%{{.*}}: spatial(1) = 0, %{{.*}}: spatial(2) = %[[c]], %[[row:.*]]: spatial(10) = %[[s]] * 2 + %{{.*}}
// CHECK: tir.predicated_load %0{{.*}} where (%[[row]] - 1 >= 0
// CHECK: tir.store %{{.*}}, %[[piece]]
// CHECK: tir.for %[[h:.*]] in 2 serial {
// CHECK: tir.block "conv" {{.*}}%[[origin:.*]]: spatial(10) = %[[s]] * 2, %{{.*}}: spatial(10) = 0, %{{.*}}: spatial(4) = 0) {
// CHECK: tir.load %[[piece]]{{.*}} - %[[origin]]
tir.func @in_stages(%0: !tir.buffer<[1, 2, 8, 8, 4], f32>, %1: !tir.buffer<[2, 3, 3, 4], f32>) -> (%2: !tir.buffer<[1, 2, 8, 8, 4], f32>) {
  %3 = tir.alloc : !tir.buffer<[1, 2, 10, 10, 4], f32>
  tir.for %4 in 1 serial {
    tir.for %5 in 2 serial {
      tir.for %6 in 10 serial {
        tir.for %7 in 10 serial {
          tir.for %8 in 4 serial {
            tir.block "pad" (%9: spatial(1) = %4, %10: spatial(2) = %5, %11: spatial(10) = %6, %12: spatial(10) = %7, %13: spatial(4) = %8) {
              %14 = arith.constant 0.000000e+00 : f32
              %15 = tir.predicated_load %0[%9, %10, %11 - 1, %12 - 1, %13] where (%11 - 1 >= 0, -%11 + 8 >= 0, %12 - 1 >= 0, -%12 + 8 >= 0) else %14 : !tir.buffer<[1, 2, 8, 8, 4], f32>
              tir.store %15, %3[%9, %10, %11, %12, %13] : !tir.buffer<[1, 2, 10, 10, 4], f32>
            }
          }
        }
      }
    }
  }
  tir.for %16 in 1 serial {
    tir.for %17 in 2 serial {
      tir.for %18 in 8 serial {
        tir.for %19 in 8 serial {
          tir.for %20 in 4 serial {
            tir.for %21 in 3 serial {
              tir.for %22 in 3 serial {
                tir.block "conv" (%23: spatial(1) = %16, %24: spatial(2) = %17, %25: spatial(8) = %18, %26: spatial(8) = %19, %27: spatial(4) = %20, %28: reduce(3) = %21, %29: reduce(3) = %22) init {
                  %30 = arith.constant 0.000000e+00 : f32
                  tir.store %30, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                } {
                  %31 = tir.load %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                  %32 = arith.constant 0.000000e+00 : f32
                  %33 = tir.load %3[%23, %24, %25 + %28, %26 + %29, %27] : !tir.buffer<[1, 2, 10, 10, 4], f32>
                  %34 = tir.load %1[%24, %28, %29, %27] : !tir.buffer<[2, 3, 3, 4], f32>
                  %35 = arith.mulf %33, %34 : f32
                  %36 = arith.addf %31, %35 : f32
                  tir.store %36, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// One piece would be the whole copy, and loads beside it that do not stay near would be repeated.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 512>} {
// CHECK-LABEL: tir.func @as_a_whole
// CHECK: tir.alloc : !tir.buffer<[1, 2, 10, 10, 4], f32>
tir.func @as_a_whole(%0: !tir.buffer<[1, 2, 8, 8, 4], f32>, %1: !tir.buffer<[2, 3, 3, 4], f32>) -> (%2: !tir.buffer<[1, 2, 8, 8, 4], f32>) {
  %3 = tir.alloc : !tir.buffer<[1, 2, 10, 10, 4], f32>
  tir.for %4 in 1 serial {
    tir.for %5 in 2 serial {
      tir.for %6 in 10 serial {
        tir.for %7 in 10 serial {
          tir.for %8 in 4 serial {
            tir.block "pad" (%9: spatial(1) = %4, %10: spatial(2) = %5, %11: spatial(10) = %6, %12: spatial(10) = %7, %13: spatial(4) = %8) {
              %14 = arith.constant 0.000000e+00 : f32
              %15 = tir.predicated_load %0[%9, %10, %11 - 1, %12 - 1, %13] where (%11 - 1 >= 0, -%11 + 8 >= 0, %12 - 1 >= 0, -%12 + 8 >= 0) else %14 : !tir.buffer<[1, 2, 8, 8, 4], f32>
              tir.store %15, %3[%9, %10, %11, %12, %13] : !tir.buffer<[1, 2, 10, 10, 4], f32>
            }
          }
        }
      }
    }
  }
  tir.for %16 in 1 serial {
    tir.for %17 in 2 serial {
      tir.for %18 in 8 serial {
        tir.for %19 in 8 serial {
          tir.for %20 in 4 serial {
            tir.for %21 in 3 serial {
              tir.for %22 in 3 serial {
                tir.block "conv" (%23: spatial(1) = %16, %24: spatial(2) = %17, %25: spatial(8) = %18, %26: spatial(8) = %19, %27: spatial(4) = %20, %28: reduce(3) = %21, %29: reduce(3) = %22) init {
                  %30 = arith.constant 0.000000e+00 : f32
                  tir.store %30, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                } {
                  %31 = tir.load %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                  %32 = arith.constant 0.000000e+00 : f32
                  %33 = tir.load %3[%23, %24, %25 + %28, %26 + %29, %27] : !tir.buffer<[1, 2, 10, 10, 4], f32>
                  %34 = tir.load %1[%24, %28, %29, %27] : !tir.buffer<[2, 3, 3, 4], f32>
                  %35 = arith.mulf %33, %34 : f32
                  %36 = arith.addf %31, %35 : f32
                  tir.store %36, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, 8, 8, 4], f32>
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// The tiles of one column of a convolution in blocks ask for the next column's weights in the order
// of memory: each of 6 tiles for 4 of 16 vectors, which lie beyond the axis of the channels.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 4096>} {
// CHECK-LABEL: tir.func @next_weights
// CHECK: tir.for %[[t:.*]] in 24 parallel {
// CHECK: tir.for %[[c:.*]] in 2 serial {
// CHECK: tir.for %[[k:.*]] in 2 serial {
// CHECK: tir.prefetch %1[(%[[t]] floordiv 6) * 2 + 2, 0, 0, 0, %[[c]] * 2 + %[[k]] + (%[[t]] mod 6) * 4, 0]
// CHECK: tir.for %[[i:.*]] in 2 serial {
// CHECK: tir.block "conv" {{.*}}: reduce(2) = %[[c]], %{{.*}}: reduce(1) = 0, %{{.*}}: reduce(1) = 0, %{{.*}}: reduce(4) = %[[k]] * 2 + %[[i]]
tir.func @next_weights(%0: !tir.buffer<[1, 2, 6, 6, 4], f32>, %1: !tir.buffer<[8, 2, 1, 1, 4, 4], f32>) -> (%2: !tir.buffer<[1, 8, 6, 6, 4], f32>) {
  tir.for %3 in 1 serial {
    tir.for %4 in 8 serial {
      tir.for %5 in 6 serial {
        tir.for %6 in 6 serial {
          tir.for %7 in 4 serial {
            tir.for %8 in 2 serial {
              tir.for %9 in 1 serial {
                tir.for %10 in 1 serial {
                  tir.for %11 in 4 serial {
                    tir.block "conv" (%12: spatial(1) = %3, %13: spatial(8) = %4, %14: spatial(6) = %5, %15: spatial(6) = %6, %16: spatial(4) = %7, %17: reduce(2) = %8, %18: reduce(1) = %9, %19: reduce(1) = %10, %20: reduce(4) = %11) init {
                      %21 = arith.constant 0.000000e+00 : f32
                      tir.store %21, %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                    } {
                      %22 = tir.load %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                      %23 = tir.load %0[%12, %17, %14 + %18, %15 + %19, %20] : !tir.buffer<[1, 2, 6, 6, 4], f32>
                      %24 = tir.load %1[%13, %17, %18, %19, %20, %16] : !tir.buffer<[8, 2, 1, 1, 4, 4], f32>
                      %25 = arith.mulf %23, %24 : f32
                      %26 = arith.addf %22, %25 : f32
                      tir.store %26, %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// Those of a column that are not together in memory are not asked for.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 4096>} {
// CHECK-LABEL: tir.func @scattered_weights
// CHECK: tir.block "conv"
// CHECK-NOT: tir.prefetch
tir.func @scattered_weights(%0: !tir.buffer<[1, 2, 6, 6, 4], f32>, %1: !tir.buffer<[2, 8, 1, 1, 4, 4], f32>) -> (%2: !tir.buffer<[1, 8, 6, 6, 4], f32>) {
  tir.for %3 in 1 serial {
    tir.for %4 in 8 serial {
      tir.for %5 in 6 serial {
        tir.for %6 in 6 serial {
          tir.for %7 in 4 serial {
            tir.for %8 in 2 serial {
              tir.for %9 in 1 serial {
                tir.for %10 in 1 serial {
                  tir.for %11 in 4 serial {
                    tir.block "conv" (%12: spatial(1) = %3, %13: spatial(8) = %4, %14: spatial(6) = %5, %15: spatial(6) = %6, %16: spatial(4) = %7, %17: reduce(2) = %8, %18: reduce(1) = %9, %19: reduce(1) = %10, %20: reduce(4) = %11) init {
                      %21 = arith.constant 0.000000e+00 : f32
                      tir.store %21, %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                    } {
                      %22 = tir.load %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                      %23 = tir.load %0[%12, %17, %14 + %18, %15 + %19, %20] : !tir.buffer<[1, 2, 6, 6, 4], f32>
                      %24 = tir.load %1[%17, %13, %18, %19, %20, %16] : !tir.buffer<[2, 8, 1, 1, 4, 4], f32>
                      %25 = arith.mulf %23, %24 : f32
                      %26 = arith.addf %22, %25 : f32
                      tir.store %26, %2[%12, %13, %14, %15, %16] : !tir.buffer<[1, 8, 6, 6, 4], f32>
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// The same for each image of a batch that a symbol decides.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 8192>} {
// CHECK-LABEL: tir.func @any_batch
// CHECK-NOT: tir.alloc : !tir.buffer<[n, 2, 10, 10, 4], f32>
// CHECK: tir.for %[[i:.*]] in n * 8 parallel {
// CHECK-NEXT: %[[piece:.*]] = tir.alloc : !tir.buffer<[1, 1, 4, 10, 4], f32, "stack">
// CHECK: tir.block "pad" (%{{.*}}: spatial(n) = %[[i]] floordiv 8
// CHECK: tir.store %{{.*}}, %[[piece]]
// CHECK: tir.block "conv"
// CHECK: tir.load %[[piece]]
tir.func @any_batch<n>(%0: !tir.buffer<[n, 2, 8, 8, 4], f32>, %1: !tir.buffer<[2, 3, 3, 4], f32>) -> (%2: !tir.buffer<[n, 2, 8, 8, 4], f32>) {
  %3 = tir.alloc : !tir.buffer<[n, 2, 10, 10, 4], f32>
  tir.for %4 in n serial {
    tir.for %5 in 2 serial {
      tir.for %6 in 10 serial {
        tir.for %7 in 10 serial {
          tir.for %8 in 4 serial {
            tir.block "pad" (%9: spatial(n) = %4, %10: spatial(2) = %5, %11: spatial(10) = %6, %12: spatial(10) = %7, %13: spatial(4) = %8) {
              %14 = arith.constant 0.000000e+00 : f32
              %15 = tir.predicated_load %0[%9, %10, %11 - 1, %12 - 1, %13] where (%11 - 1 >= 0, -%11 + 8 >= 0, %12 - 1 >= 0, -%12 + 8 >= 0) else %14 : !tir.buffer<[n, 2, 8, 8, 4], f32>
              tir.store %15, %3[%9, %10, %11, %12, %13] : !tir.buffer<[n, 2, 10, 10, 4], f32>
            }
          }
        }
      }
    }
  }
  tir.for %16 in n serial {
    tir.for %17 in 2 serial {
      tir.for %18 in 8 serial {
        tir.for %19 in 8 serial {
          tir.for %20 in 4 serial {
            tir.for %21 in 3 serial {
              tir.for %22 in 3 serial {
                tir.block "conv" (%23: spatial(n) = %16, %24: spatial(2) = %17, %25: spatial(8) = %18, %26: spatial(8) = %19, %27: spatial(4) = %20, %28: reduce(3) = %21, %29: reduce(3) = %22) init {
                  %30 = arith.constant 0.000000e+00 : f32
                  tir.store %30, %2[%23, %24, %25, %26, %27] : !tir.buffer<[n, 2, 8, 8, 4], f32>
                } {
                  %31 = tir.load %2[%23, %24, %25, %26, %27] : !tir.buffer<[n, 2, 8, 8, 4], f32>
                  %32 = arith.constant 0.000000e+00 : f32
                  %33 = tir.load %3[%23, %24, %25 + %28, %26 + %29, %27] : !tir.buffer<[n, 2, 10, 10, 4], f32>
                  %34 = tir.load %1[%24, %28, %29, %27] : !tir.buffer<[2, 3, 3, 4], f32>
                  %35 = arith.mulf %33, %34 : f32
                  %36 = arith.addf %31, %35 : f32
                  tir.store %36, %2[%23, %24, %25, %26, %27] : !tir.buffer<[n, 2, 8, 8, 4], f32>
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// Of an image of any height it is not known how many strips there are.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 8192>} {
// CHECK-LABEL: tir.func @any_height
// CHECK: tir.alloc : !tir.buffer<[1, 2, n + 2, 10, 4], f32>
// CHECK-NOT: tir.alloc : !tir.buffer<[1, 1, 4, 10, 4], f32, "stack">
tir.func @any_height<n>(%0: !tir.buffer<[1, 2, n, 8, 4], f32>, %1: !tir.buffer<[2, 3, 3, 4], f32>) -> (%2: !tir.buffer<[1, 2, n, 8, 4], f32>) {
  %3 = tir.alloc : !tir.buffer<[1, 2, n + 2, 10, 4], f32>
  tir.for %4 in 1 serial {
    tir.for %5 in 2 serial {
      tir.for %6 in n + 2 serial {
        tir.for %7 in 10 serial {
          tir.for %8 in 4 serial {
            tir.block "pad" (%9: spatial(1) = %4, %10: spatial(2) = %5, %11: spatial(n + 2) = %6, %12: spatial(10) = %7, %13: spatial(4) = %8) {
              %14 = arith.constant 0.000000e+00 : f32
              %15 = tir.predicated_load %0[%9, %10, %11 - 1, %12 - 1, %13] where (%11 - 1 >= 0, -%11 + n >= 0, %12 - 1 >= 0, -%12 + 8 >= 0) else %14 : !tir.buffer<[1, 2, n, 8, 4], f32>
              tir.store %15, %3[%9, %10, %11, %12, %13] : !tir.buffer<[1, 2, n + 2, 10, 4], f32>
            }
          }
        }
      }
    }
  }
  tir.for %16 in 1 serial {
    tir.for %17 in 2 serial {
      tir.for %18 in n serial {
        tir.for %19 in 8 serial {
          tir.for %20 in 4 serial {
            tir.for %21 in 3 serial {
              tir.for %22 in 3 serial {
                tir.block "conv" (%23: spatial(1) = %16, %24: spatial(2) = %17, %25: spatial(n) = %18, %26: spatial(8) = %19, %27: spatial(4) = %20, %28: reduce(3) = %21, %29: reduce(3) = %22) init {
                  %30 = arith.constant 0.000000e+00 : f32
                  tir.store %30, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, n, 8, 4], f32>
                } {
                  %31 = tir.load %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, n, 8, 4], f32>
                  %32 = arith.constant 0.000000e+00 : f32
                  %33 = tir.load %3[%23, %24, %25 + %28, %26 + %29, %27] : !tir.buffer<[1, 2, n + 2, 10, 4], f32>
                  %34 = tir.load %1[%24, %28, %29, %27] : !tir.buffer<[2, 3, 3, 4], f32>
                  %35 = arith.mulf %33, %34 : f32
                  %36 = arith.addf %31, %35 : f32
                  tir.store %36, %2[%23, %24, %25, %26, %27] : !tir.buffer<[1, 2, n, 8, 4], f32>
                }
              }
            }
          }
        }
      }
    }
  }
}
}

// -----

// The last tile of a row reads two columns behind the copy's eight, in lanes that do not count.
builtin.module attributes {tyrex.target = #tyrex.target<triple = "x86_64-linux-gnu", vector_bits = 128, vector_registers = 16, cores = 2, l1d_bytes = 32768, l2_bytes = 8192>} {
// CHECK-LABEL: tir.func @lanes_that_do_not_count
// CHECK: %[[piece:.*]] = tir.alloc : !tir.buffer<[1, 3, 12], f32, "stack">
// CHECK-NEXT: tir.for %[[row:.*]] in 3 serial {
// CHECK-NEXT: tir.for %[[lane:.*]] in 4 vectorized {
// CHECK-NEXT: tir.block "clear" ({{.*}}: spatial(3) = %[[row]], {{.*}}: spatial(12) = %[[lane]] + 8) {
// CHECK-NEXT: arith.constant 0.000000e+00 : f32
// CHECK-NEXT: tir.store %{{.*}}, %[[piece]]
// CHECK: tir.block "pad"
tir.func @lanes_that_do_not_count(%0: !tir.buffer<[2, 6, 6], f32>, %1: !tir.buffer<[2, 3, 3], f32>) -> (%2: !tir.buffer<[2, 6, 6], f32>) {
  %3 = tir.alloc : !tir.buffer<[2, 8, 8], f32>
  tir.for %4 in 2 serial {
    tir.for %5 in 8 serial {
      tir.for %6 in 8 serial {
        tir.block "pad" (%7: spatial(2) = %4, %8: spatial(8) = %5, %9: spatial(8) = %6) {
          %10 = arith.constant 0.000000e+00 : f32
          %11 = tir.predicated_load %0[%7, %8 - 1, %9 - 1] where (%8 - 1 >= 0, -%8 + 6 >= 0, %9 - 1 >= 0, -%9 + 6 >= 0) else %10 : !tir.buffer<[2, 6, 6], f32>
          tir.store %11, %3[%7, %8, %9] : !tir.buffer<[2, 8, 8], f32>
        }
      }
    }
  }
  tir.for %12 in 2 serial {
    tir.for %13 in 6 serial {
      tir.for %14 in 6 serial {
        tir.for %15 in 3 serial {
          tir.for %16 in 3 serial {
            tir.block "conv" (%17: spatial(2) = %12, %18: spatial(6) = %13, %19: spatial(6) = %14, %20: reduce(3) = %15, %21: reduce(3) = %16) init {
              %22 = arith.constant 0.000000e+00 : f32
              tir.store %22, %2[%17, %18, %19] : !tir.buffer<[2, 6, 6], f32>
            } {
              %23 = tir.load %2[%17, %18, %19] : !tir.buffer<[2, 6, 6], f32>
              %24 = tir.load %3[%17, %18 + %20, %19 + %21] : !tir.buffer<[2, 8, 8], f32>
              %25 = tir.load %1[%17, %20, %21] : !tir.buffer<[2, 3, 3], f32>
              %26 = arith.mulf %24, %25 : f32
              %27 = arith.addf %23, %26 : f32
              tir.store %27, %2[%17, %18, %19] : !tir.buffer<[2, 6, 6], f32>
            }
          }
        }
      }
    }
  }
}
}
