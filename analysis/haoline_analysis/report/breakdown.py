"""What is stored, by what it is for and in which type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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


def of_ops(model: Model, ops: Table, paths: Sequence[str]) -> Table:
    """The breakdown of a graph: weights go with the op that works with them, their biases and scales too."""
    figures = {name: np.asarray(ops[name].values).tolist() for name in ("parameters", "weight_bytes", "scope")}
    kinds, categories = list(ops["weight_precision"].values), list(ops["category"].values)
    parts = []
    for row, op in enumerate(model.ops):
        size = figures["weight_bytes"][row]
        if not size:
            continue
        held = [i for i in op.inputs if i >= 0 and model.tensors[i].weight is not None]
        name = model.tensors[held[0]].name if held else ""
        role = role_of_op(categories[row], paths[figures["scope"][row]] or op.name, name)
        first = [i for i in held if model.tensors[i].consumers[:1] == [row]]
        parts.append(
            Part(role, kinds[row] or None, _quantization(model, held), len(first), figures["parameters"][row], size)
        )
    return table(parts)


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
