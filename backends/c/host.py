"""The host program as C: a function for each vm.func, a label for each block.

A tensor is its address. Memory lies at fixed places of the function's frame, behind what its
callees work in; where a loop comes by an allocation again while values lie in what it got before,
there are as many places for it, and one more, of which it takes one that is free.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.constant_pool import ConstantPool
from ...analysis.instances import Instances
from ...dialects import relax, vm
from ...dialects.location import is_known, show
from ...exporters.c_interface import quoted
from ...symbolic import IntExpr
from .lines import Lines
from .types import NameTable

ALIGN_BYTES = 64
"""Of what is allocated."""

_WORD = re.compile(r"\b[A-Za-z_]\w*")
_ASSIGNMENT = re.compile(r" *(\w+) = ")

Value = str | tuple["Value", ...]
"""The text of an address; a tuple's fields."""


class HostPrinter:
    """Prints one function.

    Args:
        func: of static shapes.
        names: of the functions of C, by the names of kernels and of functions of the program.
        fallible: the kernels that return a code.
        pool: gives constants their numbers.
        frames: the bytes that callees work in.
    """

    def __init__(
        self,
        func: vm.FuncOp,
        names: Mapping[tuple[str, str], str],
        fallible: set[str],
        pool: ConstantPool,
        frames: Mapping[str, int],
    ) -> None:
        self.func, self.names, self.fallible = func, names, fallible
        self.pool = pool
        self.locals = NameTable()
        self.values: dict[SSAValue, Value] = {}
        self.lines = Lines(1)
        self.variables: list[str] = []
        self.fails = False
        callees = [frames[op.callee_name] for op in func.walk() if isinstance(op, vm.InvokeOp)]
        self.frame_bytes = max(callees, default=0)
        self.instances = Instances(func)

    @property
    def name(self) -> str:
        """The function's name in C."""
        return self.names["function", self.func.sym_name.data]

    def parameters(self) -> list[str]:
        """Return the names of inputs and outputs."""
        types = self.func.function_type
        inputs = [f"in{i}" for i in range(len(types.inputs))]
        return inputs + [f"out{i}" for i in range(len(types.outputs))]

    def declaration(self) -> str:
        """Return the head of the function."""
        params = ["TYREX_CONTEXT *context", "unsigned char *memory"]
        params += [f"void *{name}" for name in self.parameters()]
        return f"static int32_t {self.name}({', '.join(params)})"

    def print(self) -> str:
        """Return the function."""
        types = self.func.function_type
        for type_ in (*types.inputs, *types.outputs):
            self.bytes_of(self.func, type_)
        self.label(list(self.func.body.blocks))
        for block in self.func.body.blocks:
            if block in self.labels:
                self.lines.add(f"{self.labels[block]}:;")
            for op in block.ops:
                self.operation(op)
        body, lines = self.used(self.lines.text()), Lines(1)
        for name in ("context", "memory", *self.parameters()):
            if re.search(rf"\b{name}\b", body) is None:
                lines.add(f"(void){name};")
        for name in self.variables:
            lines.add(f"void *{name};")
        if self.fails:
            lines.add("int32_t code;")
        return "\n".join(filter(None, [f"{self.declaration()} {{", lines.text(), body, "}"]))

    def used(self, body: str) -> str:
        """Return the text without assignments to variables that nobody reads, nor those."""
        lines = body.split("\n")
        while True:
            words = Counter(_WORD.findall("\n".join(lines)))
            words.subtract(match[1] for line in lines if (match := _ASSIGNMENT.match(line)))
            unread = {name for name in self.variables if words[name] <= 0}
            if not unread:
                return "\n".join(lines)
            self.variables = [name for name in self.variables if name not in unread]
            kept = (line for line in lines if not _assigns(line, unread))
            lines = list(kept)

    def label(self, blocks: Sequence[Block]) -> None:
        """Name the blocks and their arguments."""
        for value, name in zip(blocks[0].args, self.parameters(), strict=False):
            self.values[value] = name
        self.labels = {block: f"block{i}" for i, block in enumerate(blocks[1:])}
        for block in blocks[1:]:
            for arg in block.args:
                self.bytes_of(self.func, arg.type)
                self.values[arg] = self.variable(arg.name_hint)

    def variable(self, hint: str | None) -> str:
        """Return a new variable, an address."""
        name = self.locals.new(hint, "t")
        self.variables.append(name)
        return name

    def assign(self, value: SSAValue, text: str) -> None:
        """Append an assignment of an address to a value's variable, where it has uses."""
        if not value.uses:
            self.values[value] = text
            return
        name = self.variable(value.name_hint)
        self.values[value] = name
        self.lines.add(f"{name} = {text};")

    def operation(self, op: Operation) -> None:
        """Append what an operation does."""
        handler = _HANDLERS.get(type(op))
        if handler is None:
            raise missing(op, op.name)
        handler(self, op)

    def bytes_of(self, op: Operation, type_: Attribute) -> int:
        """Return the bytes of a tensor."""
        size = vm.size_bytes(type_) if isinstance(type_, relax.TensorType) else None
        if size is None:
            raise missing(op, f"a value of type {type_}")
        return size

    def pointer(self, op: Operation, value: SSAValue) -> str:
        """Return the address of a tensor or a storage."""
        found = self.values[value]
        if isinstance(found, tuple):
            raise missing(op, f"a value of type {value.type}")
        return found

    def pointers(self, op: Operation, values: Sequence[SSAValue]) -> list[str]:
        """Return the addresses of tensors."""
        return [self.pointer(op, value) for value in values]

    def allocate(self, op: Operation, result: SSAValue, size: int) -> str:
        """Return memory for what an operation makes that holds nothing that is still needed."""
        stride = -(-size // ALIGN_BYTES) * ALIGN_BYTES
        rivals = self.pointers(op, self.instances.rivals(result))
        offset = self.frame_bytes
        self.frame_bytes += stride * (1 + len(rivals))
        first = f"memory + {offset}" if offset else "memory"
        if not rivals or not stride:
            return first
        name = self.variable(None)
        self.lines.add(f"{name} = {first};")
        taken = " || ".join(f"(uintptr_t){r} - (uintptr_t){name} < {stride}u" for r in rivals)
        for _ in rivals:  # each may lie in one place
            with self.lines.braces(f"if ({taken})"):
                self.lines.add(f"{name} = (unsigned char *){name} + {stride};")
        return name

    def checked(self, call: str) -> None:
        """Append a call that may fail."""
        self.fails = True
        self.lines.add(f"code = {call};")
        with self.lines.braces("if (code != 0)"):
            self.lines.add("return code;")

    def copy(self, source: str, target: str, size: int) -> None:
        """Append a copy of memory."""
        if source != target and size:
            self.lines.add(f"memmove({target}, {source}, {size}u);")

    def jump(self, op: Operation, block: Block, args: Sequence[SSAValue]) -> None:
        """Append a jump to a block, whose arguments are set at once."""
        label = self.labels.get(block)
        if label is None:
            raise missing(op, "a branch to the first block")
        pairs = list(zip(self.pointers(op, block.args), self.pointers(op, args), strict=True))
        pairs = [(target, source) for target, source in pairs if target != source]
        if len(pairs) > 1:
            saved = [self.variable("next") for _ in pairs]
            for name, (_, source) in zip(saved, pairs, strict=True):
                self.lines.add(f"{name} = {source};")
            pairs = [(target, name) for name, (target, _) in zip(saved, pairs, strict=True)]
        for target, source in pairs:
            self.lines.add(f"{target} = {source};")
        self.lines.add(f"goto {label};")


def _assigns(line: str, names: set[str]) -> bool:
    match = _ASSIGNMENT.match(line)
    return match is not None and match[1] in names


def missing(op: Operation, what: str) -> NotImplementedError:
    """Return the error about what a program has and C has not."""
    return NotImplementedError(f"C export: {what} at {show(op.location)}")


def number(op: Operation, expr: IntExpr) -> int:
    """Return the value of an expression that has one."""
    if not expr.is_constant:
        raise missing(op, f"a number that is known only when the model runs, {expr},")
    return expr.constant_value


def _call(f: HostPrinter, op: vm.CallOp) -> None:
    name = op.callee_name
    kernel = f.names.get(("kernel", name))
    if kernel is None:
        raise missing(op, f"kernel @{name}, which is not in the module,")
    args = [*f.pointers(op, op.operands), *(str(number(op, value)) for value in op.symbol_values)]
    if name in f.fallible:
        f.checked(f"{kernel}({', '.join(['context', *args])})")
    else:
        f.lines.add(f"{kernel}({', '.join(args)});")


def _invoke(f: HostPrinter, op: vm.InvokeOp) -> None:
    results = [f.allocate(op, result, f.bytes_of(op, result.type)) for result in op.res]
    for result, text in zip(op.res, results, strict=True):
        f.assign(result, text)
    args = ["context", "memory", *f.pointers(op, (*op.args, *op.res))]
    f.checked(f"{f.names['function', op.callee_name]}({', '.join(args)})")


def _branch(f: HostPrinter, op: vm.BranchOp) -> None:
    f.jump(op, op.successor, op.arguments)


def _cond_branch(f: HostPrinter, op: vm.CondBranchOp) -> None:
    with f.lines.braces(f"if (*(const uint8_t *){f.pointer(op, op.cond)} != 0)"):
        f.jump(op, op.then_block, op.then_arguments)
    f.jump(op, op.else_block, op.else_arguments)


def _return(f: HostPrinter, op: vm.ReturnOp) -> None:
    for index, value in enumerate(op.values):
        f.copy(f.pointer(op, value), f"out{index}", f.bytes_of(op, value.type))
    f.lines.add("return 0;")


def _alloc_output(f: HostPrinter, op: vm.AllocOutputOp) -> None:
    if op.index is not None:
        f.values[op.result] = f"out{op.index.value.data}"
    else:
        f.assign(op.result, f.allocate(op, op.result, f.bytes_of(op, op.result.type)))


def _alloc_storage(f: HostPrinter, op: vm.AllocStorageOp) -> None:
    f.values[op.result] = f.allocate(op, op.result, number(op, op.size))


def _tensor(f: HostPrinter, op: vm.TensorOp) -> None:
    storage, offset = f.pointer(op, op.storage), number(op, op.place)
    address = storage if storage.startswith("memory") else f"(unsigned char *){storage}"
    f.assign(op.result, f"{address} + {offset}" if offset else storage)


def _reshape(f: HostPrinter, op: vm.ReshapeOp) -> None:
    f.values[op.result] = f.pointer(op, op.x)


def _check_tensor(f: HostPrinter, op: vm.CheckTensorOp) -> None:
    if op.x.type != op.result.type:
        raise missing(op, f"{op.name} of a value of type {op.x.type}")
    f.values[op.result] = f.pointer(op, op.x)


def _fail(f: HostPrinter, op: vm.FailOp) -> None:
    text = f"{show(op.location)}: {op.message.data}" if is_known(op.location) else op.message.data
    f.lines.add(f"tyrex_error_set(TYREX_ERROR_ARGUMENT, {quoted(text)});")
    # The rest of the block is there for the sake of its types: no compiler is to call it dead.
    with f.lines.braces("if (context)"):
        f.lines.add("return TYREX_ERROR_ARGUMENT;")
    f.values |= dict.fromkeys(op.res, "NULL")


def _constant(f: HostPrinter, op: vm.ConstantOp) -> None:
    f.values[op.result] = f"TYREX_CONSTANT({f.pool.position(op.value)})"


def _copy(f: HostPrinter, op: vm.CopyOp) -> None:
    size = f.bytes_of(op, op.source.type)
    f.copy(f.pointer(op, op.source), f.pointer(op, op.destination), size)


def _tuple(f: HostPrinter, op: vm.TupleOp) -> None:
    f.values[op.result] = tuple(f.values[value] for value in op.fields)


def _tuple_get(f: HostPrinter, op: vm.TupleGetOp) -> None:
    fields = f.values[op.tuple_value]
    assert isinstance(fields, tuple), "checked by the verifier"
    f.values[op.result] = fields[op.index.value.data]


def _kill(f: HostPrinter, op: vm.KillOp) -> None:
    """The frame is given back as a whole."""


_HANDLERS: dict[type[Operation], Callable[[HostPrinter, Any], None]] = {
    vm.AllocOutputOp: _alloc_output,
    vm.AllocStorageOp: _alloc_storage,
    vm.BranchOp: _branch,
    vm.CallOp: _call,
    vm.CheckTensorOp: _check_tensor,
    vm.CondBranchOp: _cond_branch,
    vm.ConstantOp: _constant,
    vm.CopyOp: _copy,
    vm.FailOp: _fail,
    vm.InvokeOp: _invoke,
    vm.KillOp: _kill,
    vm.ReshapeOp: _reshape,
    vm.ReturnOp: _return,
    vm.TensorOp: _tensor,
    vm.TupleGetOp: _tuple_get,
    vm.TupleOp: _tuple,
}
