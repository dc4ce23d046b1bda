"""Sizes of key/value caches that only the attention op which reads them tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation

_QUERY, _KEY, _PAST_KEY, _PAST_VALUE = 0, 1, 3, 4


def cache_sizes(model: Model, evaluation: Evaluation) -> dict[str, int]:
    """Head sizes by the names of open dims, where a GroupQueryAttention needs another than was assumed."""
    sizes: dict[str, int] = {}
    inputs = set(model.inputs)
    for op in model.ops:
        if op.type != "GroupQueryAttention" or len(op.inputs) <= _PAST_VALUE:
            continue
        size = _head_size(op, evaluation)
        for slot in (_PAST_KEY, _PAST_VALUE) if size else ():
            shape = model.tensors[op.inputs[slot]].shape if op.inputs[slot] in inputs else None
            if shape and isinstance(shape[-1], str) and evaluation.bindings.get(shape[-1]) not in (None, size):
                sizes[shape[-1]] = size
    return sizes


def _head_size(op: Op, evaluation: Evaluation) -> int:
    """The width of keys over their heads, or of packed queries, keys and values over all heads; 0 where unknown."""
    heads, kv_heads = op.integer("num_heads"), op.integer("kv_num_heads")
    packed = op.inputs[_KEY] < 0
    value = evaluation.value(op.inputs[_QUERY if packed else _KEY])
    width = value.shape[-1] if value is not None and value.shape else None
    parts = heads + 2 * kv_heads if packed else kv_heads
    return width // parts if width and parts > 0 and width % parts == 0 else 0
