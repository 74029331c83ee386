"""Programs written as text, for tests that run a whole pipeline."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def constant(name: str, shape: tuple[int, ...], seed: int = 0) -> str:
    """Return the line that defines %name, small multiples of 1/8 (sums of them are exact)."""
    values = np.random.default_rng(seed).integers(-8, 9, int(np.prod(shape))) / 8
    elements = ", ".join(str(value) for value in values)
    return f"%{name} = relax.constant <{list(shape)}, f32, [{elements}]> : {tensor(*shape)}"


def tensor(*shape: int) -> str:
    """Return the type of a tensor of f32."""
    return f"!relax.tensor<{list(shape)}, f32>"


BOOL = "!relax.tensor<[], i1>"
IMAGE, COLUMNS, ROW, FLAT = tensor(1, 3, 6, 6), tensor(1, 6, 36), tensor(36), tensor(216)
MATRIX, SQUARE, CHANNEL = tensor(4, 8), tensor(8, 8), tensor(3)


def smoothing(given: str, result: str) -> str:
    """Return steps from a matrix to a matrix, the sum of which may lie where %given does."""
    s, h, a = (f"{result}_{i}" for i in range(3))
    return f"""{s} = relax.cum_sum {given} {{axis = 0, exclusive = false, reverse = false}}
    : ({MATRIX}) -> {MATRIX}
  {h} = relax.matmul {s}, %ut {{transpose_a = false, transpose_b = false}}
    : ({MATRIX}, {SQUARE}) -> {MATRIX}
  {a} = relax.add {h}, {given} : ({MATRIX}, {MATRIX}) -> {MATRIX}
  {result} = relax.softmax {a} {{axis = 1}} : ({MATRIX}) -> {MATRIX}"""


MIXED = f"""
relax.func @main(%c: {BOOL}, %x: {tensor(1, 2, 6, 6)}, %m: {MATRIX})
    -> ({COLUMNS}, {MATRIX}, {COLUMNS}) attributes {{
      input_names = ["c", "x", "m"], output_names = ["y", "z", "doubled"]}} {{
  {constant("w", (3, 2, 3, 3))}
  {constant("scale", (3,), 1)}
  {constant("shift", (3,), 2)}
  %ones = relax.constant <[3], f32, [1.0, 1.0, 1.0]> : {CHANNEL}
  %conv = relax.conv %x, %w {{strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>,
    dilations = array<i64: 1, 1>, groups = 1 : i64}}
    : ({tensor(1, 2, 6, 6)}, {tensor(3, 2, 3, 3)}) -> {IMAGE}
  %norm = relax.batch_norm %conv, %scale, %shift, %shift, %ones {{epsilon = 0.0625 : f64}}
    : ({IMAGE}, {CHANNEL}, {CHANNEL}, {CHANNEL}, {CHANNEL}) -> {IMAGE}
  %half = relax.constant <[3, 1, 1], f32, [0.5, 0.5, 0.5]> : {tensor(3, 1, 1)}
  %less = relax.subtract %norm, %half : ({IMAGE}, {tensor(3, 1, 1)}) -> {IMAGE}
  %turned = relax.permute_dims %less {{axes = array<i64: 0, 1, 3, 2>}} : ({IMAGE}) -> {IMAGE}
  %again = relax.permute_dims %turned {{axes = array<i64: 0, 1, 3, 2>}} : ({IMAGE}) -> {IMAGE}
  %a = relax.relu %again : ({IMAGE}) -> {IMAGE}

  // Both branches allocate, and need different amounts.
  %b = relax.if %c : {BOOL} -> ({IMAGE}) {{
    %t = relax.tanh %a : ({IMAGE}) -> {IMAGE}
    %i = relax.softmax %t {{axis = 3}} : ({IMAGE}) -> {IMAGE}
    %j = relax.softmax %i {{axis = 2}} : ({IMAGE}) -> {IMAGE}
    %k = relax.add %j, %a : ({IMAGE}, {IMAGE}) -> {IMAGE}
    relax.yield %k : {IMAGE}
  }} else {{
    %e = relax.softmax %a {{axis = 1}} : ({IMAGE}) -> {IMAGE}
    %l = relax.softmax %e {{axis = 2}} : ({IMAGE}) -> {IMAGE}
    %n = relax.add %l, %e : ({IMAGE}, {IMAGE}) -> {IMAGE}
    relax.yield %n : {IMAGE}
  }}
  %both = relax.concat %a, %b {{axis = 1}} : ({IMAGE}, {IMAGE}) -> {tensor(1, 6, 6, 6)}
  %flat = relax.reshape %both {{shape = #relax.dims<[1, 6, 36]>}}
    : ({tensor(1, 6, 6, 6)}) -> {COLUMNS}
  %y = relax.softmax %flat {{axis = 2}} : ({COLUMNS}) -> {COLUMNS}

  // A weight to transpose and to lay out, and what may be computed in place behind it.
  {constant("u", (8, 8), 3)}
  {constant("v", (8,), 4)}
  %ut = relax.permute_dims %u {{axes = array<i64: 1, 0>}} : ({SQUARE}) -> {SQUARE}
  %p = relax.matmul %m, %ut {{transpose_a = false, transpose_b = false}}
    : ({MATRIX}, {SQUARE}) -> {MATRIX}
  %q = relax.multiply %p, %v : ({MATRIX}, {tensor(8)}) -> {MATRIX}
  %r = relax.softmax %q {{axis = 1}} : ({MATRIX}) -> {MATRIX}
  {smoothing("%r", "%o")}
  {smoothing("%o", "%z")}

  // Written twice.
  %f1 = relax.add %flat, %flat : ({COLUMNS}, {COLUMNS}) -> {COLUMNS}
  %f2 = relax.add %flat, %flat : ({COLUMNS}, {COLUMNS}) -> {COLUMNS}
  %unused = relax.exp %f2 : ({COLUMNS}) -> {COLUMNS}
  %d = relax.maximum %f1, %f2 : ({COLUMNS}, {COLUMNS}) -> {COLUMNS}
  relax.return %y, %z, %d : {COLUMNS}, {MATRIX}, {COLUMNS}
}}
"""
"""A convolution, a condition with two branches that allocate, matrices; nearly every pass
finds work."""


def mixed_inputs(taken: bool) -> list[NDArray[Any]]:
    """Return inputs of MIXED that go into the first branch, or the second."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 2, 6, 6), np.float32)
    return [np.array(taken), x, rng.standard_normal((4, 8), np.float32)]
