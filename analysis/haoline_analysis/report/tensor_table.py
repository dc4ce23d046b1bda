"""The tensor table, and the two tables of edges: which op reads and writes which tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.report.formatting import TIMES
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.cost.parameters import ParameterCount
    from haoline_analysis.model import Body, Dim, Model, Op, Tensor
    from haoline_analysis.shapes.value import Evaluation, Value

KINDS = ("input", "output", "initializer", "constant", "activation")


def shape_text(shape: Sequence[Dim] | None) -> str | None:
    """Sizes with a cross between them, ``?`` for an unknown dim, ``scalar`` for rank 0, None for an unknown rank."""
    if shape is None:
        return None
    return TIMES.join("?" if dim is None else str(dim) for dim in shape) or "scalar"


def tensor_table(model: Model, evaluation: Evaluation, count: ParameterCount) -> Table:
    """One row per tensor: what it is, its type and shape under the binding, its bytes, and what is a parameter of it.

    ``count.weights`` marks all constants, those that ConstantOfShape nodes make included.
    """
    import pandas as pd

    known = _Described(evaluation)
    rows = [known.describe(index, tensor) for index, tensor in enumerate(model.tensors)]
    table = Table(len(rows))
    table.add(
        Column("name", [tensor.name for tensor in model.tensors], "Tensor", provenance="declared"),
        Column("kind", _kinds(model, count.weights), "Kind"),
        Column("dtype", [row[0] for row in rows], "Type"),
        Column("shape", [row[1] for row in rows], "Shape"),
        Column("nbytes", pd.array([row[2] for row in rows], dtype="Int64"), "Size", "B", aggregate="sum"),
        Column("producer", np.array([t.producer for t in model.tensors], dtype=np.int32), "Producer"),
        Column("consumers", np.array([len(t.consumers) for t in model.tensors], dtype=np.int32), "Consumers"),
        Column("quantization", _quantizations(model, evaluation), "Quantization"),
        Column("parameters", count.elements, "Parameters", aggregate="sum", description="Logical weight elements"),
        Column("bits", _bits(model, count), "Bits per weight", description="of stored weights"),
    )
    return table


def _bits(model: Model, count: ParameterCount) -> np.ndarray:
    """Stored bits per logical element of each weight; NaN for what is computed."""
    bits = np.full(len(model.tensors), np.nan)
    for index, tensor in enumerate(model.tensors):
        if tensor.weight is not None:
            size, elements = tensor.weight.nbytes, int(count.elements[index])
            known = tensor.weight.bits
            bits[index] = np.nan if known is None else known
            if elements and size is not None and tensor.weight.packing is None:
                bits[index] = 8 * size / elements  # four-bit weights in bytes
    return bits


class _Described:
    """Type, shape and bytes of tensors, worked out once per distinct value."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.indices = evaluation.tensor_values.tolist()
        self.values = [_of_value(value) for value in evaluation.values]

    def describe(self, index: int, tensor: Tensor) -> tuple[str | None, str | None, int | None]:
        """Type, shape and bytes of one tensor; a weight's bytes are its true storage."""
        weight = tensor.weight
        if weight is not None:
            return weight.dtype, shape_text(weight.shape), _storable(weight.nbytes)
        value = self.indices[index]
        return self.values[value] if value >= 0 else (tensor.dtype, shape_text(tensor.shape), None)


def _of_value(value: Value) -> tuple[str | None, str | None, int | None]:
    """Type, shape and bytes of an evaluated value."""
    return value.dtype or None, shape_text(value.shape), _storable(dtypes.nbytes(value.dtype, value.shape))


def _storable(size: int | None) -> int | None:
    """A size that 64 bits hold, else None: no such tensor exists."""
    return size if size is not None and size < 2**63 else None


def _kinds(model: Model, weights: NDArray[np.bool_]) -> list[str]:
    """The kind of each tensor; an initializer that is also an output counts as an output."""
    made = ["constant" if weight else "activation" for weight in weights.tolist()]
    kinds = [made[i] if tensor.weight is None else _weight_kind(tensor) for i, tensor in enumerate(model.tensors)]
    for index in model.inputs:
        kinds[index] = "input"
    for index in model.outputs:
        kinds[index] = "output"
    return kinds


