"""What the tensors of an optimised graph are called in the float model.

onnxruntime gives tensors names of its own where it changes their layout, and where an integer kernel makes them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.tradeoffs.profiling import Kernel

_SUFFIXES = ("_QuantizeLinear_Output", "_DequantizeLinear_Output", "_QuantizeLinear_Input", "_quantized")
_UNIQUE = re.compile(r"_token_\d+$")  # what onnxruntime appends to names that are taken
_BLOCKED = "_nchwc"  # a kernel in blocked layout is called after the tensor that it makes
_SCALE = "_scale"
MOVES = frozenset({"ReorderInput", "ReorderOutput", "Transpose"})
"""Kernels that bring a tensor into another layout."""


def by_float_names(kernels: Sequence[Kernel], model: Model) -> list[Kernel]:
    """The kernels with the float model's names for their tensors, as far as these can be told.

    Args:
        kernels: in the order in which they run.
        model: the float model.
    """
    known = {tensor.name for tensor in model.tensors}
    makes = {op.name: model.tensors[op.outputs[0]].name for op in model.ops if op.outputs and op.outputs[0] >= 0}
    names = {name: name for name in known}
    found = []
    for kernel in kernels:
        inputs = tuple(names.get(each) or _plain(each, known) for each in kernel.inputs)
        if kernel.outputs and _plain(kernel.outputs[0], known) not in known:
            name = _made(kernel, inputs, known, makes)
            names |= {kernel.outputs[0]: name} if name in known else {}
        outputs = tuple(names.get(each) or _plain(each, known) for each in kernel.outputs)
        found.append(replace(kernel, inputs=inputs, outputs=outputs))
    return found


def _plain(name: str, known: set[str]) -> str:
    """A name without what quantizers append."""
    if name in known:
        return name
    return next((name.removesuffix(each) for each in _SUFFIXES if name.endswith(each)), name)


def _made(kernel: Kernel, inputs: Sequence[str], known: set[str], makes: Mapping[str, str]) -> str:
    """What a kernel makes, whose output has a name of its own; "" where it cannot be told."""
    own = _UNIQUE.sub("", kernel.name)
    if own.endswith(_BLOCKED):
        return own.removesuffix(_BLOCKED)
    if kernel.type in MOVES and inputs:
        return inputs[0]
    if kernel.type.startswith("QLinear"):  # the last scale is that of its output
        scales = [each.removesuffix(_SCALE) for each in inputs if each.endswith(_SCALE)]
        if scales and scales[-1] in known:
            return scales[-1]
    return makes.get(own, "")
