"""Functions of C that the generated code calls: each is written into a file only where used.

They define what C leaves open: quotients by zero, shifts, conversions that do not fit, the larger
of NaN and a number, half-precision formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

PREFIX = "tyrex_"
# What a file has anyway is no helper.
_CALL = re.compile(rf"\b{PREFIX}(?!error_set\b)(\w+)\(")


class Helpers:
    """The helpers that a file needs, in an order in which each comes after those it calls."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def call(self, name: str, *args: str) -> str:
        """Return a call of helper `name`, which the file then has.

        Raises:
            KeyError: there is no such helper.
        """
        self._add(name)
        return f"{PREFIX}{name}({', '.join(args)})"

    def _add(self, name: str) -> None:
        if name in self._texts:
            return
        text = dedent(_source(name))
        for needed in _CALL.findall(text):
            if needed != name:
                self._add(needed)
        self._texts[name] = text

    def text(self) -> str:
        """Return the functions."""
        return "\n".join(self._texts.values())


def _source(name: str) -> str:
    if name in _FIXED:
        return _FIXED[name]
    match = _SIZED.fullmatch(name)
    if match is None:
        raise KeyError(name)
    return _TEMPLATES[match[1]](int(match[2]))


_SIZED = re.compile(r"([a-z_]+?)(8|16|32|64)")


def _unsigned(bits: int, value: str) -> str:
    """Return a literal of an unsigned type."""
    return f"UINT64_C({value})" if bits == 64 else f"{value}u"


def _divide_signed(operator: str, by_minus_one: str, name: str) -> Callable[[int], str]:
    """A quotient or remainder; 0 of a zero divisor, wrapped where it does not fit."""

    def source(bits: int) -> str:
        zero = _unsigned(bits, "0")
        return f"""\
            static inline uint{bits}_t tyrex_{name}{bits}(uint{bits}_t a, uint{bits}_t b) {{
              if (b == 0) {{
                return {zero};
              }}
              if (b == (uint{bits}_t)-1) {{
                return (uint{bits}_t)({by_minus_one.format(zero=zero)});
              }}
              return (uint{bits}_t)((int{bits}_t)a {operator} (int{bits}_t)b);
            }}
            """

    return source


def _divide_unsigned(operator: str, name: str) -> Callable[[int], str]:
    def source(bits: int) -> str:
        zero = _unsigned(bits, "0")
        return f"""\
            static inline uint{bits}_t tyrex_{name}{bits}(uint{bits}_t a, uint{bits}_t b) {{
              return (uint{bits}_t)(b == 0 ? {zero} : a {operator} b);
            }}
            """

    return source


def _choice(operator: str, kind: str, name: str) -> Callable[[int], str]:
    """The larger or smaller integer, read as signed or unsigned."""
    return lambda bits: (
        f"""\
        static inline uint{bits}_t tyrex_{name}{bits}(uint{bits}_t a, uint{bits}_t b) {{
          return ({kind}{bits}_t)a {operator} ({kind}{bits}_t)b ? a : b;
        }}
        """
    )


def _absolute(bits: int) -> str:
    return f"""\
        static inline uint{bits}_t tyrex_abs{bits}(uint{bits}_t a) {{
          return (uint{bits}_t)((int{bits}_t)a < 0 ? {_unsigned(bits, "0")} - a : a);
        }}
        """


def _to_signed(bits: int) -> str:
    """NaN is 0, what does not fit the nearest that does."""
    limit = 1 << (bits - 1)
    return f"""\
        static inline uint{bits}_t tyrex_to_signed{bits}(double x) {{
          if (x != x) {{
            return 0;
          }}
          if (x <= -{limit}.0) {{
            return {_unsigned(bits, hex(limit))};
          }}
          return x >= {limit}.0 ? {_unsigned(bits, hex(limit - 1))} : (uint{bits}_t)(int{bits}_t)x;
        }}
        """


def _to_unsigned(bits: int) -> str:
    limit = 1 << bits
    return f"""\
        static inline uint{bits}_t tyrex_to_unsigned{bits}(double x) {{
          if (!(x > 0.0)) {{
            return 0;
          }}
          return x >= {limit}.0 ? {_unsigned(bits, hex(limit - 1))} : (uint{bits}_t)x;
        }}
        """


def _float_bits(bits: int) -> str:
    real = "float" if bits == 32 else "double"
    return f"""\
        static inline uint{bits}_t tyrex_bits{bits}({real} x) {{
          uint{bits}_t bits;
          memcpy(&bits, &x, sizeof bits);
          return bits;
        }}
        """


def _from_bits(bits: int) -> str:
    real = "float" if bits == 32 else "double"
    return f"""\
        static inline {real} tyrex_from_bits{bits}(uint{bits}_t bits) {{
          {real} x;
          memcpy(&x, &bits, sizeof x);
          return x;
        }}
        """


def _extreme(operator: str, keeps: str, name: str, *, strict: bool) -> Callable[[int], str]:
    """The larger or smaller number; NaN wins, and where `strict`, +0 is larger than -0.

    Source: IEEE 754-2019, 9.6, maximum and minimum.
    """

    def source(bits: int) -> str:
        real = "float" if bits == 32 else "double"
        zeros = f"  if (a == b) {{\n    return signbit(a) {keeps};\n  }}\n" if strict else ""
        return (
            f"static inline {real} tyrex_{name}{bits}({real} a, {real} b) {{\n{zeros}"
            f"  return a {operator} b || a != a ? a : b;\n}}\n"
        )

    return source


