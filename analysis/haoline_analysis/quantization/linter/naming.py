"""What the ops of a quantized model are called in the float model it was made from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from haoline_analysis.quantization.structure.recorded import PROVENANCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from haoline_analysis.model import Model

LONGEST = 1 << 22
_ADDED = re.compile(r"(_quant|(_matmul)?_Q\d|_DQ_Q\d|/\w*Fusion/)$")
"""What onnxruntime's quantizers and fusions append to the name of the op that they replace."""
_PRODUCT, _SUM = "_MatMul", "_Add"
"""What they append to the halves of a Gemm that they take apart."""


def float_name(name: str, others: Collection[str]) -> str:
    """The name of an op in the float model.

    Args:
        name: its name in the quantized model.
        others: the names of all ops there.
    """
    bare = _ADDED.sub("", name)
    whole = bare.removesuffix(_PRODUCT)
    return whole if whole != bare and whole + _SUM in others else bare


def left_float(model: Model) -> frozenset[str]:
    """Ops that the recipe stored in a quantized model leaves in float; none where there is no recipe."""
    text = model.metadata.get(PROVENANCE, "")
    if not text or len(text) > LONGEST:
        return frozenset()
    try:
        recipe = json.loads(text)["recipe"]
        options = recipe.get("options", recipe)
        return frozenset(str(name) for name in options.get("keep_float") or ())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset()
