// A program runs from its text.

// RUN: tyrex run %s --random --no-cache --threads 1 | filecheck %s
// CHECK: one: float32[3]  min 1  max 1  mean 1
// CHECK-NEXT: [1., 1., 1.]
// CHECK-NEXT: compiled or loaded in {{.*}} s, ran in {{.*}} ms
relax.func @main(%x: !relax.tensor<[3], f32>) -> (!relax.tensor<[3], f32>)
    attributes {input_names = ["x"], output_names = ["one"]} {
  %y = relax.divide %x, %x
    : (!relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  relax.return %y : !relax.tensor<[3], f32>
}
