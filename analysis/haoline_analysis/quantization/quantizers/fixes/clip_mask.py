"""Mask sentinels before a Softmax, moderated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.fixes.graph import Constant, constants, consumers, fresh_name
from haoline_analysis.quantization.quantizers.fixes.registry import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

MASKED = -30.0
"""What a masked score becomes. Softmax gives it less than 2**-24 of the whole, the last bit of a float32, wherever the
scores themselves lie within 13 of one another; the grid of an INT8 tensor then still has steps of 0.2."""
SUFFIX = "_clipped"
"""Of the names of moderated constants."""
SENTINEL = -1e4
"""What is as low as this is meant as "not at all": BERT's −10,000, Keras' −1e9, the lowest float, −inf."""
_PASSING = frozenset({"Add", "Cast", "Concat", "Expand", "Identity", "Max", "Min", "Mul", "Reshape", "Slice", "Squeeze",
                      "Sub", "Tile", "Transpose", "Trilu", "Unsqueeze", "Where"})  # fmt: skip


@fix("clip-mask", f"Replace mask sentinels before Softmax by {MASKED:g}")
def clip_mask(proto: Any) -> list[str]:
    """Replace −inf, −3.4e38 and the like, which stretch the range of what Softmax reads, if nothing else reads them."""
    graph = proto.graph
    readers = consumers(graph)
    changed: dict[str, float] = {}
    for name, constant in constants(graph).items():
        low = _sentinel(constant)
        edges = [edge for edge in readers.get(name, ()) if _only_softmax(edge, readers, graph)] if low else []
        if low is not None and edges:
            _replace(graph, constant, edges)
            changed[name] = low
    for node, attribute, low in _filled(graph):
        if _only_softmax((node, -1), readers, graph):
            attribute.t.CopyFrom(_clipped(Constant("", attribute.t), attribute.t.name))
            changed[node.output[0]] = low
    if not changed:
        return []
    listed = ", ".join(f"{name!r} ({low:g})" for name, low in list(changed.items())[:5])
    more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
    return [f"Fix clip-mask: masked scores are now {MASKED:g}, in {listed}{more}; a row masked as a whole is now even."]


def _sentinel(constant: Constant) -> float | None:
    """The least element, where it is a sentinel; only small constants and masks are looked at."""
    if constant.tensor.data_type not in {1, 10, 11, 16}:
        return None
    array = constant.numpy().astype(np.float64)
    return float(array.min()) if array.size and array.min() <= SENTINEL else None


def _filled(graph: Any) -> Iterator[tuple[Any, Any, float]]:
    """ConstantOfShape nodes that fill with a sentinel."""
    for node in graph.node:
        if node.op_type == "ConstantOfShape":
            for attribute in node.attribute:
                low = _sentinel(Constant("", attribute.t)) if attribute.name == "value" else None
                if low is not None:
                    yield node, attribute, low


def _only_softmax(edge: tuple[Any, int], readers: dict[str, list[tuple[Any, int]]], graph: Any) -> bool:
    """Whether what is read there ends in a Softmax, by ops that only combine and reshape, and nowhere else."""
    outputs = {port.name for port in graph.output}
    node, slot = edge
    if slot >= 0 and (node.op_type not in _PASSING or (node.op_type == "Where" and slot == 0)):
        return False
    waiting, seen, reached = list(node.output), set(node.output), False
    while waiting:
        name = waiting.pop()
        if name in outputs:
            return False
        for reader, at in readers.get(name, ()):
            if reader.op_type == "Softmax":
                reached = True
            elif reader.op_type not in _PASSING or (reader.op_type == "Where" and at == 0):
                if reader.op_type not in {"Shape", "Size"}:
                    return False
            else:
                fresh = [output for output in reader.output if output not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
    return reached


def _replace(graph: Any, constant: Constant, edges: list[tuple[Any, int]]) -> None:
    """Let these readers read a clipped copy."""
    name = fresh_name(graph, f"{constant.name}{SUFFIX}")
    graph.initializer.append(_clipped(constant, name))
    for node, slot in edges:
        node.input[slot] = name


def _clipped(constant: Constant, name: str) -> Any:
    import onnx

    array = constant.numpy()
    moderate = np.where(array.astype(np.float64) <= SENTINEL, np.asarray(MASKED, array.dtype), array)
    return onnx.numpy_helper.from_array(moderate.astype(array.dtype), name)
