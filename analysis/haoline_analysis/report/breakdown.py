"""What is stored, by what it is for and in which type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from haoline_analysis.cost.uses import final_uses
from haoline_analysis.structure.roles import ROLES, role_of_op
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from haoline_analysis.model import Model


class Part(NamedTuple):
    """What one row of the op table stores."""

    role: str
    dtype: str | None
    quantization: str | None
    tensors: int
    parameters: int
    weight_bytes: int


def of_weights(model: Model, ops: Table) -> Table:
    """The breakdown of a checkpoint; storage that several names share counts where it comes first."""
    seen: set[int] = set()
    parts = []
    columns = [list(ops[name].values) for name in ("role", "weight_precision", "quantization")]
    for row, op in enumerate(model.ops):
        new = {id(model.tensors[index].weight) for index in op.inputs if index >= 0} - seen
        seen |= new
        if new:
            role, dtype, text = (column[row] for column in columns)
            figures = (int(ops[name].values[row]) for name in ("parameters", "weight_bytes"))
            parts.append(Part(role, dtype, text, len(new), *figures))
    return table(parts)


def of_ops(model: Model, ops: Table, paths: Sequence[str], elements: np.ndarray) -> Table:
    """The breakdown of a graph: weights go with the op that works with them, their biases and scales too.

    What is stored beside the parameters (shapes, masks, tables) is one row without a type.

    Args:
        model: the graph.
        ops: its op table.
        paths: of its scopes.
        elements: parameters of each tensor, int64 [tensors].
    """
    figures = {name: np.asarray(ops[name].values).tolist() for name in ("parameters", "weight_bytes", "scope")}
    kinds, categories = list(ops["weight_precision"].values), list(ops["category"].values)
    held = _held(model, elements)
    parts = []
    for row, op in enumerate(model.ops):
        size, parameters = figures["weight_bytes"][row], figures["parameters"][row]
        if not parameters:
            stored = sum(i >= 0 and model.tensors[i].weight is not None for i in op.inputs)
            parts += [Part("other", None, None, stored, 0, size)] if size else []
            continue
        weights = held.get(row, [])
        name = model.tensors[weights[0]].name if weights else ""
        role = role_of_op(categories[row], paths[figures["scope"][row]] or op.name, name)
        dtype = _dtype(model, weights, kinds[row])
        parts.append(Part(role, dtype, _quantization(model, weights), len(weights), parameters, size))
    return table(parts)


def _held(model: Model, elements: np.ndarray) -> dict[int, list[int]]:
    """The parameters that each op is the first to work with."""
    found: dict[int, list[int]] = {}
    for tensor in np.flatnonzero(elements).tolist():
        uses = [use.op for use in final_uses(model, tensor)]
        if uses:
            found.setdefault(min(uses), []).append(tensor)
    return found


_LONG = {"fp64": "float64", "fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


def _dtype(model: Model, held: Iterable[int], precision: str | None) -> str | None:
    """The storage type behind the short name of a precision, as checkpoints spell it."""
    if precision == "fp8":
        weights = (model.tensors[index].weight for index in held)
        return next((w.dtype for w in weights if w is not None and w.dtype.startswith("float8")), precision)
    return _LONG.get(precision, precision) if precision else None


def _quantization(model: Model, held: Iterable[int]) -> str | None:
    """How the weights of an op are packed, where their tensors say so."""
    for index in held:
        weight = model.tensors[index].weight
        if weight is not None and weight.packing is not None:
            return weight.packing.text
    return None


def table(parts: Iterable[Part]) -> Table:
    """Sums by role, type and quantization; roles in their order, the largest first within one."""
    sums: dict[tuple[str, str | None, str | None], np.ndarray] = {}
    for part in parts:
        key = (part.role, part.dtype, part.quantization)
        found = np.array([part.tensors, part.parameters, part.weight_bytes], np.int64)
        sums[key] = sums[key] + found if key in sums else found
    order = {role: place for place, role in enumerate(ROLES)}
    keys = sorted(sums, key=lambda key: (order.get(key[0], len(order)), -int(sums[key][2])))
    figures = np.array([sums[key] for key in keys], np.int64).reshape(-1, 3)
    parameters, sizes = figures[:, 1], figures[:, 2]
    made = Table(len(keys))
    made.add(
        Column("role", [key[0] for key in keys], "Role", description="what the weights are for"),
        Column("dtype", [key[1] for key in keys], "Type", provenance="declared"),
        Column("quantization", [key[2] for key in keys], "Quantization", provenance="declared"),
        Column("tensors", figures[:, 0], "Tensors", aggregate="sum"),
        Column("parameters", parameters, "Parameters", aggregate="sum"),
        Column("weight_bytes", sizes, "Weights", "B", aggregate="sum"),
        Column("bits_per_weight", _ratio(8.0 * sizes, parameters), "Bits per weight", description="scales included"),
        Column("share", _ratio(sizes, np.full(len(keys), sizes.sum())), "Share of bytes", "%"),
    )
    return made


def _ratio(values: Any, by: Any) -> np.ndarray:
    """A ratio; NaN by nothing."""
    ratio: np.ndarray = np.divide(values, by, out=np.full(len(values), np.nan), where=np.asarray(by) > 0)
    return ratio
