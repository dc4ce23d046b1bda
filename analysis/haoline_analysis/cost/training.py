"""Memory of training a graph of ATen ops: weights, gradients, optimizer states and saved activations; estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.cost.aten import is_aten
from haoline_analysis.cost.optimizers import OPTIMIZERS, Optimizer, Parameter
from haoline_analysis.cost.saved import Saved, saved_by_autograd
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.shapes.value import Evaluation

_NARROW = {"float32": "bfloat16", "float64": "bfloat16"}


def can_train(model: Model) -> bool:
    """Whether it is a PyTorch graph with float parameters; packed ones cannot be trained as they are."""
    if model.holds != "ops" or not model.ops or not all(is_aten(op) for op in model.ops):
        return False
    packed = any(tensor.weight is not None and tensor.weight.packing is not None for tensor in model.tensors)
    return not packed and bool(parameters(model)[0])


def parameters(model: Model) -> tuple[list[Parameter], int]:
    """The tensors that are trained, a shared one once, and the bytes of all other weights."""
    weights = {id(tensor.weight): tensor.weight for tensor in model.tensors if tensor.weight is not None}.values()
    trained = [item for item in weights if item.kind == "initializer" and item.dtype in dtypes.FLOATS]
    others = sum(item.nbytes or 0 for item in weights if item.kind != "initializer" or item.dtype not in dtypes.FLOATS)
    return [Parameter(item.dtype, item.shape) for item in trained], others


def training_table(model: Model, evaluation: Evaluation) -> Table:
    """A row for each optimizer; bytes, at the batch and sizes of the binding. NA where a shape is not known."""
    trained, others = parameters(model)
    saved = saved_by_autograd(model, evaluation)
    rows = [_row(optimizer, trained, others, saved, evaluation) for optimizer in OPTIMIZERS]
    table = Table(len(rows))
    table.add(Column("optimizer", [optimizer.name for optimizer in OPTIMIZERS], "Optimizer", provenance="estimated"))
    for place, (name, label, words) in enumerate(_COLUMNS):
        values = np.array([row[place] for row in rows], dtype=np.float64)
        words = words + _guessed(saved) if name == "saved_activations" else words
        table.add(Column(name, values, label, "B", provenance="estimated", description=words))
    return table


_SAVED = (
    "what autograd keeps of one forward pass, by the derivative of each op; no checkpointing, and no dropout masks "
    "where the graph was made for inference"
)
_COLUMNS = (
    ("weights", "Weights", "in the element type that the forward pass computes with, buffers included"),
    ("gradients", "Gradients", "one for each trained parameter"),
    ("states", "Optimizer states", "moments, master weights and step counters"),
    ("saved_activations", "Saved activations", _SAVED),
    ("total", "Total", "without workspaces of kernels and without fragmentation"),
)


def _row(
    optimizer: Optimizer, trained: list[Parameter], others: int, saved: Saved, evaluation: Evaluation
) -> tuple[float, ...]:
    kept = saved.nbytes(evaluation, _NARROW if optimizer.compute else None)
    parts = [
        others + sum(map(optimizer.weight, trained)),
        sum(map(optimizer.gradient, trained)),
        sum(map(optimizer.states, trained)),
        np.nan if kept is None else kept,
    ]
    return (*parts, sum(parts))


def _guessed(saved: Saved) -> str:
    if not saved.guessed:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in saved.guessed.most_common(5))
    return f"; of ops without a rule all inputs are taken as kept ({kinds})"
