"""The tables of a model that holds weights: one row per logical weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.report.attributes import attribute_texts
from haoline_analysis.report.tensor_table import shape_text
from haoline_analysis.structure.roles import role
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op, Weight
    from haoline_analysis.structure import Scopes

MOST = 2**62
"""Elements or bytes that one weight may claim; more is not counted, and a gap."""


class Counts(NamedTuple):
    """What the rows hold, shared storage at the first row that has it."""

    parameters: np.ndarray  # int64 [rows]
    weight_bytes: np.ndarray  # int64 [rows]
    shared_with: dict[int, int]  # row -> the row that has its storage
    uncounted: list[int]  # rows whose size is not known, or too much to be one


def carrier(model: Model, op: Op) -> Weight | None:
    """The weight that a row is about: the first of its tensors."""
    return next((model.tensors[index].weight for index in op.inputs if index >= 0), None)


def count(model: Model) -> Counts:
    """Logical elements and stored bytes of each row; buffers, scales and zeros are bytes but no parameters."""
    rows = len(model.ops)
    parameters, sizes = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    owner: dict[int, int] = {}
    shared: dict[int, int] = {}
    uncounted = []
    for row, op in enumerate(model.ops):
        for slot, index in enumerate(op.inputs):
            weight = model.tensors[index].weight if index >= 0 else None
            if weight is None:
                continue
            first = owner.setdefault(id(weight), row)
            if first != row:
                shared[row] = first
                continue
            size = weight.nbytes
            if size is None or size + int(sizes[row]) > MOST or weight.elements > MOST:
                uncounted.append(row)
                continue
            sizes[row] += size
            if slot == 0 and op.type == "Weight" and weight.kind != "buffer":
                parameters[row] = weight.elements
    return Counts(parameters, sizes, shared, sorted(set(uncounted)))


def op_table(model: Model, scopes: Scopes, counts: Counts) -> Table:
    """One row per logical weight."""
    ops = model.ops
    weights = [carrier(model, op) for op in ops]
    roles = [_role(op, weight) for op, weight in zip(ops, weights, strict=True)]
    bits = [None if weight is None else weight.bits for weight in weights]
    kinds = np.array([None if weight is None else weight.element_type for weight in weights], object)
    table = Table(len(ops))
    table.add(
        Column("name", [op.name for op in ops], "Weight", provenance="declared"),
        Column("type", [op.type for op in ops], "Type", provenance="declared"),
        Column("domain", [op.domain for op in ops], "Domain", provenance="declared"),
        Column("category", roles, "Category", description="what the weight is for, by its name and shape"),
        Column("scope", np.asarray(scopes.op_scope, dtype=np.int32), "Scope"),
        Column("parent", np.full(len(ops), -1, np.int32), "Inside"),
        Column("attributes", _attributes(model, counts), "Attributes", provenance="declared"),
        Column("parameters", counts.parameters, "Parameters", aggregate="sum", description="Logical weight elements"),
        Column("weight_bytes", counts.weight_bytes, "Weights", "B", aggregate="sum", description="Stored bytes"),
        Column("weight_precision", kinds, "Weight type", description="in which the weight is stored"),
        Column("shape", [None if w is None else shape_text(w.shape) for w in weights], "Shape", provenance="declared"),
        Column("quantization", [_packing_text(weight) for weight in weights], "Quantization"),
        Column(
            "bits_per_weight", _floats(bits), "Bits per weight", description="with scales and zeros", scale="linear"
        ),
        Column("role", list(roles), "Role", description="what the weight is for, by its name and shape"),
    )
    return table


def _role(op: Op, weight: Weight | None) -> str:
    kind = "buffer" if op.type == "Buffer" else "weight"
    return role(op.name, None if weight is None else weight.shape, {"kind": kind})


def _packing_text(weight: Weight | None) -> str | None:
    return weight.packing.text if weight is not None and weight.packing is not None else None


def _floats(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _attributes(model: Model, counts: Counts) -> list[str]:
    """What the row states, the tensors it is packed in, and whose storage it shares."""
    texts = attribute_texts(model.ops)
    for row, op in enumerate(model.ops):
        lines = [texts[row]] if texts[row] else []
        if row in counts.shared_with:
            lines.append(f"shares = {model.ops[counts.shared_with[row]].name}")
        lines += [f"{part} = {text}" for part, text in _parts(model, op)]
        texts[row] = "\n".join(lines)
    return texts


def _parts(model: Model, op: Op) -> list[tuple[str, str]]:
    """Scales, zeros and the like, by what they are to the weight."""
    found = []
    for index in op.inputs[1:]:
        weight = model.tensors[index].weight
        if weight is not None:
            name = weight.packing.part if weight.packing is not None else "part"
            found.append((name, f"{weight.dtype} {shape_text(weight.stored_shape or weight.shape)}"))
    return found


def tensor_table(model: Model, counts: Counts) -> Table:
    """One row per stored tensor."""
    import pandas as pd

    weights = [tensor.weight for tensor in model.tensors]
    kinds = ["buffer" if weight is not None and weight.kind == "buffer" else "initializer" for weight in weights]
    bits = [None if weight is None else weight.bits for weight in weights]
    sizes = [None if w is None or w.nbytes is None or w.nbytes > MOST else w.nbytes for w in weights]
    table = Table(len(weights))
    table.add(
        Column("name", [tensor.name for tensor in model.tensors], "Tensor", provenance="declared"),
        Column("kind", kinds, "Kind"),
        Column("dtype", [None if w is None else w.dtype for w in weights], "Type", provenance="declared"),
        Column("shape", [None if w is None else shape_text(w.shape) for w in weights], "Shape", provenance="declared"),
        Column("nbytes", pd.array(sizes, dtype="Int64"), "Size", "B", aggregate="sum"),
        Column("producer", np.full(len(weights), -1, np.int32), "Producer"),
        Column("consumers", np.array([len(t.consumers) for t in model.tensors], dtype=np.int32), "Consumers"),
        Column("quantization", [_packing_text(weight) for weight in weights], "Quantization"),
        Column("parameters", _per_tensor(model, counts), "Parameters", aggregate="sum", description="Logical elements"),
        Column("bits", _floats(bits), "Bits per weight", description="of weights, with scales and zeros"),
    )
    return table


def _per_tensor(model: Model, counts: Counts) -> np.ndarray:
    """Parameters of each tensor: those of its row at the tensor that carries them; int64 [tensors]."""
    elements = np.zeros(len(model.tensors), np.int64)
    for op, parameters in zip(model.ops, counts.parameters.tolist(), strict=True):
        if parameters:
            elements[op.inputs[0]] = parameters
    return elements
