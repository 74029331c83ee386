"""Recurrent networks over whole sequences: one operator runs all the steps of one direction.

What depends on the inputs alone is no part of them: a matmul computes the gates' share of x for
all steps at once, biases included, and the operators get it as `gates`. In the equations h is the
state before a step and h' after it, s the sigmoid. Step t of batch b runs where t < lengths[b]; a
step that does not run keeps the state and gives 0. With `reverse` the last step runs first.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, LocationAttr, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure

from .. import dtypes
from .base import RelaxOp
from .dims import check_dims, require
from .operand_checks import flag, tensor_type
from .types import Dim, TensorType

ACTIVATIONS = ("tanh", "relu", "sigmoid")


class RecurrentOp(RelaxOp):
    """Base: operands begin with `gates` [t, b, n * h] and `r` [h, n * h], end with `lengths` [b].

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) the shapes fit.
    """

    reverse = prop_def(IntegerAttr)
    traits = traits_def(Pure())

    @property
    def is_reverse(self) -> bool:
        """Whether the last step runs first."""
        return flag(self.reverse)

    def infer_recurrent(
        self, num_gates: int, vectors: Sequence[SSAValue], states: Sequence[SSAValue]
    ) -> Sequence[Attribute]:
        """Check the constraints; return the types of all outputs and of the last states.

        Args:
            num_gates: n.
            vectors: operands of shape [h].
            states: operands of shape [b, h].
        """
        *values, lengths = [tensor_type(operand) for operand in self.operands]
        gates, dtype = values[0], values[0].dtype
        floating = dtypes.is_float(dtype) and all(t.dtype == dtype for t in values)
        found = ", ".join(str(t.dtype) for t in (*values, lengths))
        require(
            floating and dtypes.is_integer(lengths.dtype),
            self,
            f"(C1) element types {found}; expected floats of one type, then integers",
        )
        steps, batch, width = gates.shape or (None,) * 3
        hidden = tensor_type(self.operands[1]).shape
        h: Dim = None if hidden is None else hidden[0]
        check_dims(self, "(C2) gates", gates, (steps, batch, None if h is None else h * num_gates))
        check_dims(self, "(C2) r", values[1], (h, width))
        for vector in vectors:
            check_dims(self, "(C2) a bias", tensor_type(vector), (h,))
        for state in states:
            check_dims(self, "(C2) a state", tensor_type(state), (batch, h))
        check_dims(self, "(C2) lengths", lengths, (batch,))
        last = TensorType.of((batch, h), dtype)
        return [TensorType.of((steps, batch, h), dtype), *(last for _ in states)]


@irdl_op_definition
class RnnOp(RecurrentOp):
    """`%y, %h = relax.rnn %gates, %r, %h0, %lengths {reverse, activation}`: h' = f(gates + h r).

    y [t, b, h] holds h' of every step, %h the last state.

    (C1) gates, r and h0 are floats of one type; the lengths are integers.
    (C2) gates [t, b, h], r [h, h], h0 [b, h], lengths [b].
    (C3) the activation is tanh, relu or sigmoid.
    """

    name = "relax.rnn"
    gates = operand_def(TensorType)
    r = operand_def(TensorType)
    h0 = operand_def(TensorType)
    lengths = operand_def(TensorType)
    activation = prop_def(StringAttr)
    y = result_def(TensorType)
    h = result_def(TensorType)

    def __init__(
        self,
        gates: SSAValue | Operation,
        r: SSAValue | Operation,
        h0: SSAValue | Operation,
        lengths: SSAValue | Operation,
        *,
        reverse: bool,
        activation: str = "tanh",
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            gates,
            r,
            h0,
            lengths,
            location=location,
            num_results=2,
            reverse=reverse,
            activation=activation,
        )

    def infer_types(self) -> Sequence[Attribute]:
        types = self.infer_recurrent(1, (), (self.h0,))
        require(
            self.activation.data in ACTIVATIONS,
            self,
            f'(C3) activation "{self.activation.data}" is unknown; '
            f"use one of {', '.join(ACTIVATIONS)}",
        )
        return types


@irdl_op_definition
class GruOp(RecurrentOp):
    """`%y, %h = relax.gru %gates, %r, %bias, %h0, %lengths {reverse, linear_before_reset}`.

    With (gz, gr, gh) = gates of the step and r = (rz, rr, rh), along their last axes:

    z = s(gz + h rz); a = s(gr + h rr); h' = (1 - z) * tanh(gh + c) + z * h, where
    c = a * (h rh + bias) with linear_before_reset, else (a * h) rh + bias.

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) gates [t, b, 3 h], r [h, 3 h], bias [h], h0 [b, h], lengths [b].
    """

    name = "relax.gru"
    gates = operand_def(TensorType)
    r = operand_def(TensorType)
    bias = operand_def(TensorType)
    h0 = operand_def(TensorType)
    lengths = operand_def(TensorType)
    linear_before_reset = prop_def(IntegerAttr)
    y = result_def(TensorType)
    h = result_def(TensorType)

    def __init__(
        self,
        gates: SSAValue | Operation,
        r: SSAValue | Operation,
        bias: SSAValue | Operation,
        h0: SSAValue | Operation,
        lengths: SSAValue | Operation,
        *,
        reverse: bool,
        linear_before_reset: bool,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            gates,
            r,
            bias,
            h0,
            lengths,
            location=location,
            num_results=2,
            reverse=reverse,
            linear_before_reset=linear_before_reset,
        )

    @property
    def is_linear_before_reset(self) -> bool:
        """Whether the reset gate is applied after the multiplication with rh."""
        return flag(self.linear_before_reset)

    def infer_types(self) -> Sequence[Attribute]:
        return self.infer_recurrent(3, (self.bias,), (self.h0,))


@irdl_op_definition
class LstmOp(RecurrentOp):
    """`%y, %h, %c = relax.lstm %gates, %r, %h0, %c0, %lengths {reverse}`.

    With (i, o, f, g) = gates of the step + h r, along the last axis:

    c' = s(f) * c + s(i) * tanh(g); h' = s(o) * tanh(c').

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) gates [t, b, 4 h], r [h, 4 h], h0 and c0 [b, h], lengths [b].
    """

    name = "relax.lstm"
    gates = operand_def(TensorType)
    r = operand_def(TensorType)
    h0 = operand_def(TensorType)
    c0 = operand_def(TensorType)
    lengths = operand_def(TensorType)
    y = result_def(TensorType)
    h = result_def(TensorType)
    c = result_def(TensorType)

    def __init__(
        self,
        gates: SSAValue | Operation,
        r: SSAValue | Operation,
        h0: SSAValue | Operation,
        c0: SSAValue | Operation,
        lengths: SSAValue | Operation,
        *,
        reverse: bool,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            gates, r, h0, c0, lengths, location=location, num_results=3, reverse=reverse
        )

    def infer_types(self) -> Sequence[Attribute]:
        return self.infer_recurrent(4, (), (self.h0, self.c0))


RECURRENT = (GruOp, LstmOp, RnnOp)
