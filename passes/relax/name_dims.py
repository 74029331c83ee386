"""name-dims: what a kernel's sizes are computed from outside of it is one symbol inside.

Rewrites   tir.func @k<h>(%x: !tir.buffer<[(h + 3) floordiv 4, 8], f32>) ... the same in loops
into       tir.func @k<d0>(%x: !tir.buffer<[d0, 8], f32>)                ... d0 in loops

A call matches types, so its tensors say what d0 is. Divisions, minima and maxima in sizes go;
factors stay, for they say what a size is a multiple of.

Needs:  kernels whose buffers agree with the tensors of their calls (legalize-ops, fuse-tir).
Leaves: sizes of kernels that are sums of products of symbols, where types tell these.
Why here: kernels are complete, and sizes still what the graph says; before deduplicate-kernels, as
layers of different sizes are one kernel now, and before schedules, which compare and divide sizes.
Source: -
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region
from xdsl.passes import ModulePass

from ...analysis.kernel_symbols import solve_symbols
from ...dialects import relax, tir
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import (
    Atom,
    FloorDiv,
    IntExpr,
    Max,
    Min,
    Mod,
    Monomial,
    Var,
    as_expr,
    const,
    max_,
    min_,
    var,
)

Atoms = tuple[Atom, ...]


def _composites(mono: Monomial) -> Atoms:
    return tuple(atom for atom in mono.atoms if not isinstance(atom, Var))


class _Names:
    """The products of divisions, minima and maxima in some sizes, and the symbols for them."""

    def __init__(self, dims: Iterable[IntExpr], taken: Iterable[str]) -> None:
        products = {
            _composites(mono): None for dim in dims for mono, _ in dim.terms if mono.composite
        }
        single = {atoms for atoms in products if len(atoms) == 1}
        self.symbols: dict[Atoms, str] = {}
        self.known: dict[IntExpr, IntExpr] = {}
        names = (name for i in range(len(products) * 2 + 9) if (name := f"d{i}") not in {*taken})
        for atoms in products:
            # A product of several is a size of its own, unless each of them is one.
            if len(atoms) == 1 or not all((atom,) in single for atom in atoms):
                self.symbols[atoms] = next(names)
        self.longest_first = sorted(self.symbols, key=len, reverse=True)

    def rewrite(self, expr: IntExpr) -> IntExpr:
        """Return an expression with symbols in the place of what they stand for."""
        if not any(mono.composite for mono, _ in expr.terms):
            return expr
        if expr not in self.known:
            terms = (coef * self.product(mono) for mono, coef in expr.terms)
            self.known[expr] = sum(terms, const(expr.constant))
        return self.known[expr]

    def product(self, mono: Monomial) -> IntExpr:
        left = list(_composites(mono))
        result = prod((var(a.key) for a in mono.atoms if isinstance(a, Var)), start=as_expr(1))
        for atoms in self.longest_first:
            while all(left.count(atom) >= atoms.count(atom) for atom in atoms):
                for atom in atoms:
                    left.remove(atom)
                result = result * var(self.symbols[atoms])
        return prod((self.atom(atom) for atom in left), start=result)

    def atom(self, atom: Atom) -> IntExpr:
        args = [self.rewrite(arg) for arg in atom.args]
        match atom:
            case FloorDiv():
                return args[0] // args[1]
            case Mod():
                return args[0] % args[1]
            case Min():
                return min_(*args)
            case Max():
                return max_(*args)
            case _:
                raise NotImplementedError(f"name-dims: atom {type(atom).__name__}")


class _Renamer(Cloner):
    """Copies a kernel with its sizes named."""

    def __init__(self, block: Block, names: _Names) -> None:
        super().__init__(block)
        self.names = names
        self.used: set[str] = set()

    def substitute(self, exprs: Iterable[IntExpr]) -> Exprs:
        found = tuple(self.names.rewrite(expr) for expr in super().substitute(exprs))
        for expr in found:
            self.used.update(key for key in expr.free_vars() if isinstance(key, str))
        return found

    def clone_generic(self, op: Operation) -> Operation:
        if not isinstance(op, tir.AllocOp):
            return super().clone_generic(op)
        copy = tir.AllocOp(op.buffer_type.with_shape(self.substitute(op.buffer_type.shape)))
        self.append(copy, op.location)
        copy.buffer.name_hint = op.buffer.name_hint
        self.values[op.buffer] = copy.buffer
        return copy


def _sizes(kernel: tir.FuncOp) -> list[IntExpr]:
    """Return the dims of what a call passes."""
    types = [value.type for value in (*kernel.inputs, *kernel.outputs)]
    return [dim for t in types if isinstance(t, tir.BufferType) for dim in t.shape]


def _are_told(names: _Names, sizes: Sequence[IntExpr], symbols: Iterable[str]) -> bool:
    """Tell whether a call's types say what all symbols are."""
    pairs = [(names.rewrite(size), size) for size in sizes if not size.is_constant]
    pairs.sort(key=lambda pair: pair[0].as_var() is None)
    found = solve_symbols(pairs)
    return all(name in found and names.rewrite(found[name]) is var(name) for name in symbols)


def _name(kernel: tir.FuncOp) -> None:
    """Name the sizes of one kernel, if the result says what they are."""
    sizes = _sizes(kernel)
    names = _Names(sizes, kernel.symbol_names)
    if not names.symbols:
        return
    source = kernel.body.block
    block = Block()
    cloner = _Renamer(block, names)
    for old in source.args:
        new_type = old.type
        if isinstance(new_type, tir.BufferType):
            new_type = new_type.with_shape(cloner.substitute(new_type.shape))
        new = block.insert_arg(new_type, len(block.args))
        new.name_hint = old.name_hint
        cloner.values[old] = new
        if old.type == tir.INDEX:
            cloner.exprs[old] = var(new)
    cloner.clone(source.ops)
    declared = (*kernel.symbol_names, *names.symbols.values())
    symbols = [name for name in declared if name in cloner.used]
    if not _are_told(names, sizes, symbols):
        return
    kernel.properties["symbols"] = ArrayAttr([StringAttr(name) for name in symbols])
    kernel.detach_region(kernel.body)
    kernel.add_region(Region(block))


@dataclass(frozen=True)
class NameDimsPass(ModulePass):
    """See the module docstring."""

    name = "name-dims"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        called = {
            call.callee_name
            for call in op.walk()
            if isinstance(call, relax.CallTIROp | relax.CallTIRInplaceOp)
        }
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp) and func.sym_name.data in called:
                _name(func)
