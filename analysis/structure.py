"""The structure of IR as text: equal for operations that differ in names and places alone.

Values are numbered in the order in which they appear; names of values, locations and the symbol
names of the outermost operation are left out. Two kernels with one structure need one compilation.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Attribute, Block, Operation, Region, SSAValue


class Structures:
    """Writes structures; remembers the texts of attributes from one to the next."""

    def __init__(self) -> None:
        self._texts: dict[Attribute, str] = {}

    def of(self, op: Operation) -> str:
        """Return the structure of an operation and all that is inside it."""
        writer = _Writer(self._texts)
        writer.op(op, skip="sym_name")
        return "".join(writer.out)


class _Writer:
    """One structure being written."""

    def __init__(self, texts: dict[Attribute, str]) -> None:
        self.out: list[str] = []
        self._texts = texts
        self._numbers: dict[SSAValue | Block, int] = {}

    def op(self, op: Operation, skip: str = "") -> None:
        """Append one operation on a line of its own, then its regions."""
        operands = ",".join(str(self._number(operand)) for operand in op.operands)
        results = ",".join(self._text(result.type) for result in op.results)
        self.out.append(f"{op.name}({operands})->{results}")
        for result in op.results:
            self._number(result)
        self._attributes(op.properties, skip)
        self._attributes(op.attributes)
        if op.successors:
            self.out.append("^" + ",".join(str(self._number(block)) for block in op.successors))
        self.out.append("\n")
        for region in op.regions:
            self._region(region)

    def _region(self, region: Region) -> None:
        self.out.append("{\n")
        for block in region.blocks:
            args = ",".join(f"{self._number(arg)}:{self._text(arg.type)}" for arg in block.args)
            self.out.append(f"^{self._number(block)}({args})\n")
            for op in block.ops:
                self.op(op)
        self.out.append("}\n")

    def _attributes(self, attributes: Mapping[str, Attribute], skip: str = "") -> None:
        for name in sorted(attributes):
            if name != skip:
                self.out.append(f" {name}={self._text(attributes[name])}")

    def _text(self, attribute: Attribute) -> str:
        text = self._texts.get(attribute)
        if text is None:
            text = self._texts[attribute] = str(attribute)
        return text

    def _number(self, value: SSAValue | Block) -> int:
        return self._numbers.setdefault(value, len(self._numbers))