_TEMPLATES: dict[str, Callable[[int], str]] = {
    "divs": _divide_signed("/", "{zero} - a", "divs"),
    "rems": _divide_signed("%", "{zero}", "rems"),
    "divu": _divide_unsigned("/", "divu"),
    "remu": _divide_unsigned("%", "remu"),
    "maxs": _choice(">", "int", "maxs"),
    "mins": _choice("<", "int", "mins"),
    "maxu": _choice(">", "uint", "maxu"),
    "minu": _choice("<", "uint", "minu"),
    "abs": _absolute,
    "to_signed": _to_signed,
    "to_unsigned": _to_unsigned,
    "bits": _float_bits,
    "from_bits": _from_bits,
    "max_f": _extreme(">", "? b : a", "max_f", strict=False),
    "min_f": _extreme("<", "? a : b", "min_f", strict=False),
    "max_strict_f": _extreme(">", "? b : a", "max_strict_f", strict=True),
    "min_strict_f": _extreme("<", "? a : b", "min_strict_f", strict=True),
}
"""Name without the bits -> the source for so many bits."""

_FIXED: dict[str, str] = {
    "fail_index": """\
        static int32_t tyrex_fail_index(const char *place, int64_t index, int64_t extent) {
          char message[512];
          snprintf(message, sizeof message, "%s: found index %lld, the extent is %lld", place,
                   (long long)index, (long long)extent);
          tyrex_error_set(TYREX_ERROR_BOUNDS, message);
          return TYREX_ERROR_BOUNDS;
        }
        """,
    "floor_div": """\
        static inline int64_t tyrex_floor_div(int64_t a, int64_t b) {
          return a / b - (a % b != 0 && (a < 0) != (b < 0));
        }
        """,
    "floor_mod": """\
        static inline int64_t tyrex_floor_mod(int64_t a, int64_t b) {
          int64_t rest = a % b;
          return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
        }
        """,
    "min": """\
        static inline int64_t tyrex_min(int64_t a, int64_t b) { return a < b ? a : b; }
        """,
    "max": """\
        static inline int64_t tyrex_max(int64_t a, int64_t b) { return a > b ? a : b; }
        """,
    # Where fmaf is a call, the product in double is exact, and the sum is rounded twice.
    "fma_f32": """\
        static inline float tyrex_fma_f32(float a, float b, float c) {
        #if defined(FP_FAST_FMAF)
          return fmaf(a, b, c);
        #else
          return (float)((double)a * (double)b + (double)c);
        #endif
        }
        """,
    # Rounds to the odd neighbour where a float does not hold x: rounding again is then exact.
    # Source: Boldo and Melquiond, "When double rounding is odd", IMACS 2005.
    "odd_f32": """\
        static inline float tyrex_odd_f32(double x) {
          float nearest = (float)x;
          uint32_t bits = tyrex_bits32(nearest);
          if (x != x || (double)nearest == x || (bits & 1u)) {
            return nearest;
          }
          return tyrex_from_bits32(fabs(x) > fabs((double)nearest) ? bits + 1u : bits - 1u);
        }
        """,
    "f16_to_f32": """\
        static inline float tyrex_f16_to_f32(uint16_t half) {
          uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, rest = half & 0x3ffu;
          if (exponent == 0) { /* subnormal: a multiple of 2^-24 */
            float x = (float)rest * 0x1p-24f;
            return sign ? -x : x;
          }
          exponent = exponent == 31 ? 255 : exponent + 112;
          return tyrex_from_bits32(sign | exponent << 23 | rest << 13);
        }
        """,
    "f32_to_f16": """\
        static inline uint16_t tyrex_f32_to_f16(float x) {
          uint32_t bits = tyrex_bits32(x), sign = bits >> 16 & 0x8000u;
          bits &= 0x7fffffffu;
          if (bits > 0x7f800000u) { /* NaN */
            return (uint16_t)(sign | 0x7e00u);
          }
          if (bits >= 0x477ff000u) { /* from 65520 on: infinity */
            return (uint16_t)(sign | 0x7c00u);
          }
          if (bits < 0x38800000u) { /* subnormal: the sum rounds to a multiple of 2^-24 */
            return (uint16_t)(sign | (tyrex_bits32(fabsf(x) + 0.5f) - 0x3f000000u));
          }
          bits += 0xfffu + (bits >> 13 & 1u);
          return (uint16_t)(sign | (bits - 0x38000000u) >> 13);
        }
        """,
    "bf16_to_f32": """\
        static inline float tyrex_bf16_to_f32(uint16_t half) {
          return tyrex_from_bits32((uint32_t)half << 16);
        }
        """,
    "f32_to_bf16": """\
        static inline uint16_t tyrex_f32_to_bf16(float x) {
          uint32_t bits = tyrex_bits32(x);
          if ((bits & 0x7fffffffu) > 0x7f800000u) { /* NaN */
            return (uint16_t)((bits >> 16 & 0x8000u) | 0x7fc0u);
          }
          return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
        }
        """,
    "round_f16": """\
        static inline float tyrex_round_f16(float x) {
          return tyrex_f16_to_f32(tyrex_f32_to_f16(x));
        }
        """,
    "round_bf16": """\
        static inline float tyrex_round_bf16(float x) {
          return tyrex_bf16_to_f32(tyrex_f32_to_bf16(x));
        }
        """,
}