def _weight_kind(tensor: Tensor) -> str:
    """Initializer or constant."""
    return "constant" if tensor.weight is not None and tensor.weight.kind == "constant" else "initializer"


def _quantizations(model: Model, evaluation: Evaluation) -> list[str | None]:
    """How each tensor is packed, or quantized beside a QuantizeLinear or DequantizeLinear; else None."""
    packings = [None if tensor.weight is None else tensor.weight.packing for tensor in model.tensors]
    found = [None if packing is None else packing.text for packing in packings]
    for op in model.ops:
        if op.type == "QuantizeLinear" and op.outputs and op.outputs[0] >= 0:
            found[op.outputs[0]] = _scheme(op, op.outputs[0], model, evaluation)
        elif op.type == "DequantizeLinear" and op.inputs and op.inputs[0] >= 0:
            found[op.inputs[0]] = _scheme(op, op.inputs[0], model, evaluation)
    return found


def _scheme(op: Op, tensor: int, model: Model, evaluation: Evaluation) -> str:
    """``int8 per-tensor``, ``int8 per-axis 0`` or ``int4 blocks of 32``, from the scale's shape and attributes."""
    value = evaluation.value(tensor)
    weight = model.tensors[tensor].weight
    dtype = weight.dtype if weight else (value.dtype if value and value.dtype else "quantized")
    block = op.attributes.get("block_size", 0)
    if isinstance(block, int) and block > 0:
        return f"{dtype} blocks of {block}"
    scale = evaluation.value(op.inputs[1]) if len(op.inputs) > 1 else None
    if scale is None or scale.shape is None:
        return dtype
    return (
        f"{dtype} per-axis {op.attributes.get('axis', 1)}" if scale.shape not in ((), (1,)) else f"{dtype} per-tensor"
    )


def edge_tables(model: Model) -> tuple[Table, Table]:
    """The tables ``uses`` and ``makes``: op, slot and tensor of every input and output that is there."""
    return _edges([op.inputs for op in model.ops]), _edges([op.outputs for op in model.ops])


def feed_table(model: Model) -> Table:
    """The table ``feeds``: which control-flow op fills which input of its bodies, numbered across them."""
    return _edges([tuple(tensor for body in op.bodies for tensor in body.inputs) for op in model.ops])


def yield_table(model: Model) -> Table:
    """The table ``yields``: which tensor of a body a control-flow op hands on as which of its outputs.

    An If has a row for each branch. The condition that a Loop's body computes stays inside.
    """
    rows = [
        (index, slot, tensor)
        for index, op in enumerate(model.ops)
        for body in op.bodies
        for slot, tensor in enumerate(_results(op, body)[: len(op.outputs)])
        if tensor >= 0 and op.outputs[slot] >= 0
    ]
    columns = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    table = Table(len(rows))
    table.add(*(Column(name, values) for name, values in zip(("op", "slot", "tensor"), columns, strict=True)))
    return table


def _results(op: Op, body: Body) -> tuple[int, ...]:
    """The outputs of a body in the order of its owner's outputs."""
    return body.outputs[1:] if op.type == "Loop" else body.outputs


def _edges(slots: list[tuple[int, ...]]) -> Table:
    """Rows (op, slot, tensor) of tensor lists, omitted ones left out."""
    lengths = np.fromiter((len(tensors) for tensors in slots), dtype=np.int64, count=len(slots))
    tensors = np.fromiter((tensor for row in slots for tensor in row), dtype=np.int32, count=int(lengths.sum()))
    ops = np.repeat(np.arange(len(slots), dtype=np.int32), lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    slot = (np.arange(len(tensors)) - starts).astype(np.int32)
    there = tensors >= 0
    table = Table(int(there.sum()))
    table.add(Column("op", ops[there]), Column("slot", slot[there]), Column("tensor", tensors[there]))
    return table
