"""Recurrent layers: the two matrix products of each step and the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.rules.elementwise import SIGMOID, TANH
from haoline_analysis.cost.sizes import elements_in, given, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4, "DynamicQuantizeLSTM": 4}
CELL = {
    "RNN": TANH,
    "GRU": 2 * SIGMOID + TANH + 5,
    "LSTM": 3 * SIGMOID + 2 * TANH + 4,
    "DynamicQuantizeLSTM": 3 * SIGMOID + 2 * TANH + 4,
}
"""Operations per hidden unit and step with the default activations, beside the gate sums."""


@cost_rule("RNN", "GRU", "LSTM")
@cost_rule("DynamicQuantizeLSTM", domain=MICROSOFT)
def recurrent(signature: Signature) -> Cost:
    """Steps x batch x (elements of W + elements of R) MACs; W and R hold both directions and all gates."""
    steps = elements_in(signature, 0) // max(shape_in(signature, 0, 3)[-1], 1)
    macs = steps * (elements_in(signature, 1) + elements_in(signature, 2))
    directions = shape_in(signature, 2, 3)[0]
    gates = GATES[signature.op.type]
    hidden = min(shape_in(signature, 2, 3)[1:])  # R is [directions, gates*hidden, hidden], or its transpose
    units = steps * directions * hidden
    sums = gates * (1 + given(signature, 3))
    return Cost(macs, 2 * macs + units * (sums + CELL[signature.op.type]))
