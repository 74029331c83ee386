// RUN: tyrex run %s -O0 --no-cache | filecheck %s
// RUN: tyrex run %s -O2 --no-cache | filecheck %s

// Every operator by element: native code (-O0), and what the interpreter folds (-O2).

// CHECK: abs: float32[5]
// CHECK-NEXT: [2.5 , 0.5 , 0.  , 0.75, 3.  ]
// CHECK: ceil: float32[5]
// CHECK-NEXT: [-2., -0.,  0.,  1.,  3.]
// CHECK: floor: float32[5]
// CHECK-NEXT: [-3., -1.,  0.,  0.,  3.]
// CHECK: neg: float32[5]
// CHECK-NEXT: [ 2.5 ,  0.5 , -0.  , -0.75, -3.  ]
// CHECK: relu: float32[5]
// CHECK-NEXT: [0.  , 0.  , 0.  , 0.75, 3.  ]
// CHECK: sign: float32[5]
// CHECK-NEXT: [-1., -1.,  0.,  1.,  1.]
// CHECK: exp: float32[5]
// CHECK-NEXT: [{{ *}}0.082085{{[0-9 ]*}}, 0.60653{{[0-9 ]*}}, 1.{{[0-9 ]*}}, 2.117{{[0-9 ]*}}, 20.085{{[0-9 ]*}}]
// CHECK: erf: float32[5]
// CHECK-NEXT: [{{ *}}-0.99959{{[0-9 ]*}}, -0.52049{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.71115{{[0-9 ]*}}, 0.99997{{[0-9 ]*}}]
// CHECK: sigmoid: float32[5]
// CHECK-NEXT: [{{ *}}0.075858{{[0-9 ]*}}, 0.37754{{[0-9 ]*}}, 0.5{{[0-9 ]*}}, 0.67917{{[0-9 ]*}}, 0.95257{{[0-9 ]*}}]
// CHECK: tanh: float32[5]
// CHECK-NEXT: [{{ *}}-0.98661{{[0-9 ]*}}, -0.46211{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.63514{{[0-9 ]*}}, 0.99505{{[0-9 ]*}}]
// CHECK: sinh: float32[5]
// CHECK-NEXT: [{{ *}}-6.0502{{[0-9 ]*}}, -0.52109{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.82231{{[0-9 ]*}}, 10.017{{[0-9 ]*}}]
// CHECK: cosh: float32[5]
// CHECK-NEXT: [{{ *}}6.1322{{[0-9 ]*}}, 1.1276{{[0-9 ]*}}, 1.{{[0-9 ]*}}, 1.2946{{[0-9 ]*}}, 10.067{{[0-9 ]*}}]
// CHECK: sin: float32[5]
// CHECK-NEXT: [{{ *}}-0.59847{{[0-9 ]*}}, -0.47942{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.68163{{[0-9 ]*}}, 0.14112{{[0-9 ]*}}]
// CHECK: cos: float32[5]
// CHECK-NEXT: [{{ *}}-0.80114{{[0-9 ]*}}, 0.87758{{[0-9 ]*}}, 1.{{[0-9 ]*}}, 0.73168{{[0-9 ]*}}, -0.98999{{[0-9 ]*}}]
// CHECK: tan: float32[5]
// CHECK-NEXT: [{{ *}}0.74702{{[0-9 ]*}}, -0.5463{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.93159{{[0-9 ]*}}, -0.14254{{[0-9 ]*}}]
// CHECK: atan: float32[5]
// CHECK-NEXT: [{{ *}}-1.1902{{[0-9 ]*}}, -0.46364{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.6435{{[0-9 ]*}}, 1.249{{[0-9 ]*}}]
// CHECK: asinh: float32[5]
// CHECK-NEXT: [{{ *}}-1.6472{{[0-9 ]*}}, -0.48121{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.69314{{[0-9 ]*}}, 1.8184{{[0-9 ]*}}]
// CHECK: round: float32[5]
// CHECK-NEXT: [-2., -2.,  0.,  2.,  3.]
// CHECK: acos: float32[5]
// CHECK-NEXT: [{{ *}}2.6362{{[0-9 ]*}}, 1.8234{{[0-9 ]*}}, 1.5707{{[0-9 ]*}}, 1.0471{{[0-9 ]*}}, 0.35542{{[0-9 ]*}}]
// CHECK: asin: float32[5]
// CHECK-NEXT: [{{ *}}-1.0654{{[0-9 ]*}}, -0.25268{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.52359{{[0-9 ]*}}, 1.2153{{[0-9 ]*}}]
// CHECK: atanh: float32[5]
// CHECK-NEXT: [{{ *}}-1.354{{[0-9 ]*}}, -0.25541{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.5493{{[0-9 ]*}}, 1.7169{{[0-9 ]*}}]
// CHECK: acosh: float32[4]
// CHECK-NEXT: [{{ *}}0.{{[0-9 ]*}}, 0.96242{{[0-9 ]*}}, 1.3169{{[0-9 ]*}}, 2.8872{{[0-9 ]*}}]
// CHECK: log: float32[5]
// CHECK-NEXT: [{{ *}}-2.0794{{[0-9 ]*}}, -0.69314{{[0-9 ]*}}, 0.{{[0-9 ]*}}, 0.91629{{[0-9 ]*}}, 2.1972{{[0-9 ]*}}]
// CHECK: sqrt: float32[5]
// CHECK-NEXT: [{{ *}}0.35355{{[0-9 ]*}}, 0.7071{{[0-9 ]*}}, 1.{{[0-9 ]*}}, 1.5811{{[0-9 ]*}}, 3.{{[0-9 ]*}}]
// CHECK: rsqrt: float32[5]
// CHECK-NEXT: [{{ *}}2.8284{{[0-9 ]*}}, 1.4142{{[0-9 ]*}}, 1.{{[0-9 ]*}}, 0.63245{{[0-9 ]*}}, 0.33333{{[0-9 ]*}}]
// CHECK: add: float32[5]
// CHECK-NEXT: [-5.5 ,  0.5 ,  0.75,  4.  , 11.  ]
// CHECK: subtract: float32[5]
// CHECK-NEXT: [-9.5 ,  4.5 , -0.25,  7.  ,  5.  ]
// CHECK: multiply: float32[5]
// CHECK-NEXT: [-15.   ,  -5.   ,   0.125,  -8.25 ,  24.   ]
// CHECK: divide: float32[5]
// CHECK-NEXT: [{{ *}}-3.75{{[0-9 ]*}}, -1.25{{[0-9 ]*}}, 0.5{{[0-9 ]*}}, -3.6666{{[0-9 ]*}}, 2.6666{{[0-9 ]*}}]
// CHECK: maximum: float32[5]
// CHECK-NEXT: [2. , 2.5, 0.5, 5.5, 8. ]
// CHECK: minimum: float32[5]
// CHECK-NEXT: [-7.5 , -2.  ,  0.25, -1.5 ,  3.  ]
// CHECK: fmod: float32[5]
// CHECK-NEXT: [-1.5 ,  0.5 ,  0.25,  1.  ,  2.  ]
// CHECK: floor_mod: float32[5]
// CHECK-NEXT: [ 0.5 , -1.5 ,  0.25, -0.5 ,  2.  ]
// CHECK: power: float32[5]
// CHECK-NEXT: [-8. ,  0.5,  0.5,  1. , 27. ]
// CHECK: equal: bool[5]
// CHECK-NEXT: [ True, False,  True, False, False]
// CHECK: not_equal: bool[5]
// CHECK-NEXT: [False,  True, False,  True,  True]
// CHECK: less: bool[5]
// CHECK-NEXT: [False,  True, False, False, False]
// CHECK: less_equal: bool[5]
// CHECK-NEXT: [ True,  True,  True, False, False]
// CHECK: greater: bool[5]
// CHECK-NEXT: [False, False, False,  True,  True]
// CHECK: greater_equal: bool[5]
// CHECK-NEXT: [ True, False,  True,  True,  True]
// CHECK: bitwise_and: int64[4]
// CHECK-NEXT: [8, 7, 1, 0]
// CHECK: bitwise_or: int64[4]
// CHECK-NEXT: [14, -1,  7,  9]
// CHECK: bitwise_xor: int64[4]
// CHECK-NEXT: [ 6, -8,  6,  9]
// CHECK: bitwise_not: int64[4]
// CHECK-NEXT: [ -1,   0,  -6, 127]
// CHECK: left_shift: int64[4]
// CHECK-NEXT: [16,  3, 20, -2]
// CHECK: right_shift: uint8[4]
// CHECK-NEXT: [4, 1, 5, 0]
// CHECK: logical_and: bool[4]
// CHECK-NEXT: [False, False, False,  True]
// CHECK: logical_or: bool[4]
// CHECK-NEXT: [False,  True,  True,  True]
// CHECK: logical_xor: bool[4]
// CHECK-NEXT: [False,  True,  True, False]
// CHECK: logical_not: bool[2]
// CHECK-NEXT: [ True, False]
// CHECK: is_nan: bool[4]
// CHECK-NEXT: [False,  True, False, False]
// CHECK: is_inf: bool[4]
// CHECK-NEXT: [False, False,  True, False]
// CHECK: where: float32[3]
// CHECK-NEXT: [ 1., -2.,  3.]
// CHECK: cast: int8[4]
// CHECK-NEXT: [ -2,   0,   3, 127]

