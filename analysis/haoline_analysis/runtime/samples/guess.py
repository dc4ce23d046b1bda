"""What a model's first ops say about the numbers it wants for a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.presets import PRESETS, Preset

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op
    from haoline_analysis.runtime.samples.layouts import Layout

_PASSING = frozenset({"Cast", "Transpose", "Identity", "Reshape"})
_NORMALISING = frozenset({"Sub", "Add", "Div", "Mul"})
_SMALL = 64
_PHOTO = 64  # pixels: smaller inputs are digits and thumbnails, not ImageNet photos


def guess_preset(model: Model, layout: Layout) -> tuple[Preset, str]:
    """The likeliest preset of a picture input, and why."""
    if layout.port.is_integer:
        return PRESETS["raw"], f"the input is {layout.port.dtype}"
    name = layout.port.name
    index = next((i for i in model.inputs if model.tensors[i].name == name), None)
    found = None if index is None else _normalising_op(model, index)
    if found is not None:
        op, size = found
        if size > 2 or (op.type == "Mul" and size < 0.02):
            return PRESETS["raw"], f"{op.name} scales pixels of 0..255"
        return PRESETS["0-1"], f"{op.name} normalises pixels of 0..1"
    small = min(layout.height or _PHOTO, layout.width or _PHOTO) < _PHOTO
    if layout.channels != 3 or small:
        return PRESETS["0-1"], "nothing in the model tells otherwise"
    return PRESETS["imagenet"], "usual for RGB models"


def _normalising_op(model: Model, tensor: int) -> tuple[Op, float] | None:
    """The op that shifts or scales the input by a few constants, and their largest magnitude."""
    for _ in range(8):
        consumers = model.tensors[tensor].consumers
        if len(consumers) != 1:
            return None
        op = model.ops[consumers[0]]
        if op.type in _NORMALISING and op.domain == "":
            size = _constant_size(model, op, tensor)
            return None if size is None else (op, size)
        if op.type not in _PASSING or op.inputs[0] != tensor or op.outputs[0] < 0:
            return None
        tensor = op.outputs[0]
    return None


def _constant_size(model: Model, op: Op, tensor: int) -> float | None:
    other = next((i for i in op.inputs if i >= 0 and i != tensor), None)
    weight = None if other is None else model.tensors[other].weight
    if weight is None or not 0 < weight.elements <= _SMALL:
        return None
    try:
        return float(np.abs(weight.numpy().astype(np.float64)).max())
    except (ModelError, OSError, ValueError):
        return None
