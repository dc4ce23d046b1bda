"""Feed-forward part of a layer: plain, gated, or experts of which each token meets a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.formats.families.sizes import NotThisFamilyError, require
from haoline_analysis.formats.families.writer import TOKENS, part, scopes

if TYPE_CHECKING:
    from haoline_analysis.formats.families.known import Family
    from haoline_analysis.formats.families.naming import Layer
    from haoline_analysis.formats.families.writer import Writer


def feed_forward(write: Writer, layer: Layer, state: int, family: Family) -> int:
    """What the part adds.

    Raises:
        NotThisFamilyError: if its weights are missing or do not fit.
    """
    if "router" in layer.weights:
        return _experts(write, layer, state, family)
    return _dense(write, layer, state, family, "")


def _dense(write: Writer, layer: Layer, state: int, family: Family, prefix: str) -> int:
    """``down(act(gate) * up)``, or ``down(act(up))`` without a gate."""
    require(layer, f"{prefix}down")
    weights, path = layer.weights, layer.path
    scope = _scope(write, layer, f"{prefix}down")
    inner = _inner(write, layer, f"{prefix}down", family)
    if f"{prefix}gate_up" in weights:
        made = _halves(write, write.linear(state, weights, f"{prefix}gate_up", path), inner, scope, family)
    else:
        require(layer, f"{prefix}up")
        up = write.linear(state, weights, f"{prefix}up", path)
        made = _activated(write, up, inner, scope, family, layer, prefix, state)
    return write.linear(made, weights, f"{prefix}down", path)


def _activated(
    write: Writer, up: int, inner: int, scope: str, family: Family, layer: Layer, prefix: str, state: int
) -> int:
    size = (write.builder.tensors[up].shape or (0,))[-1]
    if f"{prefix}gate" in layer.weights:
        gate = write.linear(state, layer.weights, f"{prefix}gate", layer.path)
        return _gated(write, gate, up, scope, family)
    if size == 2 * inner:  # phi3 in GGUF: gate and up are one weight, called up
        return _halves(write, up, inner, scope, family)
    return _activation(write, up, scope, family)


def _inner(write: Writer, layer: Layer, name: str, family: Family) -> int:
    shape = write.shape(layer.weights[name])
    if len(shape) != 2:
        raise NotThisFamilyError
    return shape[0] if family.transposed else shape[1]


def _halves(write: Writer, whole: int, inner: int, scope: str, family: Family) -> int:
    """The first half of the last axis activated, times the second."""
    *lead, total = write.builder.tensors[whole].shape or (0,)
    if total != 2 * inner:
        raise NotThisFamilyError
    results = [(f"{scope}.{name}", write.sizes.dtype, (*lead, inner)) for name in ("gate", "up")]
    gate, up = write.builder.op("chunk", (whole,), results, {"chunks": 2, "dim": -1}, scopes(scope))
    return _gated(write, gate, up, scope, family)


def _gated(write: Writer, gate: int, up: int, scope: str, family: Family) -> int:
    shape = write.builder.tensors[up].shape or ()
    if write.builder.tensors[gate].shape != shape:
        raise NotThisFamilyError
    if family.clipped_experts:
        gate, up = (write.op("clamp", (one,), shape, scope) for one in (gate, up))
    return write.op("mul", (_activation(write, gate, scope, family), up), shape, scope)


def _activation(write: Writer, state: int, scope: str, family: Family) -> int:
    attributes = {"approximate": "tanh"} if family.activation == "gelu" else None
    return write.op(family.activation, (state,), write.builder.tensors[state].shape or (), scope, attributes)


def _scope(write: Writer, layer: Layer, name: str) -> str:
    if layer.path.startswith("blk."):
        return part(layer.path, "", "feed_forward")
    return write.module(layer.weights[name]).rpartition(".")[0]


def _experts(write: Writer, layer: Layer, state: int, family: Family) -> int:
    """Tokens meet the experts that the router chose for them, their rows sorted by expert."""
    sizes, weights, chosen = write.sizes, layer.weights, write.sizes.chosen
    if chosen < 1:
        raise NotThisFamilyError
    scope = part(layer.path, write.module(weights["router"]).split(".")[-2], "feed_forward")
    scores = write.linear(state, weights, "router", layer.path)
    count = (write.builder.tensors[scores].shape or (0,))[-1]
    likely = write.op("softmax", (scores,), ("batch", "seq", count), scope, {"dim": -1})
    top = [
        (f"{scope}.weights", sizes.dtype, ("batch", "seq", chosen)),
        (f"{scope}.chosen", "int64", ("batch", "seq", chosen)),
    ]
    share, number = write.builder.op("topk", (likely,), top, {"k": chosen, "dim": -1}, scopes(scope))
    rows = f"{chosen}*{TOKENS}"
    flat = write.op("view", (state,), (TOKENS, sizes.hidden), scope)
    order = write.op("view", (number,), (rows,), scope, dtype="int64")
    sorted_rows = write.op("index_select", (flat, order), (rows, sizes.hidden), scope, {"dim": 0})
    made = _met(write, layer, (sorted_rows, order), rows, scope, family)
    parted = write.op("view", (made,), ("batch", "seq", chosen, sizes.hidden), scope)
    weighted = write.op("mul", (parted, share), ("batch", "seq", chosen, sizes.hidden), scope)
    summed = write.op("sum", (weighted,), write.hidden, scope, {"dim": [2]})
    return _with_shared(write, layer, state, summed, scope, family)


def _with_shared(write: Writer, layer: Layer, state: int, summed: int, scope: str, family: Family) -> int:
    """The expert that every token meets added, scaled by a gate of its own where there is one."""
    if "shared.down" not in layer.weights:
        return summed
    shared = _dense(write, layer, state, family, "shared.")
    if "shared.router" in layer.weights and len(write.shape(layer.weights["shared.router"])) == 2:
        gate = write.linear(state, layer.weights, "shared.router", layer.path)
        shape = ("batch", "seq", 1)
        shared = write.op("mul", (shared, write.op("sigmoid", (gate,), shape, scope)), write.hidden, scope)
    return write.op("add", (summed, shared), write.hidden, scope)


def _met(write: Writer, layer: Layer, given: tuple[int, int], rows: str, scope: str, family: Family) -> int:
    """The experts' own part, [rows, hidden]; ``given`` are the rows and the expert of each."""
    hidden, (state, order) = write.sizes.hidden, given
    down, inner = _bank(write, layer, "down", hidden)

    def grouped(state: int, name: str, bank: int, size: int) -> int:
        made = write.op("_grouped_mm", (state, bank), (rows, size), scope)
        if f"experts.{name}.bias" not in layer.weights:
            return made
        bias = write.weight(layer.weights[f"experts.{name}.bias"])
        picked = write.op("index_select", (bias, order), (rows, size), scope, {"dim": 0})
        return write.op("add", (made, picked), (rows, size), scope)

    if "experts.gate_up" in layer.weights:
        bank, size = _bank(write, layer, "gate_up", hidden)
        if size != 2 * inner:
            raise NotThisFamilyError
        made = _halves(write, grouped(state, "gate_up", bank, size), inner, scope, family)
    else:
        banks = {name: _bank(write, layer, name, hidden) for name in ("gate", "up")}
        if any(size != inner for _, size in banks.values()):
            raise NotThisFamilyError
        gate, up = (grouped(state, name, bank, inner) for name, (bank, _) in banks.items())
        made = _gated(write, gate, up, scope, family)
    return grouped(made, "down", down, hidden)


def _bank(write: Writer, layer: Layer, name: str, hidden: int) -> tuple[int, int]:
    """All experts' matrices of one kind as one tensor, and the size of their axis that is not the hidden one."""
    one_by_one = layer.experts.get(name)
    if one_by_one:
        rows = [one_by_one[number] for number in sorted(one_by_one)]
        tensor, shape = write.stack(rows, f"{layer.path}.experts.{name}")
    elif f"experts.{name}" in layer.weights:
        row = layer.weights[f"experts.{name}"]
        tensor, shape = write.weight(row), write.shape(row)
    else:
        raise NotThisFamilyError
    if len(shape) != 3 or hidden not in shape[1:]:
        raise NotThisFamilyError
    return tensor, shape[1] * shape[2] // hidden