relax.func @main() -> (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[4], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], ui8>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[2], i1>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[3], f32>, !relax.tensor<[4], i8>) attributes {input_names = [], output_names = ["abs", "ceil", "floor", "neg", "relu", "sign", "exp", "erf", "sigmoid", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "asinh", "round", "acos", "asin", "atanh", "acosh", "log", "sqrt", "rsqrt", "add", "subtract", "multiply", "divide", "maximum", "minimum", "fmod", "floor_mod", "power", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "left_shift", "right_shift", "logical_and", "logical_or", "logical_xor", "logical_not", "is_nan", "is_inf", "where", "cast"]} {
  %0 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %abs = relax.abs %0 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %1 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %ceil = relax.ceil %1 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %2 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %floor = relax.floor %2 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %3 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %neg = relax.neg %3 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %4 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %relu = relax.relu %4 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %5 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %sign = relax.sign %5 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %6 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %exp = relax.exp %6 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %7 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %erf = relax.erf %7 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %8 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %sigmoid = relax.sigmoid %8 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %9 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %tanh = relax.tanh %9 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %10 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %sinh = relax.sinh %10 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %11 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %cosh = relax.cosh %11 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %12 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %sin = relax.sin %12 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %13 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %cos = relax.cos %13 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %14 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %tan = relax.tan %14 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %15 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %atan = relax.atan %15 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %16 = relax.constant <[5], f32, [-2.5, -0.5, 0.0, 0.75, 3.0]> : !relax.tensor<[5], f32>
  %asinh = relax.asinh %16 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %17 = relax.constant <[5], f32, [-2.5, -1.5, 0.5, 2.25, 2.75]> : !relax.tensor<[5], f32>
  %round = relax.round %17 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %18 = relax.constant <[5], f32, [-0.875, -0.25, 0.0, 0.5, 0.9375]> : !relax.tensor<[5], f32>
  %acos = relax.acos %18 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %19 = relax.constant <[5], f32, [-0.875, -0.25, 0.0, 0.5, 0.9375]> : !relax.tensor<[5], f32>
  %asin = relax.asin %19 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %20 = relax.constant <[5], f32, [-0.875, -0.25, 0.0, 0.5, 0.9375]> : !relax.tensor<[5], f32>
  %atanh = relax.atanh %20 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %21 = relax.constant <[4], f32, [1.0, 1.5, 2.0, 9.0]> : !relax.tensor<[4], f32>
  %acosh = relax.acosh %21 : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  %22 = relax.constant <[5], f32, [0.125, 0.5, 1.0, 2.5, 9.0]> : !relax.tensor<[5], f32>
  %log = relax.log %22 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %23 = relax.constant <[5], f32, [0.125, 0.5, 1.0, 2.5, 9.0]> : !relax.tensor<[5], f32>
  %sqrt = relax.sqrt %23 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %24 = relax.constant <[5], f32, [0.125, 0.5, 1.0, 2.5, 9.0]> : !relax.tensor<[5], f32>
  %rsqrt = relax.rsqrt %24 : (!relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %25 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %26 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %add = relax.add %25, %26 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %27 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %28 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %subtract = relax.subtract %27, %28 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %29 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %30 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %multiply = relax.multiply %29, %30 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %31 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %32 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %divide = relax.divide %31, %32 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %33 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %34 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %maximum = relax.maximum %33, %34 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %35 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %36 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %minimum = relax.minimum %35, %36 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %37 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %38 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %fmod = relax.fmod %37, %38 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %39 = relax.constant <[5], f32, [-7.5, 2.5, 0.25, 5.5, 8.0]> : !relax.tensor<[5], f32>
  %40 = relax.constant <[5], f32, [2.0, -2.0, 0.5, -1.5, 3.0]> : !relax.tensor<[5], f32>
  %floor_mod = relax.floor_mod %39, %40 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %41 = relax.constant <[5], f32, [-2.0, 0.25, 2.0, 3.0, 9.0]> : !relax.tensor<[5], f32>
  %42 = relax.constant <[5], f32, [3.0, 0.5, -1.0, 0.0, 1.5]> : !relax.tensor<[5], f32>
  %power = relax.power %41, %42 : (!relax.tensor<[5], f32>, !relax.tensor<[5], f32>) -> !relax.tensor<[5], f32>
  %43 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %44 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %equal = relax.equal %43, %44 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %45 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %46 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %not_equal = relax.not_equal %45, %46 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %47 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %48 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %less = relax.less %47, %48 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %49 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %50 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %less_equal = relax.less_equal %49, %50 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %51 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %52 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %greater = relax.greater %51, %52 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %53 = relax.constant <[5], i64, [-3, 0, 2, 2, 5]> : !relax.tensor<[5], i64>
  %54 = relax.constant <[5], i64, [-3, 1, 2, -2, 4]> : !relax.tensor<[5], i64>
  %greater_equal = relax.greater_equal %53, %54 : (!relax.tensor<[5], i64>, !relax.tensor<[5], i64>) -> !relax.tensor<[5], i1>
  %55 = relax.constant <[4], i64, [12, -1, 5, 0]> : !relax.tensor<[4], i64>
  %56 = relax.constant <[4], i64, [10, 7, 3, 9]> : !relax.tensor<[4], i64>
  %bitwise_and = relax.bitwise_and %55, %56 : (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>) -> !relax.tensor<[4], i64>
  %57 = relax.constant <[4], i64, [12, -1, 5, 0]> : !relax.tensor<[4], i64>
  %58 = relax.constant <[4], i64, [10, 7, 3, 9]> : !relax.tensor<[4], i64>
  %bitwise_or = relax.bitwise_or %57, %58 : (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>) -> !relax.tensor<[4], i64>
  %59 = relax.constant <[4], i64, [12, -1, 5, 0]> : !relax.tensor<[4], i64>
  %60 = relax.constant <[4], i64, [10, 7, 3, 9]> : !relax.tensor<[4], i64>
  %bitwise_xor = relax.bitwise_xor %59, %60 : (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>) -> !relax.tensor<[4], i64>
  %61 = relax.constant <[4], i64, [0, -1, 5, -128]> : !relax.tensor<[4], i64>
  %bitwise_not = relax.bitwise_not %61 : (!relax.tensor<[4], i64>) -> !relax.tensor<[4], i64>
  %62 = relax.constant <[4], i64, [1, 3, 5, -1]> : !relax.tensor<[4], i64>
  %63 = relax.constant <[4], i64, [4, 0, 2, 1]> : !relax.tensor<[4], i64>
  %left_shift = relax.left_shift %62, %63 : (!relax.tensor<[4], i64>, !relax.tensor<[4], i64>) -> !relax.tensor<[4], i64>
  %64 = relax.constant <[4], ui8, [16, 255, 5, 1]> : !relax.tensor<[4], ui8>
  %65 = relax.constant <[4], ui8, [2, 7, 0, 3]> : !relax.tensor<[4], ui8>
  %right_shift = relax.right_shift %64, %65 : (!relax.tensor<[4], ui8>, !relax.tensor<[4], ui8>) -> !relax.tensor<[4], ui8>
  %66 = relax.constant <[4], i1, [false, false, true, true]> : !relax.tensor<[4], i1>
  %67 = relax.constant <[4], i1, [false, true, false, true]> : !relax.tensor<[4], i1>
  %logical_and = relax.logical_and %66, %67 : (!relax.tensor<[4], i1>, !relax.tensor<[4], i1>) -> !relax.tensor<[4], i1>
  %68 = relax.constant <[4], i1, [false, false, true, true]> : !relax.tensor<[4], i1>
  %69 = relax.constant <[4], i1, [false, true, false, true]> : !relax.tensor<[4], i1>
  %logical_or = relax.logical_or %68, %69 : (!relax.tensor<[4], i1>, !relax.tensor<[4], i1>) -> !relax.tensor<[4], i1>
  %70 = relax.constant <[4], i1, [false, false, true, true]> : !relax.tensor<[4], i1>
  %71 = relax.constant <[4], i1, [false, true, false, true]> : !relax.tensor<[4], i1>
  %logical_xor = relax.logical_xor %70, %71 : (!relax.tensor<[4], i1>, !relax.tensor<[4], i1>) -> !relax.tensor<[4], i1>
  %72 = relax.constant <[2], i1, [false, true]> : !relax.tensor<[2], i1>
  %logical_not = relax.logical_not %72 : (!relax.tensor<[2], i1>) -> !relax.tensor<[2], i1>
  %73 = relax.constant <[4], f32, [1.0, nan, inf, -inf]> : !relax.tensor<[4], f32>
  %is_nan = relax.is_nan %73 : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], i1>
  %74 = relax.constant <[4], f32, [1.0, nan, inf, -inf]> : !relax.tensor<[4], f32>
  %is_inf = relax.is_inf %74 {detect_positive = true, detect_negative = false} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], i1>
  %75 = relax.constant <[3], i1, [true, false, true]> : !relax.tensor<[3], i1>
  %76 = relax.constant <[3], f32, [1.0, 2.0, 3.0]> : !relax.tensor<[3], f32>
  %77 = relax.constant <[3], f32, [-1.0, -2.0, -3.0]> : !relax.tensor<[3], f32>
  %where = relax.where %75, %76, %77 : (!relax.tensor<[3], i1>, !relax.tensor<[3], f32>, !relax.tensor<[3], f32>) -> !relax.tensor<[3], f32>
  %78 = relax.constant <[4], f32, [-2.75, 0.5, 3.999000072479248, 1000000000.0]> : !relax.tensor<[4], f32>
  %cast = relax.cast %78 {dtype = i8} : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], i8>
  relax.return %abs, %ceil, %floor, %neg, %relu, %sign, %exp, %erf, %sigmoid, %tanh, %sinh, %cosh, %sin, %cos, %tan, %atan, %asinh, %round, %acos, %asin, %atanh, %acosh, %log, %sqrt, %rsqrt, %add, %subtract, %multiply, %divide, %maximum, %minimum, %fmod, %floor_mod, %power, %equal, %not_equal, %less, %less_equal, %greater, %greater_equal, %bitwise_and, %bitwise_or, %bitwise_xor, %bitwise_not, %left_shift, %right_shift, %logical_and, %logical_or, %logical_xor, %logical_not, %is_nan, %is_inf, %where, %cast : !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[4], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], f32>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[5], i1>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], i64>, !relax.tensor<[4], ui8>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[2], i1>, !relax.tensor<[4], i1>, !relax.tensor<[4], i1>, !relax.tensor<[3], f32>, !relax.tensor<[4], i8>
}
