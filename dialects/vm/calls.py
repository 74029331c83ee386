"""What a vm.func may call: the check that calls fit the kernels and functions of the module.

A kernel gets addresses and nothing that says how much lies there, so this is where a wrong call
is caught. Kernels that are not in the module (compiled before) are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import FunctionType, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr
from ..diagnostics import CompileError
from ..relax.base import compatible
from ..relax.types import TensorType
from ..tir.attributes import BufferType
from ..tir.func import FuncOp as KernelOp
from .memory import PrefixOp, ReshapeOp


def symbols_beside(op: Operation) -> dict[str, Operation]:
    """Return the operations with a name in the block of `op`."""
    found: dict[str, Operation] = {}
    block = op.parent
    for other in () if block is None else block.ops:
        name = other.properties.get("sym_name")
        if isinstance(name, StringAttr):
            found[name.data] = other
    return found


def check_kernel_call(
    call: Operation,
    kernel: KernelOp,
    operands: tuple[Sequence[SSAValue], Sequence[SSAValue], Sequence[SSAValue]],
    symbols: Sequence[IntExpr],
) -> None:
    """Check a call's inputs, outputs, workspaces and symbol values against its kernel.

    Raises:
        CompileError: they do not fit.
    """
    name = kernel.sym_name.data
    expected = (kernel.inputs, kernel.outputs, kernel.workspaces)
    counts = [len(values) for values in operands], [len(args) for args in expected]
    if counts[0] != counts[1]:
        raise _error(
            call,
            kernel,
            f"passes {_counted(counts[0])} to @{name}, which takes {_counted(counts[1])}",
        )
    if len(symbols) != len(kernel.symbol_names):
        raise _error(
            call,
            kernel,
            f"passes {len(symbols)} symbol values to @{name}, which has"
            f" {len(kernel.symbol_names)} symbols",
        )
    values = dict(zip(kernel.symbol_names, symbols, strict=True))
    for passed, args in zip(operands, expected, strict=True):
        for value, arg in zip(passed, args, strict=True):
            wanted = _tensor_type(arg.type, values)
            if wanted is not None and value.type != wanted:
                raise _error(call, kernel, f"passes {value.type} where @{name} takes {wanted}")
    _check_aliases(call, kernel, operands)


def _check_aliases(
    call: Operation,
    kernel: KernelOp,
    operands: tuple[Sequence[SSAValue], Sequence[SSAValue], Sequence[SSAValue]],
) -> None:
    allowed = set(kernel.aliases())
    inputs = [_base(value) for value in operands[0]]
    written = [_base(value) for value in (*operands[1], *operands[2])]
    for o, output in enumerate(written):
        for i, value in enumerate(inputs):
            if value is output and (i, o) not in allowed:
                raise _error(
                    call,
                    kernel,
                    f"passes one memory as input {i} and output {o}, which is no alias pair of"
                    f" @{kernel.sym_name.data}",
                )
        if any(output is other for other in written[:o]):
            raise _error(call, kernel, "passes one memory as two outputs or workspaces")


def check_function_call(
    call: Operation, callee: Operation | None, signature: FunctionType | None, name: str
) -> None:
    """Check a call against the vm.func of its name.

    Raises:
        CompileError: there is none, or its signature is another.
    """
    if callee is None or signature is None:
        raise CompileError(call, f"calls @{name}, which is no vm.func of the module")
    found = [value.type for value in (*call.operands, *call.results)]
    declared = [*signature.inputs.data, *signature.outputs.data]
    # Symbols of the callee are told when it is entered.
    if len(found) != len(declared) or not all(map(compatible, declared, found)):
        raise CompileError(
            call, f"does not have the signature of @{name}, {signature}", [(callee, "the function")]
        )


def check_captured(
    closure: Operation, callee: Operation | None, signature: FunctionType | None, name: str
) -> None:
    """Check that what a closure binds are last arguments of its vm.func.

    Raises:
        CompileError: there is no such function, or it takes other arguments.
    """
    if callee is None or signature is None:
        raise CompileError(closure, f"binds arguments of @{name}, which is no vm.func")
    inputs, found = signature.inputs.data, [value.type for value in closure.operands]
    last = inputs[len(inputs) - len(found) :]
    if len(found) > len(inputs) or not all(map(compatible, last, found)):
        raise CompileError(
            closure,
            f"binds what are no last arguments of @{name}, {signature}",
            [(callee, "the function")],
        )


def _base(value: SSAValue) -> SSAValue:
    while isinstance(value.owner, ReshapeOp | PrefixOp):
        value = value.owner.x
    return value


def _tensor_type(buffer: Attribute, symbols: Mapping[str, IntExpr]) -> TensorType | None:
    """Return the tensor that fits a buffer, or None where the argument is no buffer."""
    if not isinstance(buffer, BufferType):
        return None
    dims = [dim.substitute(dict(symbols)) for dim in buffer.shape]
    if any(dim.is_constant and dim.constant_value < 0 for dim in dims):
        raise VerifyException(f"vm.call: {buffer} with symbols {dict(symbols)} has a negative dim")
    return TensorType.of(dims, buffer.dtype)


def _counted(counts: Sequence[int]) -> str:
    return f"{counts[0]} inputs, {counts[1]} outputs and {counts[2]} workspaces"


def _error(call: Operation, kernel: KernelOp, message: str) -> CompileError:
    return CompileError(call, message, [(kernel, "the kernel")])
