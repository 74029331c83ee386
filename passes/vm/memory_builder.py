"""What lower-to-vm builds functions with: the current block, what leaves became, memory.

Values of the graph are taken apart into leaves (`analysis/aliases.py`); each has a vm value of its
own type. Memory comes into being where it is first needed; `if` and `while` ask for theirs before
they branch, so that it dominates both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import TupleType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ...analysis.aliases import Aliases, Leaf, leaves_of, whole
from ...analysis.declared_types import declared_results, refined
from ...analysis.destinations import Destinations, Memory, returned_leaves
from ...dialects import relax, tir, vm
from ...dialects.diagnostics import CompileError


class MemoryBuilder:
    """Builds the vm.func of one relax.func."""

    def __init__(
        self,
        func: relax.FuncOp,
        functions: Mapping[str, relax.FuncOp],
        kernels: Mapping[str, tir.FuncOp],
        external: frozenset[str] = frozenset(),
    ) -> None:
        self.func = func
        self.functions = functions
        self.kernels = kernels
        self.external = external
        self.aliases = Aliases(func, kernels)
        self.destinations = Destinations(func, self.aliases)
        self.returned = returned_leaves(func)
        self.result_types = declared_results(func)
        self.region = Region()
        self.block = Block()
        self.current: Operation = func
        self._values: dict[Leaf, SSAValue] = {}
        self._memories: dict[Memory, SSAValue] = {}

    # ---- operations ----------------------------------------------------------------

    def emit(self, op: Operation) -> Operation:
        """Append `op`, made for the current graph operation, and return it."""
        op.location = self.current.location
        self.block.add_op(op)
        return op

    def emit_value(self, op: Operation, hint: str | None = None) -> SSAValue:
        """Append an operation of one result and return that."""
        result = self.emit(op).results[0]
        result.name_hint = hint
        return result

    def start(self, block: Block) -> None:
        """Append a new block to the function; from here on operations go to its end."""
        self.region.add_block(block)
        self.block = block

    # ---- values --------------------------------------------------------------------

    def value(self, leaf: Leaf) -> SSAValue:
        """Return what `leaf` became."""
        return self._values[whole(leaf)]

    def set_value(self, leaf: Leaf, value: SSAValue) -> None:
        """Say what `leaf` became."""
        self._values[leaf] = value

    def define(self, old: SSAValue, new: SSAValue) -> None:
        """Take `new`, what a whole value became, apart into its leaves."""
        for leaf in leaves_of(old):
            field = new
            for index in leaf.path:
                assert isinstance(field.type, TupleType)
                field_type = field.type.types.data[index]
                field = self.emit_value(vm.TupleGetOp(field, index, field_type))
            self._values[leaf] = field

    def packed(self, value_type: Attribute, leaves: Iterator[SSAValue]) -> SSAValue:
        """Put the next leaves together to a value of a type."""
        if not isinstance(value_type, TupleType):
            return next(leaves)
        fields = [self.packed(field, leaves) for field in value_type.types.data]
        return self.emit_value(vm.TupleOp(fields))

    def packed_value(self, value: SSAValue) -> SSAValue:
        """Return what a whole value of the graph became."""
        return self.packed(value.type, iter([self.value(leaf) for leaf in leaves_of(value)]))

    # ---- memory --------------------------------------------------------------------

    def memory_of(self, leaf: Leaf) -> SSAValue:
        """Return the memory that `leaf`, a source, is computed in, as a tensor of its type."""
        hint = leaf.value.name_hint
        memory = self.destinations.memory.get(leaf)
        if memory is None:
            return self.fresh(self.shaped_type(leaf.type), hint)
        return self.placed(memory, leaf.type, hint)

    def placed(self, memory: Memory, leaf_type: Attribute, hint: str | None = None) -> SSAValue:
        """Return `memory` as a tensor of a type; it is allocated here where it is new."""
        wanted = self.shaped_type(leaf_type)
        base = self._memories.get(memory)
        if base is None:
            if memory.output is None:
                base = self.fresh(wanted, hint)
            else:
                base = self.new_output(memory.output, hint)
            self._memories[memory] = base
        return self.viewed(base, wanted)

    def new_output(self, index: int, hint: str | None = None) -> SSAValue:
        """Allocate the memory of result `index` of the function."""
        declared = self.shaped_type(self.result_types[index])
        return self.emit_value(vm.AllocOutputOp(declared, index), hint)

    def fresh(self, tensor_type: relax.TensorType, hint: str | None = None) -> SSAValue:
        """Allocate a storage and return the tensor that fills it."""
        size = vm.byte_size(tensor_type)
        assert size is not None, "checked by shaped_type"
        storage = self.emit_value(vm.AllocStorageOp(size))
        return self.emit_value(vm.TensorOp(storage, 0, tensor_type), hint)

    def viewed(
        self, value: SSAValue, wanted: relax.TensorType, hint: str | None = None
    ) -> SSAValue:
        """Return a tensor's memory as a tensor of another shape."""
        base = value
        while base.type != wanted and isinstance(base.owner, vm.ReshapeOp):
            base = base.owner.x
        if base.type == wanted:
            return base
        return self.emit_value(vm.ReshapeOp(base, wanted), hint or value.name_hint)

    def checked(self, value: SSAValue, declared: Attribute, what: str) -> SSAValue:
        """Return a value as one of the type that is declared for it.

        Where its shape may be another, the run looks at it; an error names it by `what`.
        """
        wanted = refined(declared, value.type)
        if isinstance(wanted, relax.ShapeType) and not vm.passes_as(value.type, wanted):
            return self.emit_value(vm.CheckValueOp(value, what, wanted), value.name_hint)
        if not isinstance(wanted, relax.TensorType) or wanted == value.type:
            return value
        if not relax.compatible(wanted, value.type):
            return value  # the verifier says it, of what takes the value
        return self.emit_value(vm.CheckTensorOp(value, what, wanted), value.name_hint)

    def copy(self, value: SSAValue, destination: SSAValue) -> None:
        """Copy a tensor's elements."""
        self.emit(vm.CopyOp(value, destination))

    def shaped_type(self, leaf_type: Attribute) -> relax.TensorType:
        """Return the type of a tensor that needs memory.

        Raises:
            CompileError: a dim is neither a number nor an expression over symbols.
        """
        if isinstance(leaf_type, relax.TensorType) and leaf_type.known_shape() is not None:
            return leaf_type
        raise not_shaped(self.current, leaf_type)


def not_shaped(op: Operation, found: Attribute) -> CompileError:
    """Return the error for a value of which nothing says how large it will be."""
    return CompileError(
        op,
        f"has a value of type {found}: nothing says how large it will be",
        hint="give the dims names, or fix them when the model is read:"
        " shapes={input: (1, 3, 32, 32)}",
    )
