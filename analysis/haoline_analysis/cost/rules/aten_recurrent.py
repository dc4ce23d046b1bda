"""Recurrent layers and cells of PyTorch: the matrix products of each step, and the gates."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.rules.elementwise import TANH
from haoline_analysis.cost.rules.recurrent import CELL, GATES
from haoline_analysis.cost.sizes import elements_in, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


@cost_rule(*KINDS, domain=DOMAIN)
def recurrent(signature: Signature) -> Cost:
    """Steps x batch x elements of all weight matrices, each used once a step; biases and gates per hidden unit.

    Inputs: the sequence, initial states, and per layer and direction two matrices, two biases where there are any,
    and a projection.
    """
    sequence = shape_in(signature, 0, 2)
    steps = prod(sequence[:-1])
    weights = _weights(signature, states=2 if signature.op.type == "lstm" else 1)
    macs = steps * sum(map(prod, (shape for shape in weights if len(shape) == 2)))
    return Cost(macs, 2 * macs + steps * _gates(signature, weights))


def _weights(signature: Signature, states: int) -> list[tuple[int, ...]]:
    """Shapes of the parameters; a packed sequence has its batch sizes as second input."""
    second = signature.inputs[1] if len(signature.inputs) > 1 else None
    packed = second is not None and second.dtype == "int64"
    start = 1 + packed + states
    if len(signature.inputs) <= start:
        raise UnknownSizeError("weights")
    return [shape_in(signature, index) for index in range(start, len(signature.inputs))]


def _gates(signature: Signature, weights: list[tuple[int, ...]]) -> int:
    """Operations of one step beside the products, all layers and directions."""
    kind = KINDS[signature.op.type]
    cell = CELL[kind] - (TANH - 1 if signature.op.type == "rnn_relu" else 0)
    rows = max(shape[0] for shape in weights if len(shape) == 2)
    layers = sum(len(shape) == 2 and shape[0] == rows for shape in weights) // 2  # an input and a hidden matrix each
    biased = any(len(shape) == 1 for shape in weights)
    return layers * (rows // GATES[kind]) * (GATES[kind] * (1 + biased) + cell)


@cost_rule("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", domain=DOMAIN)
def cell(signature: Signature) -> Cost:
    """One step: input, states, the two matrices, optional biases."""
    name = signature.op.type.removesuffix("_cell")
    kind, states = KINDS[name], 2 if name == "lstm" else 1
    rows = elements_in(signature, 0) // max(shape_in(signature, 0, 1)[-1], 1)
    macs = rows * (elements_in(signature, 1 + states) + elements_in(signature, 2 + states))
    hidden = shape_in(signature, 1 + states, 2)[0] // GATES[kind]
    biased = len(signature.inputs) > 3 + states
    per_unit = CELL[kind] - (TANH - 1 if name == "rnn_relu" else 0) + GATES[kind] * (1 + biased)
    return Cost(macs, 2 * macs + rows * hidden * per_unit)
