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


def image(channels: int, side: int) -> str:
    """Return the type of one square image."""
    return tensor(1, channels, side, side)


def repeated(name: str, shape: tuple[int, ...], repeats: tuple[int, ...], seed: int) -> str:
    """Return the lines that define %name, a constant too large for the text."""
    whole = tensor(*(n * r for n, r in zip(shape, repeats, strict=True)))
    return (
        f"{constant(f'{name}_part', shape, seed)}\n"
        f"  %{name} = relax.tile %{name}_part {{repeats = #relax.dims<{list(repeats)}>}}"
        f" : ({tensor(*shape)}) -> {whole}"
    )


IMAGES = f"""
relax.func @main(%x: {image(3, 12)}) -> ({image(4, 12)}) attributes {{
    input_names = ["x"], output_names = ["y"]}} {{
  {repeated("u", (2, 3, 3, 3), (8, 1, 1, 1), 0)}
  %a = relax.conv %x, %u {{strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>,
    dilations = array<i64: 1, 1>, groups = 1 : i64}}
    : ({image(3, 12)}, {tensor(16, 3, 3, 3)}) -> {image(16, 6)}
  %b = relax.relu %a : ({image(16, 6)}) -> {image(16, 6)}
  {repeated("v", (2, 3, 3, 3), (8, 6, 1, 1), 1)}
  %part = relax.strided_slice %v {{starts = #relax.dims<[0, 0, 0, 0]>,
    sizes = #relax.dims<[16, 16, 3, 3]>, steps = array<i64: 1, 1, 1, 1>}}
    : ({tensor(16, 18, 3, 3)}) -> {tensor(16, 16, 3, 3)}
  %c = relax.conv %b, %part {{strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>,
    dilations = array<i64: 1, 1>, groups = 1 : i64}}
    : ({image(16, 6)}, {tensor(16, 16, 3, 3)}) -> {image(16, 6)}
  {repeated("bias", (4, 1, 1), (4, 1, 1), 2)}
  %d = relax.add %c, %bias : ({image(16, 6)}, {tensor(16, 1, 1)}) -> {image(16, 6)}
  %e = relax.add %d, %b : ({image(16, 6)}, {image(16, 6)}) -> {image(16, 6)}
  {repeated("w", (4, 1, 2, 2), (4, 4, 1, 1), 3)}
  %f = relax.conv_transpose %e, %w {{strides = array<i64: 2, 2>,
    padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64,
    output_padding = array<i64: 0, 0>}}
    : ({image(16, 6)}, {tensor(16, 4, 2, 2)}) -> {image(4, 12)}
  %y = relax.tanh %f : ({image(4, 12)}) -> {image(4, 12)}
  relax.return %y : {image(4, 12)}
}}
"""
"""Convolutions of whole blocks of channels, and one backwards."""


def images_inputs(seed: int) -> list[NDArray[Any]]:
    """Return inputs of IMAGES."""
    return [np.random.default_rng(seed).standard_normal((1, 3, 12, 12), np.float32) / 64]


ROWS_SHAPE = (2, 7, 40)
WORDS, MOMENTS, COLUMN = tensor(*ROWS_SHAPE), tensor(2, 7, 1), tensor(40)


def _mean(given: str, result: str) -> str:
    """Return a step that takes the mean of every row."""
    attributes = "{axes = array<i64: 2>, keepdims = true}"
    return f"%{result} = relax.mean %{given} {attributes} : ({WORDS}) -> {MOMENTS}"


