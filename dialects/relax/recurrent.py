"""Recurrent networks over whole sequences: one operator runs all the steps of one direction.

What depends on the inputs alone is no part of them: a matmul computes the gates' share of x for
all steps at once, biases included, and the operators get it as `gates`. In the equations h is the
state before a step and h' after it; f, g, k are the `activations`, sigmoid and tanh as a rule, and
what they are applied to is within -clip and clip where there is a `clip`. Step t of batch b runs
where t < lengths[b]; a step that does not run keeps the state and gives 0. With `reverse` the last
step runs first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    LocationAttr,
    StringAttr,
    UnitAttr,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .. import dtypes
from .base import RelaxOp
from .dims import check_dims, floats, require
from .operand_checks import flag, tensor_type
from .types import Dim, TensorType

ACTIVATIONS = (
    "affine", "elu", "hardsigmoid", "leakyrelu", "relu", "scaledtanh", "sigmoid", "softplus",
    "softsign", "tanh", "thresholdedrelu",
)  # fmt: skip
"""ONNX's, by their names there: a x + b, ..., a tanh(b x), ..., x where x > a else 0."""


@dataclass(frozen=True)
class Activation:
    """A function of one number, with its coefficients a and b where it has any."""

    name: str
    a: float = 0.0
    b: float = 0.0


class RecurrentOp(RelaxOp):
    """Base: operands begin with `gates` [t, b, n * h] and `r` [h, n * h], end with `lengths` [b].

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) the shapes fit.
    (C3) the activations are known ones, as many as the operator has, with two coefficients each.
    """

    DEFAULTS: ClassVar[tuple[str, ...]]
    reverse = prop_def(IntegerAttr)
    activations = opt_prop_def(ArrayAttr[StringAttr])
    coefficients = opt_prop_def(DenseArrayBase)
    clip = opt_prop_def(FloatAttr)
    traits = traits_def(Pure())

    @property
    def functions(self) -> list[Activation]:
        """The activations, in the order of the equations."""
        names = self.DEFAULTS
        if self.activations is not None:
            names = tuple(name.data for name in self.activations)
        values = (
            [0.0] * (2 * len(names)) if self.coefficients is None else floats(self.coefficients)
        )
        pairs = zip(values[::2], values[1::2], strict=True)
        return [Activation(name, a, b) for name, (a, b) in zip(names, pairs, strict=True)]

    @property
    def limit(self) -> float | None:
        """The largest magnitude of what an activation is applied to."""
        return None if self.clip is None else self.clip.value.data

    def check_functions(self) -> None:
        """Check (C3)."""
        names = self.DEFAULTS if self.activations is None else [a.data for a in self.activations]
        count = None if self.coefficients is None else len(floats(self.coefficients))
        require(
            len(names) == len(self.DEFAULTS) and count in (None, 2 * len(names)),
            self,
            f"(C3) {len(names)} activations and {count or 0} coefficients; expected"
            f" {len(self.DEFAULTS)}, with two each",
        )
        for name in names:
            require(
                name in ACTIVATIONS,
                self,
                f'(C3) activation "{name}" is unknown; use one of {", ".join(ACTIVATIONS)}',
            )

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
        self.check_functions()
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
    """`%y, %h = relax.rnn %gates, %r, %h0, %lengths {reverse}`: h' = f(gates + h r).

    y [t, b, h] holds h' of every step, %h the last state.

    (C1) gates, r and h0 are floats of one type; the lengths are integers.
    (C2) gates [t, b, h], r [h, h], h0 [b, h], lengths [b].
    (C3) one activation, tanh as a rule.
    """

    name = "relax.rnn"
    DEFAULTS: ClassVar[tuple[str, ...]] = ("tanh",)
    gates = operand_def(TensorType)
    r = operand_def(TensorType)
    h0 = operand_def(TensorType)
    lengths = operand_def(TensorType)
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
        activations: Sequence[Activation] | None = None,
        clip: float | None = None,
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
            clip=clip,
            activations=_names(activations),
            coefficients=_coefficients(activations),
        )

    def infer_types(self) -> Sequence[Attribute]:
        return self.infer_recurrent(1, (), (self.h0,))


