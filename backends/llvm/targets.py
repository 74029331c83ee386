"""Targets by name: "native", "x86-64-v3", "aarch64-linux-gnu", or a triple with its options.

A triple brings the defaults of its family (families.py); options replace them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches

from ...dialects.machine import MIB, Target
from ...runtime.errors import ArgumentError
from .families import FAMILIES, family_target, shaped
from .host import detect_host
from .library import binding, is_known
from .names import known_names
from .triples import normalized

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
    l2_bytes = MIB if "avx512f" in features else FAMILIES["x86_64"].l2_bytes
    return shaped(Target(_X86_TRIPLE, cpu, tuple(words), l2_bytes=l2_bytes))


def _named(triple: str, *features: str) -> Callable[[], Target]:
    def make() -> Target:
        target = family_target(triple)
        return shaped(replace(target, features=(*target.features, *features)))

    return make


NAMED_TARGETS: dict[str, Callable[[], Target]] = {
    "native": detect_host,
    "x86-64": lambda: _x86("x86-64", ()),
    "x86-64-v2": lambda: _x86("x86-64-v2", _V2),
    "x86-64-v3": lambda: _x86("x86-64-v3", _V3),
    "x86-64-v4": lambda: _x86("x86-64-v4", _V4),
    "aarch64-linux-gnu": _named("aarch64-unknown-linux-gnu"),
    "riscv64-linux-gnu": _named("riscv64-unknown-linux-gnu"),
    "riscv64-linux-gnu-v": _named("riscv64-unknown-linux-gnu", "+v"),
    "armv7-linux-gnueabihf": _named("armv7-unknown-linux-gnueabihf"),
    "wasm32": _named("wasm32-unknown-unknown"),
    "x86_64-windows": _named("x86_64-unknown-windows-gnu"),
    "x86_64-macos": _named("x86_64-apple-macosx11.0.0"),
    "aarch64-macos": _named("arm64-apple-macosx11.0.0"),
}
"""The targets that have a name, and how to make each."""

_NUMBERS = ("vector_bits", "vector_registers", "cores", "l1d_bytes", "l2_bytes", "l3_bytes")
_NEAR = 3  # how many names an error suggests


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
    return tuple(arch for arch in FAMILIES if is_known(f"{arch}-unknown-unknown"))


def _base(name: str) -> Target:
    if (make := NAMED_TARGETS.get(name)) is not None:
        return make()
    triple = normalized(name)
    if triple is None or triple.partition("-")[0] not in FAMILIES:
        raise TargetError(
            f"target '{name}' is unknown{_near(name, [*NAMED_TARGETS, *_triples()])}; use one of "
            f"{', '.join(NAMED_TARGETS)}, or a triple of {', '.join(known_architectures())} with "
            "one of the systems linux, windows, macos, wasi, none"
        )
    return family_target(triple)


def _triples() -> list[str]:
    """Return triples that one may have meant."""
    linux = [f"{arch}-linux{abi}" for arch in FAMILIES for abi in ("", "-gnu", "-musl")]
    return [*linux, "aarch64-windows", "wasm32-unknown-unknown"]


def _near(word: str, known: Iterable[str]) -> str:
    found = get_close_matches(word, dict.fromkeys(known), _NEAR)
    return f": did you mean {' or '.join(found)}?" if found else ""


def _check_names(target: Target, cpu: str | None, features: Iterable[str]) -> None:
    """Refuse a processor or a feature that LLVM would ignore."""
    processors, known = known_names(target.triple)
    words = [("cpu", cpu, processors)] if cpu else []
    words += [("feature", word[1:], known) for word in features]
    for kind, word, names in words:
        if names and word not in names:
            raise TargetError(
                f"target: LLVM knows no {kind} '{word}' of {target.arch}{_near(word, names)}"
            )


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
    cpu = options.get("cpu")
    try:
        if added or cpu:
            replace(target, features=added)  # signs
            _check_names(target, cpu, added)
        if cpu is not None:
            target = replace(target, cpu=cpu)
            if target.arch == "x86_64" and not target.features:
                target = _with_features(target, tuple(f"+{f}" for f in _X86_MODELS.get(cpu, ())))
        if added:
            target = _with_features(target, added)
        return replace(target, **numbers)
    except ValueError as error:
        raise TargetError(str(error)) from error


def _with_features(target: Target, added: tuple[str, ...]) -> Target:
    named = {feature[1:] for feature in added}
    kept = tuple(feature for feature in target.features if feature[1:] not in named)
    return shaped(replace(target, features=(*kept, *added)))
