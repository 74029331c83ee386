// RUN: tyrex inspect %s | filecheck %s

// CHECK: level: graph
// CHECK: function: main
// CHECK:   input x: !relax.tensor<[2, 8], f32>
// CHECK:   output y: !relax.tensor<[2, 4], f32>
// CHECK: relax.matmul {{ +}}1
// CHECK: parameters: 0 in 0 constants
// CHECK: work: 0.000 GFLOP
relax.func @main(%x: !relax.tensor<[2, 8], f32>, %w: !relax.tensor<[8, 4], f32>)
    -> (!relax.tensor<[2, 4], f32>)
    attributes {input_names = ["x", "w"], output_names = ["y"]} {
  %y = relax.matmul %x, %w {transpose_a = false, transpose_b = false}
    : (!relax.tensor<[2, 8], f32>, !relax.tensor<[8, 4], f32>) -> !relax.tensor<[2, 4], f32>
  relax.return %y : !relax.tensor<[2, 4], f32>
}
