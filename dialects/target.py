"""`#tyrex.target<...>`: the machine that code is made for, as an attribute of the module.

Schedules read widths, registers and caches from it and never a CPU's name: virtual machines mask
names and features independently. Code generation reads triple, CPU and features.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Data, Dialect
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Target:
    """A machine: what LLVM has to know about it, and what a schedule has to know."""

    triple: str
    """LLVM's name of architecture, system and ABI, such as "x86_64-unknown-linux-gnu"."""
    cpu: str = ""
    """LLVM's name of the model that instructions are scheduled for; "" is the baseline."""
    features: tuple[str, ...] = ()
    """Instruction sets, "+avx2" present and "-avx512f" absent, on top of what `cpu` implies."""
    vector_bits: int = field(default=128, kw_only=True)
    """Width of the widest vector register that pays."""
    vector_registers: int = field(default=16, kw_only=True)
    cores: int = field(default=1, kw_only=True)
    """Cores that a schedule may plan for; how many threads run is a property of the run."""
    l1d_bytes: int = field(default=32 * KIB, kw_only=True)
    """First-level data cache of one core."""
    l2_bytes: int = field(default=512 * KIB, kw_only=True)
    """Second-level cache of one core."""
    l3_bytes: int = field(default=0, kw_only=True)
    """Last-level cache, shared by the cores; 0 where there is none."""

    def __post_init__(self) -> None:
        if not self.triple:
            raise ValueError("target: the triple is empty; use one such as x86_64-linux-gnu")
        for feature in self.features:
            if feature[:1] not in ("+", "-") or len(feature) < 2 or "," in feature:
                raise ValueError(f"target: feature '{feature}' has to start with '+' or '-'")
        if self.vector_bits < 64 or self.vector_bits & (self.vector_bits - 1):
            raise ValueError(f"target: vector_bits is a power of two, found {self.vector_bits}")
        for name in ("vector_registers", "cores", "l1d_bytes", "l2_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"target: {name} starts at 1, found {getattr(self, name)}")

    @property
    def arch(self) -> str:
        """Return the architecture, the first part of the triple: "x86_64", "aarch64", ... ."""
        return self.triple.partition("-")[0]

    @property
    def feature_text(self) -> str:
        """Return the features as LLVM takes them, "+avx2,-avx512f"."""
        return ",".join(self.features)

    def has(self, feature: str) -> bool:
        """Tell whether instruction set `feature` ("avx512f") is listed as present."""
        return f"+{feature}" in self.features

    def lanes(self, element_bytes: int) -> int:
        """Return how many elements of a size fill one vector register, at least 1."""
        return max(1, self.vector_bits // (8 * element_bytes))


_TEXT_FIELDS = ("triple", "cpu", "features")
_FIELDS = tuple(f.name for f in fields(Target))


@irdl_attr_definition
class TargetAttr(Data[Target]):
    """`#tyrex.target<triple = "x86_64-linux-gnu", cpu = "x86-64-v3", vector_bits = 256, ...>`."""

    name = "tyrex.target"

    def print_parameter(self, printer: Printer) -> None:
        """Print every field that says something, in the order of the class."""
        target = self.data
        texts = {"triple": target.triple, "cpu": target.cpu, "features": target.feature_text}
        parts = [f'{name} = "{text}"' for name, text in texts.items() if text]
        parts += [f"{n} = {getattr(target, n)}" for n in _FIELDS if n not in _TEXT_FIELDS]
        printer.print_string(f"<{', '.join(parts)}>")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Target:
        """Parse what `print_parameter` prints; fields may be left out, but for the triple."""
        texts: dict[str, str] = {}
        numbers: dict[str, int] = {}

        def parse_field() -> None:
            name = parser.parse_identifier(" (a field of the target)")
            if name not in _FIELDS or name in texts or name in numbers:
                parser.raise_error(
                    f"target: unknown or repeated field '{name}'; use each at most once of "
                    f"{', '.join(_FIELDS)}"
                )
            parser.parse_punctuation("=")
            if name in _TEXT_FIELDS:
                texts[name] = parser.parse_str_literal()
            else:
                numbers[name] = parser.parse_integer(allow_boolean=False)

        start = parser.pos
        parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_field)
        features = tuple(f for f in texts.get("features", "").split(",") if f)
        try:
            return Target(texts.get("triple", ""), texts.get("cpu", ""), features, **numbers)
        except ValueError as error:
            parser.raise_error(str(error), start, parser.pos)


MODULE_ATTRIBUTE = "tyrex.target"


def set_target(module: ModuleOp, target: Target) -> None:
    """Write the target on a module."""
    module.attributes[MODULE_ATTRIBUTE] = TargetAttr(target)


def target_of(module: ModuleOp) -> Target | None:
    """Return the target of a module, None where it says none.

    Raises:
        TypeError: the attribute `tyrex.target` is something else.
    """
    attribute = module.attributes.get(MODULE_ATTRIBUTE)
    if attribute is None:
        return None
    if not isinstance(attribute, TargetAttr):
        raise TypeError(f"attribute tyrex.target has to be a #tyrex.target, found {attribute}")
    return attribute.data


Tyrex = Dialect("tyrex", [], [TargetAttr])
