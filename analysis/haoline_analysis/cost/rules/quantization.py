"""Quantize and dequantize: operations per element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.sizes import elements_in, elements_out, given

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


@cost_rule("QuantizeLinear")
@cost_rule("QuantizeLinear", domain=MICROSOFT)
def quantize(signature: Signature) -> Cost:
    """Divide and round, and add the zero point where there is one."""
    return Cost(0, (2 + given(signature, 2)) * elements_in(signature))


@cost_rule("DequantizeLinear")
@cost_rule("DequantizeLinear", domain=MICROSOFT)
def dequantize(signature: Signature) -> Cost:
    """Multiply, and subtract the zero point where there is one."""
    return Cost(0, (1 + given(signature, 2)) * elements_in(signature))


@cost_rule("DynamicQuantizeLinear")
def dynamic_quantize(signature: Signature) -> Cost:
    """Find minimum and maximum, then divide, round and add the zero point."""
    return Cost(0, 5 * elements_in(signature))


@cost_rule("QuantizeWithOrder", "DequantizeWithOrder", "QuantizeBFP", "DequantizeBFP", domain=MICROSOFT)
def symmetric(signature: Signature) -> Cost:
    """Scale, and round when quantizing."""
    return Cost(0, (1 + signature.op.type.startswith("Quantize")) * elements_in(signature))


@cost_rule("GatherBlockQuantized", domain=MICROSOFT)
def gather_dequantize(signature: Signature) -> Cost:
    """Dequantize what is gathered: subtract the zero point (8 where not given) and multiply."""
    return Cost(0, 2 * elements_out(signature))
