// RUN: tyrex-opt %s --split-input-file -p simplify-algebra | filecheck %s

// CHECK-LABEL: relax.func @neutral
// CHECK-NEXT:    relax.return %x
relax.func @neutral(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>) {
  %one = relax.constant <[1], f32, [1.0]> : !relax.tensor<[1], f32>
  %zero = relax.constant <[], f32, [0.0]> : !relax.tensor<[], f32>
  %a = relax.multiply %one, %x : (!relax.tensor<[1], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  %b = relax.add %a, %zero : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %c = relax.subtract %b, %zero : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %d = relax.divide %c, %one : (!relax.tensor<[2], f32>, !relax.tensor<[1], f32>) -> !relax.tensor<[2], f32>
  %e = relax.power %d, %one : (!relax.tensor<[2], f32>, !relax.tensor<[1], f32>) -> !relax.tensor<[2], f32>
  %f = relax.cast %e {dtype = f32} : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  relax.return %f : !relax.tensor<[2], f32>
}

// -----

// A constant that broadcasts the other operand is not neutral.
// CHECK-LABEL: relax.func @broadcasting
// CHECK:         relax.multiply
relax.func @broadcasting(%x: !relax.tensor<[1], f32>) -> (!relax.tensor<[2], f32>) {
  %one = relax.constant <[2], f32, [1.0, 1.0]> : !relax.tensor<[2], f32>
  %a = relax.multiply %x, %one : (!relax.tensor<[1], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  relax.return %a : !relax.tensor<[2], f32>
}

// -----

// CHECK-LABEL: relax.func @inverse
// CHECK:         %[[neg:.*]] = relax.constant <[], f32, [-3.0]>
// CHECK-NEXT:    relax.add %x, %[[neg]]
// CHECK-NEXT:    %[[inv:.*]] = relax.constant <[2], f32, [0.5, -0.125]>
// CHECK-NEXT:    relax.multiply %{{.*}}, %[[inv]]
// CHECK-NEXT:    %z = relax.divide
relax.func @inverse(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>) {
  %three = relax.constant <[], f32, [3.0]> : !relax.tensor<[], f32>
  %powers = relax.constant <[2], f32, [2.0, -8.0]> : !relax.tensor<[2], f32>
  %a = relax.subtract %x, %three : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %b = relax.divide %a, %powers : (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  %z = relax.divide %b, %three : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  relax.return %z : !relax.tensor<[2], f32>
}

// -----

// CHECK-LABEL: relax.func @powers
// CHECK:         %[[s:.*]] = relax.multiply %x, %x
// CHECK-NEXT:    %[[t:.*]] = relax.multiply %[[s]], %[[s]]
// CHECK-NEXT:    %[[u:.*]] = relax.multiply %[[t]], %[[s]]
// CHECK-NEXT:    %z = relax.sqrt %[[u]]
relax.func @powers(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>) {
  %two = relax.constant <[], f32, [2.0]> : !relax.tensor<[], f32>
  %three = relax.constant <[], f32, [3.0]> : !relax.tensor<[], f32>
  %half = relax.constant <[], f32, [0.5]> : !relax.tensor<[], f32>
  %a = relax.power %x, %two : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %b = relax.power %a, %three : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %z = relax.power %b, %half : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  relax.return %z : !relax.tensor<[2], f32>
}

// -----

// CHECK-LABEL: relax.func @clamps
// CHECK:         %[[r:.*]] = relax.relu %x
// CHECK:         %[[six:.*]] = relax.constant <[], f32, [6.0]>
// CHECK:         %z = relax.minimum %[[r]], %[[six]]
// CHECK-NEXT:    relax.return %z
relax.func @clamps(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>) {
  %zero = relax.constant <[], f32, [0.0]> : !relax.tensor<[], f32>
  %six = relax.constant <[], f32, [6.0]> : !relax.tensor<[], f32>
  %nine = relax.constant <[], f32, [9.0]> : !relax.tensor<[], f32>
  %a = relax.maximum %zero, %x : (!relax.tensor<[], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  %b = relax.relu %a : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  %c = relax.minimum %b, %nine : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  %z = relax.minimum %c, %six : (!relax.tensor<[2], f32>, !relax.tensor<[], f32>) -> !relax.tensor<[2], f32>
  relax.return %z : !relax.tensor<[2], f32>
}

// -----

// CHECK-LABEL: relax.func @choice
// CHECK-NEXT:    relax.return %y
relax.func @choice(%x: !relax.tensor<[2], f32>, %y: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>) {
  %c = relax.constant <[2], i1, [false, false]> : !relax.tensor<[2], i1>
  %z = relax.where %c, %x, %y : (!relax.tensor<[2], i1>, !relax.tensor<[2], f32>, !relax.tensor<[2], f32>) -> !relax.tensor<[2], f32>
  relax.return %z : !relax.tensor<[2], f32>
}

// -----

// There and back through a wider type, not through a narrower one.
// CHECK-LABEL: relax.func @casts
// CHECK-NEXT:    relax.cast %x {dtype = f16}
// CHECK-NEXT:    %d = relax.cast
// CHECK-NEXT:    relax.return %x, %d
relax.func @casts(%x: !relax.tensor<[2], f32>) -> (!relax.tensor<[2], f32>, !relax.tensor<[2], f32>) {
  %a = relax.cast %x {dtype = f64} : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f64>
  %b = relax.cast %a {dtype = f32} : (!relax.tensor<[2], f64>) -> !relax.tensor<[2], f32>
  %c = relax.cast %x {dtype = f16} : (!relax.tensor<[2], f32>) -> !relax.tensor<[2], f16>
  %d = relax.cast %c {dtype = f32} : (!relax.tensor<[2], f16>) -> !relax.tensor<[2], f32>
  relax.return %b, %d : !relax.tensor<[2], f32>, !relax.tensor<[2], f32>
}
