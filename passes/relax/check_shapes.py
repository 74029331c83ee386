"""check-shapes: what operators need of their operands' shapes, and symbols leave open, is checked.

Rewrites   %y = relax.add %a, %b : (tensor<[n], f32>, tensor<[m], f32>) -> ...
into       relax.check_dims "axis 0 of broadcast operands, n and m" {relation = "broadcast",
                                                                     dims = #relax.dims<[n, m]>}
           %y = relax.add %a, %b : ...

The constraints are those that the verifier checks of numbers (dialects/relax/run_checks.py), with
those that a declared shape adds to the inferred one, and that no dim is negative. What follows from
the symbols' bounds, and from checks before, is not checked again. What the function's symbols tell
is checked where it is entered, everything else right before the operator, where a branch or a loop
may keep a run from it; so are the checks that a frontend wrote.

Needs:  nothing.
Leaves: types as infer-shapes does; no operator whose operands may contradict it.
Why here: before every pass that believes declared shapes, or that drops an operator which might
have refused its operands.
Source: -
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.context import Context
from xdsl.dialects.builtin import LocationAttr, ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ...dialects import relax
from ...symbolic import Bound, IntExpr, Key, as_expr, var
from .infer_shapes import infer, infer_results

_ZERO = as_expr(0)
_MAX_SHOWN = 120  # characters of dims in a message, which is for the numbers in the end
_Fact = tuple[str, IntExpr, IntExpr]


class _Checks:
    """The checks of one function."""

    def __init__(self, func: relax.FuncOp) -> None:
        names = func.symbol_names
        limits = relax.bounds_of(func.symbol_bounds, len(names))
        self.own = frozenset(names)
        self.top = func.body.block
        self.bounds: dict[Key, tuple[Bound, Bound]] = dict(zip(names, limits, strict=True))
        self.equal: dict[Key, IntExpr] = {}
        """What symbols are, by checks before."""
        self.known: set[_Fact] = set()
        self.entry: list[Operation] = []
        """Checks of the function's own symbols, which nothing keeps a run from."""

    def run(self) -> None:
        """Insert the checks."""
        self.block(self.top)
        first = self.top.first_op
        assert first is not None, "a function ends with relax.return"
        self.top.insert_ops_before(self.entry, first)

    def block(self, block: Block) -> None:
        """Check the operators of a block; what holds in it holds in the regions within."""
        for op in list(block.ops):
            for region in op.regions:
                outside = dict(self.bounds), dict(self.equal), set(self.known)
                self.block(region.block)
                self.bounds, self.equal, self.known = outside
            needed = requirements(op)
            if isinstance(op, relax.CheckDimsOp):
                self.require(needed[0], op, is_told=False)
                block.erase_op(op)
                continue
            infer(op)
            told = relax.new_symbols(op)
            self.bounds |= dict.fromkeys(told, (0, None))
            for requirement in needed:
                self.require(requirement, op, not _symbols(requirement).isdisjoint(told))

    def require(self, requirement: relax.Requirement, op: Operation, is_told: bool) -> None:
        """Insert a check, unless it is known to hold: behind `op` where that tells its symbols."""
        found, expected = (
            dim.substitute(self.equal) for dim in (requirement.found, requirement.expected)
        )
        seen = replace(requirement, found=found, expected=expected)
        if seen.key in self.known or seen.is_proven(self.bounds):
            return
        if seen.count is None:
            self.known.add(seen.key)
            self.learn(seen)
        check = _check(requirement, requirement.dims(self.bounds), op.location)
        block = op.parent
        assert block is not None, "operations of a function"
        if block is self.top and _symbols(requirement) <= self.own:
            self.entry.append(check)
        elif is_told:
            block.insert_op_after(check, op)
        else:
            block.insert_op_before(check, op)

    def learn(self, fact: relax.Requirement) -> None:
        """Remember what a check says of a symbol."""
        if fact.relation == relax.EQUAL:
            for one, other in ((fact.found, fact.expected), (fact.expected, fact.found)):
                name = one.as_var()
                if name is not None and name.key not in other.free_vars():
                    self.equal = {k: e.substitute({name.key: other}) for k, e in self.equal.items()}
                    self.equal[name.key] = other
                    return
        if fact.relation == relax.AT_LEAST and len(names := fact.found.free_vars()) == 1:
            low = fact.expected - fact.found + as_expr(var(names[0]))
            if low.is_constant:
                _, high = self.bounds.get(names[0], (0, None))
                self.bounds[names[0]] = low, high


def requirements(op: Operation) -> list[relax.Requirement]:
    """Return what an operator needs that its types leave open."""
    if isinstance(op, relax.CheckDimsOp):
        return [relax.Requirement(op.relation.data, *op.pair, op.what.data)]
    if not isinstance(op, relax.RelaxOp):
        return []
    with relax.collecting() as found:
        for index, (result, inferred) in enumerate(zip(op.results, op.infer_types(), strict=True)):
            declared = result.type
            if not isinstance(inferred, relax.TensorType) or inferred.shape is None:
                continue
            assert isinstance(declared, relax.TensorType), "checked by the verifier"
            for axis, dim in enumerate(inferred.shape):
                what = f"axis {axis} of {_name(op, index)}"
                relax.note(relax.AT_LEAST, dim, _ZERO, what)
                if declared.shape is not None:
                    relax.note(relax.EQUAL, dim, declared.shape[axis], what)
    return found


def _name(op: Operation, index: int) -> str:
    return "the result" if len(op.results) == 1 else f"result {index}"


def _symbols(requirement: relax.Requirement) -> set[Key]:
    return {*requirement.found.free_vars(), *requirement.expected.free_vars()}


def _check(
    requirement: relax.Requirement, pair: tuple[IntExpr, IntExpr], location: LocationAttr
) -> Operation:
    """Return the operation that checks a requirement by two dims."""
    dims = [str(d) for d in (requirement.found, requirement.expected) if not d.is_constant]
    what = requirement.what
    if len(joined := " and ".join(dims)) <= _MAX_SHOWN:
        what += f", {joined}"
    op = relax.CheckDimsOp(requirement.relation, *pair, what)
    op.location = location
    return op


@dataclass(frozen=True)
class CheckShapesPass(ModulePass):
    """See the module docstring."""

    name = "check-shapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                _Checks(func).run()
                infer_results(func)
