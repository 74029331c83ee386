"""`#tyrex.target<...>`: the machine that code is made for, as an attribute of the module.

Schedules read widths, registers and caches from it and never a CPU's name: virtual machines mask
names and features independently. Code generation reads triple, CPU and features.
"""

from __future__ import annotations

from dataclasses import fields

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Data, Dialect
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from .machine import KIB, MIB, Target

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

__all__ = [
    "KIB",
    "MIB",
    "MODULE_ATTRIBUTE",
    "Target",
    "TargetAttr",
    "Tyrex",
    "set_target",
    "target_of",
]