ROWS = f"""
relax.func @main(%x: {WORDS}, %z: {WORDS}) -> ({WORDS}) attributes {{
    input_names = ["x", "z"], output_names = ["y"]}} {{
  {constant("gain", (40,), 0)}
  {constant("bias", (40,), 1)}
  %epsilon = relax.constant <[], f32, [0.0625]> : {tensor()}
  // A layer normalization as exporters write it.
  {_mean("x", "mean")}
  %c = relax.subtract %x, %mean : ({WORDS}, {MOMENTS}) -> {WORDS}
  %c2 = relax.multiply %c, %c : ({WORDS}, {WORDS}) -> {WORDS}
  {_mean("c2", "variance")}
  %v = relax.add %variance, %epsilon : ({MOMENTS}, {tensor()}) -> {MOMENTS}
  %s = relax.sqrt %v : ({MOMENTS}) -> {MOMENTS}
  %d = relax.divide %c, %s : ({WORDS}, {MOMENTS}) -> {WORDS}
  %e = relax.multiply %d, %gain : ({WORDS}, {COLUMN}) -> {WORDS}
  %f = relax.add %e, %bias : ({WORDS}, {COLUMN}) -> {WORDS}
  // A sum of rows keeps the two kernels apart: nothing joins across it.
  %sums = relax.cum_sum %f {{axis = 1, exclusive = false, reverse = false}} : ({WORDS}) -> {WORDS}
  // A softmax and its mask.
  %m = relax.multiply %sums, %z : ({WORDS}, {WORDS}) -> {WORDS}
  %y = relax.softmax %m {{axis = 2}} : ({WORDS}) -> {WORDS}
  relax.return %y : {WORDS}
}}
"""


def rows_inputs(seed: int) -> list[NDArray[Any]]:
    """Return inputs of ROWS."""
    return list(np.random.default_rng(seed).standard_normal((2, *ROWS_SHAPE), np.float32))


PIECE, WHOLE = tensor(1, 2, 5, 3), tensor(1, 4, 5, 3)


def _running(given: str, result: str, piece: str = PIECE) -> str:
    """Return a step that no other joins."""
    attributes = "{axis = 3, exclusive = false, reverse = false}"
    return f"%{result} = relax.cum_sum %{given} {attributes} : ({piece}) -> {piece}"


def _split(given: str, first: str, second: str) -> str:
    """Return a step that takes halves of the channels."""
    attributes = "{axis = 1, sections = #relax.dims<[2, 2]>}"
    types = f"({WHOLE}) -> ({PIECE}, {PIECE})"
    return f"%{first}, %{second} = relax.split %{given} {attributes} : {types}"


def _concat(pieces: list[str], result: str, whole: str) -> str:
    """Return a step that joins pieces along the channels."""
    values = ", ".join(f"%{piece}" for piece in pieces)
    types = ", ".join([PIECE] * len(pieces))
    return f"%{result} = relax.concat {values} {{axis = 1}} : ({types}) -> {whole}"


PIECES = f"""
relax.func @main(%c: {BOOL}, %x: {WHOLE}) -> ({WHOLE}) attributes {{
    input_names = ["c", "x"], output_names = ["y"]}} {{
  {_running("x", "a", WHOLE)}
  {_split("a", "b", "d")}
  {_running("b", "e")}
  {_running("d", "f")}
  {_concat(["e", "f"], "g", WHOLE)}
  {_running("g", "h", WHOLE)}
  %i = relax.if %c : {BOOL} -> ({WHOLE}) {{
    {_split("h", "j", "k")}
    {_running("k", "l")}
    {_concat(["l", "j"], "m", WHOLE)}
    relax.yield %m : {WHOLE}
  }} else {{
    {_running("h", "n", WHOLE)}
    {_split("n", "o", "p")}
    {_running("o", "q")}
    {_concat(["o", "p", "q"], "r", tensor(1, 6, 5, 3))}
    {_running("r", "s", tensor(1, 6, 5, 3))}
    %t = relax.strided_slice %s {{starts = #relax.dims<[0, 2, 0, 0]>,
      sizes = #relax.dims<[1, 4, 5, 3]>, steps = array<i64: 1, 1, 1, 1>}}
      : ({tensor(1, 6, 5, 3)}) -> {WHOLE}
    relax.yield %t : {WHOLE}
  }}
  %y = relax.add %i, %g : ({WHOLE}, {WHOLE}) -> {WHOLE}
  relax.return %y : {WHOLE}
}}
"""


def pieces_inputs(taken: bool) -> list[NDArray[Any]]:
    """Return inputs of PIECES that go into the first branch, or the second."""
    x = np.random.default_rng(7).standard_normal((1, 4, 5, 3), np.float32)
    return [np.array(taken), x]