@irdl_op_definition
class GruOp(RecurrentOp):
    """`%y, %h = relax.gru %gates, %r, %bias, %h0, %lengths {reverse, linear_before_reset}`.

    With (gz, gr, gh) = gates of the step and r = (rz, rr, rh), along their last axes:

    z = f(gz + h rz); a = f(gr + h rr); h' = (1 - z) * g(gh + c) + z * h, where
    c = a * (h rh + bias) with linear_before_reset, else (a * h) rh + bias.

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) gates [t, b, 3 h], r [h, 3 h], bias [h], h0 [b, h], lengths [b].
    (C3) two activations, sigmoid and tanh as a rule.
    """

    name = "relax.gru"
    DEFAULTS: ClassVar[tuple[str, ...]] = ("sigmoid", "tanh")
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
        activations: Sequence[Activation] | None = None,
        clip: float | None = None,
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
            clip=clip,
            activations=_names(activations),
            coefficients=_coefficients(activations),
        )

    @property
    def is_linear_before_reset(self) -> bool:
        """Whether the reset gate is applied after the multiplication with rh."""
        return flag(self.linear_before_reset)

    def infer_types(self) -> Sequence[Attribute]:
        return self.infer_recurrent(3, (self.bias,), (self.h0,))


@irdl_op_definition
class LstmOp(RecurrentOp):
    """`%y, %h, %c = relax.lstm %gates, %r, %h0, %c0, %peephole, %lengths {reverse, coupled}`.

    With (i, o, m, n) = gates of the step + h r, along the last axis:

    c' = f(m + pm * c) * c + f(i + pi * c) * g(n); h' = f(o + po * c') * k(c'), where
    (pi, po, pm) = peephole, which may be left out. With `coupled`, 1 - f(i + pi * c) stands in
    the place of f(m + pm * c).

    (C1) all but the lengths are floats of one type; the lengths are integers.
    (C2) gates [t, b, 4 h], r [h, 4 h], h0 and c0 [b, h], peephole [3 h], lengths [b].
    (C3) three activations, sigmoid, tanh and tanh as a rule.
    """

    name = "relax.lstm"
    DEFAULTS: ClassVar[tuple[str, ...]] = ("sigmoid", "tanh", "tanh")
    gates = operand_def(TensorType)
    r = operand_def(TensorType)
    h0 = operand_def(TensorType)
    c0 = operand_def(TensorType)
    peephole = opt_operand_def(TensorType)
    lengths = operand_def(TensorType)
    coupled = opt_prop_def(UnitAttr)
    y = result_def(TensorType)
    h = result_def(TensorType)
    c = result_def(TensorType)

    def __init__(
        self,
        gates: SSAValue | Operation,
        r: SSAValue | Operation,
        h0: SSAValue | Operation,
        c0: SSAValue | Operation,
        *others: SSAValue | Operation,
        reverse: bool,
        coupled: bool = False,
        activations: Sequence[Activation] | None = None,
        clip: float | None = None,
        location: LocationAttr | None = None,
    ) -> None:
        """Make one; `others` are the lengths, behind the peephole where there is one."""
        super().__init__(
            gates,
            r,
            h0,
            c0,
            *others,
            location=location,
            num_results=3,
            reverse=reverse,
            coupled=UnitAttr() if coupled else None,
            clip=clip,
            activations=_names(activations),
            coefficients=_coefficients(activations),
        )

    def infer_types(self) -> Sequence[Attribute]:
        types = self.infer_recurrent(4, (), (self.h0, self.c0))
        hidden = tensor_type(self.r).shape
        h: Dim = None if hidden is None else hidden[0]
        if self.peephole is not None:
            expected = (None if h is None else h * 3,)
            check_dims(self, "(C2) peephole", tensor_type(self.peephole), expected)
        return types


def _names(found: Sequence[Activation] | None) -> Attribute | None:
    return None if found is None else ArrayAttr([StringAttr(it.name) for it in found])


def _coefficients(found: Sequence[Activation] | None) -> Attribute | None:
    values = [value for it in found or () for value in (it.a, it.b)]
    return DenseArrayBase.from_list(f64, values) if any(values) else None


RECURRENT = (GruOp, LstmOp, RnnOp)
