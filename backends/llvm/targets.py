"""Targets by name: "native", "x86-64-v3", "aarch64-linux-gnu", or a triple with its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...dialects.machine import KIB, MIB, Target
from ...runtime.errors import ArgumentError
from .host import detect_host, vector_shape
from .library import binding, is_known

# The instruction sets of the x86-64 psABI's levels, each on top of the one before, by LLVM's
# names. Source: https://gitlab.com/x86-psABIs/x86-64-ABI, section "Micro-architecture levels".
_V2 = ("cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3")
_V3 = (*_V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave")
_V4 = (*_V3, "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")

# Models by name, for targets that name one and list no features. Source: LLVM's X86.td.
_X86_MODELS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("nehalem", "westmere", "silvermont"), _V2),
    **dict.fromkeys(("haswell", "broadwell", "skylake", "alderlake", "gracemont"), _V3),
    **dict.fromkeys(("znver1", "znver2", "znver3"), _V3),
    **dict.fromkeys(("skylake-avx512", "cascadelake", "icelake-server", "icelake-client"), _V4),
    **dict.fromkeys(("sapphirerapids", "emeraldrapids", "graniterapids"), _V4),
    **dict.fromkeys(("znver4", "znver5", "rocketlake", "tigerlake"), _V4),
}

_X86_TRIPLE = "x86_64-unknown-linux-gnu"


def _x86(cpu: str, features: tuple[str, ...]) -> Target:
    words = [f"+{name}" for name in features]
    if "avx512f" in features:
        words.append("-prefer-256-bit")  # the tuning of this level would halve every vector
    bits, registers = vector_shape("x86_64", features.__contains__)
    return Target(
        _X86_TRIPLE,
        cpu,
        tuple(words),
        vector_bits=bits,
        vector_registers=registers,
        l2_bytes=MIB if bits == 512 else 256 * KIB,
    )


def _riscv(features: tuple[str, ...]) -> Target:
    words = tuple(f"+{name}" for name in features)
    bits, registers = vector_shape("riscv64", features.__contains__)
    return Target(
        "riscv64-unknown-linux-gnu",
        "generic-rv64",
        words,
        vector_bits=bits,
        vector_registers=registers,
    )


NAMED_TARGETS: dict[str, Callable[[], Target]] = {
    "native": detect_host,
    "x86-64": lambda: _x86("x86-64", ()),
    "x86-64-v2": lambda: _x86("x86-64-v2", _V2),
    "x86-64-v3": lambda: _x86("x86-64-v3", _V3),
    "x86-64-v4": lambda: _x86("x86-64-v4", _V4),
    "aarch64-linux-gnu": lambda: Target(
        "aarch64-unknown-linux-gnu", "generic", ("+neon",), vector_registers=32
    ),
    "riscv64-linux-gnu": lambda: _riscv(("m", "a", "f", "d", "c")),
    "riscv64-linux-gnu-v": lambda: _riscv(("m", "a", "f", "d", "c", "v")),
    "wasm32": lambda: Target("wasm32-unknown-unknown", "generic", ("+simd128",)),
}
"""The targets that have a name, and how to make each."""

_NUMBERS = ("vector_bits", "vector_registers", "cores", "l1d_bytes", "l2_bytes", "l3_bytes")
_ARCHITECTURES = ("aarch64", "arm64", "riscv64", "wasm32", "x86_64")


class TargetError(ArgumentError):
    """A target that cannot be understood, or that this build of LLVM lacks."""


def parse_target(text: str) -> Target:
    """Return the target that `text` names.

    Args:
        text: A name of `NAMED_TARGETS` or a triple, then options with commas between:
            `x86_64-linux-gnu,cpu=skylake,features=+avx2,-sse4a,cores=8`. What follows
            `features=` up to the next option belongs to it.

    Raises:
        TargetError: naming what is wrong and what is known.
    """
    base, _, rest = text.strip().partition(",")
    target = _base(base)
    options = _options(text, rest)
    target = _with_machine(target, options)
    if not is_known(target.triple):
        raise TargetError(
            f"target '{text}': this build of LLVM "
            f"({'.'.join(map(str, binding.llvm_version_info))}) has no code generator for "
            f"'{target.arch}'; known are {', '.join(known_architectures())}"
        )
    return target


def known_architectures() -> tuple[str, ...]:
    """Return the architectures that Tyrex has heard of and this build of LLVM makes code for."""
    return tuple(arch for arch in _ARCHITECTURES if is_known(f"{arch}-unknown-unknown"))


def _base(name: str) -> Target:
    if (make := NAMED_TARGETS.get(name)) is not None:
        return make()
    parts = name.split("-")
    if parts[0] not in _ARCHITECTURES or len(parts) < 2:
        raise TargetError(
            f"target '{name}' is unknown; use one of {', '.join(NAMED_TARGETS)}, or a triple of "
            f"{', '.join(known_architectures())}, such as aarch64-linux-gnu"
        )
    if len(parts) == 3 and parts[1] in ("linux", "windows", "none"):
        parts.insert(1, "unknown")
    arch = parts[0]
    bits, registers = vector_shape(arch, lambda _: False)
    return Target("-".join(parts), vector_bits=bits, vector_registers=registers)


def _options(text: str, rest: str) -> dict[str, str]:
    """Split `cpu=a,features=+b,-c,cores=2` into its options."""
    options: dict[str, str] = {}
    last = ""
    for word in filter(None, rest.split(",")):
        key, equals, value = word.partition("=")
        if word[0] in "+-" and last == "features":
            options["features"] = ",".join(filter(None, (options["features"], word)))
            continue
        if not equals or key not in ("cpu", "features", *_NUMBERS):
            raise TargetError(
                f"target '{text}': '{word}' is no option; use "
                f"{', '.join(f'{n}=...' for n in ('cpu', 'features', *_NUMBERS))}"
            )
        if key in options:
            raise TargetError(f"target '{text}': option '{key}' is given twice")
        options[key] = value
        last = key
    return options


def _with_machine(target: Target, options: dict[str, str]) -> Target:
    """Apply the options; the vectors follow from the features, unless they are given."""
    numbers: dict[str, int] = {}
    for name in _NUMBERS:
        if (number := options.get(name)) is not None:
            if not number.isdecimal():
                raise TargetError(f"target: {name} is a number, found '{number}'")
            numbers[name] = int(number)
    added = tuple(filter(None, options.get("features", "").split(",")))
    if (cpu := options.get("cpu")) is not None:
        target = replace(target, cpu=cpu)
        if target.arch == "x86_64" and not target.features:
            target = _with_features(target, tuple(f"+{f}" for f in _X86_MODELS.get(cpu, ())))
    try:
        if added:
            target = _with_features(target, added)
        return replace(target, **numbers)
    except ValueError as error:
        raise TargetError(str(error)) from error


def _with_features(target: Target, added: tuple[str, ...]) -> Target:
    named = {feature[1:] for feature in added}
    kept = tuple(feature for feature in target.features if feature[1:] not in named)
    target = replace(target, features=(*kept, *added))
    bits, registers = vector_shape(target.arch, target.has)
    return replace(target, vector_bits=bits, vector_registers=registers)
