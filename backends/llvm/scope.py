"""What the text of an instruction needs to know: names, the module's declarations, metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from xdsl.dialects.builtin import ArrayAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...dialects import llvm
from ...dialects.llvm.types import mangle
from ...dialects.location import show
from .constants import type_text

_PLAIN_SYMBOL = re.compile(r"[-a-zA-Z$._][-a-zA-Z$._0-9]*")


def refusal(op: Operation, what: str) -> NotImplementedError:
    """Return the error for something of `op` that has no LLVM IR text here."""
    return NotImplementedError(f"{show(op.location)}: no LLVM IR for '{op.name}': {what}")


@cache
def symbol_text(name: str) -> str:
    """Return a global name as LLVM IR spells it, quoted where it has to be."""
    return f"@{name}" if _PLAIN_SYMBOL.fullmatch(name) else f"@{string_text(name)}"


@cache
def string_text(text: str) -> str:
    """Return a quoted string, with everything but plain ASCII escaped."""
    plain = (chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02X}" for b in text.encode())
    return f'"{"".join(plain)}"'


@dataclass(slots=True)
class Metadata:
    """The numbered nodes at the module's end."""

    nodes: list[str] = field(default_factory=list[str])
    _known: dict[object, str] = field(default_factory=dict[object, str])

    def node(self, text: str) -> str:
        """Return the name of the node of that text, made once."""
        if (name := self._known.get(text)) is None:
            name = self._known[text] = self._append(text)
        return name

    def _append(self, text: str) -> str:
        self.nodes.append(text)
        return f"!{len(self.nodes) - 1}"

    def _distinct(self, *operands: str) -> str:
        return self._append(f"distinct !{{{', '.join([f'!{len(self.nodes)}', *operands])}}}")

    def loop(self, hints: llvm.LoopHints) -> str:
        """Return a new node for a loop; each loop has its own."""
        return self._distinct(*(self.node(text) for text in _loop_properties(hints)))

    def scopes(self, attributes: ArrayAttr[llvm.AliasScopeAttr]) -> str:
        """Return the node that lists some alias scopes."""
        return self.node(f"!{{{', '.join(self._scope(a.data) for a in attributes)}}}")

    def _scope(self, scope: llvm.AliasScope) -> str:
        if (name := self._known.get(scope)) is None:
            domain = self._known.get((scope.domain,))
            if domain is None:
                domain = self._distinct(f"!{string_text(scope.domain)}")
                self._known[(scope.domain,)] = domain
            name = self._known[scope] = self._distinct(domain, f"!{string_text(scope.name)}")
        return name

    def lines(self) -> list[str]:
        """Return the definitions of all nodes."""
        return [f"!{number} = {text}" for number, text in enumerate(self.nodes)]


def _loop_properties(hints: llvm.LoopHints) -> list[str]:
    texts: list[str] = []
    match hints.unroll:
        case None:
            pass
        case int(count):
            texts.append(f'!{{!"llvm.loop.unroll.count", i32 {count}}}')
        case word:
            texts.append(f'!{{!"llvm.loop.unroll.{word}"}}')
    match hints.vectorize:
        case None:
            pass
        case bool(allowed):
            texts.append(f'!{{!"llvm.loop.vectorize.enable", i1 {str(allowed).lower()}}}')
        case width:
            texts.append('!{!"llvm.loop.vectorize.enable", i1 true}')
            texts.append(f'!{{!"llvm.loop.vectorize.width", i32 {width}}}')
    if hints.interleave is not None:
        texts.append(f'!{{!"llvm.loop.interleave.count", i32 {hints.interleave}}}')
    if hints.must_progress:
        texts.append('!{!"llvm.loop.mustprogress"}')
    return texts


@dataclass(slots=True)
class ModuleScope:
    """What the functions of a module share."""

    metadata: Metadata = field(default_factory=Metadata)
    declarations: dict[str, str] = field(default_factory=dict[str, str])
    attribute_groups: dict[str, int] = field(default_factory=dict[str, int])

    def attribute_group(self, text: str) -> str:
        """Return the reference to a group of function attributes, "" for none."""
        if not text:
            return ""
        return f"#{self.attribute_groups.setdefault(text, len(self.attribute_groups))}"


@dataclass(slots=True)
class FunctionScope:
    """The names of one function: complete before the first instruction is written."""

    module: ModuleScope
    names: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    """Value -> its name, or its text where it is a constant."""
    typed: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    """Value -> type and name."""
    labels: dict[Block, str] = field(default_factory=dict[Block, str])
    split_edges: set[Operation] = field(default_factory=set[Operation])
    """Conditional branches whose first edge goes through a block of its own."""

    def name(self, value: SSAValue, text: str) -> None:
        """Let `text` stand for a value."""
        self.names[value] = text
        self.typed[value] = f"{type_text(value.type)} {text}"

    def fresh(self, value: SSAValue) -> None:
        """Name a value after its hint; the number behind the last dot makes it unique."""
        hint = value.name_hint
        number = len(self.names)
        self.name(value, f"%v{number}" if hint is None else f"%{hint}.{number}")

    def args(self, values: Sequence[SSAValue]) -> str:
        """Return the arguments of a call."""
        typed = self.typed
        return ", ".join([typed[value] for value in values])

    def intrinsic(
        self, op: Operation, name: str, result: Attribute | None, types: Sequence[Attribute]
    ) -> str:
        """Declare an intrinsic by its complete name; return `type @name`."""
        word = "void" if result is None else type_text(result)
        text = f"{word} {symbol_text(name)}"
        declaration = f"declare {text}({', '.join(map(type_text, types))})"
        if self.module.declarations.setdefault(name, declaration) != declaration:
            raise refusal(
                op,
                f"'{name}' is used as `{declaration}` and as "
                f"`{self.module.declarations[name]}`; an overloaded name carries its types",
            )
        return text

    def overloaded(
        self,
        op: Operation,
        name: str,
        result: Attribute | None,
        types: Sequence[Attribute],
        overloads: Sequence[Attribute],
    ) -> str:
        """Declare an intrinsic whose name is completed with types; return `type @name`."""
        return self.intrinsic(op, ".".join([name, *map(mangle, overloads)]), result, types)
