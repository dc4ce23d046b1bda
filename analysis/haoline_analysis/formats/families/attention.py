"""Attention of a layer: projections, rotation of queries and keys, scaled dot products, projection back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.families.sizes import NotThisFamilyError, require
from haoline_analysis.formats.families.writer import part, scopes
from haoline_analysis.model import OMITTED

if TYPE_CHECKING:
    from haoline_analysis.formats.families.naming import Layer
    from haoline_analysis.formats.families.writer import Writer
    from haoline_analysis.model import Dim


def rotation(write: Writer, ids: int) -> tuple[int, int]:  # noqa: ARG001 - positions are those of the tokens
    """Cosine and sine of each position and pair of elements, [seq, rotated elements]."""
    half, scope = write.sizes.rotary // 2, "rotary_emb"
    places = write.op("arange", (), ("seq", 1), scope, dtype="float32")
    angles = write.op("mul", (places,), ("seq", half), scope, {"other": "frequencies"}, "float32")
    both = write.op("cat", (angles, angles), ("seq", write.sizes.rotary), scope, {"dim": -1}, "float32")
    turned = [write.op(kind, (both,), ("seq", write.sizes.rotary), scope, dtype="float32") for kind in ("cos", "sin")]
    cosine, sine = (write.op("to", (one,), ("seq", write.sizes.rotary), scope) for one in turned)
    return cosine, sine


def attention(write: Writer, layer: Layer, state: int, turned: tuple[int, int] | None, window: int | None) -> int:
    """What a layer's attention adds.

    Raises:
        NotThisFamilyError: if its projections are missing or do not fit the heads.
    """
    sizes, scope = write.sizes, _scope(write, layer)
    queries, keys, values = _projected(write, layer, state, scope)
    heads = [_heads(write, layer, one, name, scope) for one, name in ((queries, "q"), (keys, "k"), (values, "v"))]
    if turned is not None:
        heads[:2] = [_rotated(write, one, turned, scope) for one in heads[:2]]
    attributes: dict[str, Any] = {
        "is_causal": True,
        "enable_gqa": write.builder.tensors[heads[1]].shape != _shape(sizes.heads, write),
    }
    if window is not None:
        attributes["window"] = window  # dense counts all the same
    if "sinks" in layer.weights:  # a score per head that is no key's; the op's schema has no name for it
        heads += [OMITTED, write.weight(layer.weights["sinks"])]
    made = write.op("scaled_dot_product_attention", heads, _shape(sizes.heads, write), scope, attributes)
    swapped = write.op(
        "transpose", (made,), ("batch", "seq", sizes.heads, sizes.head_dim), scope, {"dim0": 1, "dim1": 2}
    )
    joined = write.op("reshape", (swapped,), ("batch", "seq", sizes.heads * sizes.head_dim), scope)
    return write.linear(joined, layer.weights, "o", layer.path)


def _scope(write: Writer, layer: Layer) -> str:
    module = write.module(layer.weights["o"])
    return part(layer.path, "", "attention") if layer.path.startswith("blk.") else module.rpartition(".")[0]


def _shape(heads: Dim, write: Writer) -> tuple[Dim, ...]:
    return ("batch", heads, "seq", write.sizes.head_dim)


def _projected(write: Writer, layer: Layer, state: int, scope: str) -> tuple[int, int, int]:
    """Queries, keys and values [batch, seq, heads x size], by one projection or three."""
    if "qkv" not in layer.weights:
        require(layer, "q", "k", "v")
        queries, keys, values = (write.linear(state, layer.weights, name, layer.path) for name in "qkv")
        return queries, keys, values
    whole = write.linear(state, layer.weights, "qkv", layer.path)
    total = (write.builder.tensors[whole].shape or (0,))[-1]
    taken = write.sizes.heads * write.sizes.head_dim
    if not isinstance(total, int) or (total - taken) % 2 or total <= taken:
        raise NotThisFamilyError
    each = (total - taken) // 2
    results = [
        (f"{scope}.{name}", write.sizes.dtype, ("batch", "seq", size))
        for name, size in zip("qkv", (taken, each, each), strict=True)
    ]
    made = write.builder.op(
        "split_with_sizes", (whole,), results, {"split_sizes": [taken, each, each], "dim": -1}, scopes(scope)
    )
    return made[0], made[1], made[2]


def _heads(write: Writer, layer: Layer, state: int, name: str, scope: str) -> int:
    """[batch, heads, seq, size], normalised where the family does."""
    size = write.sizes.head_dim
    total = (write.builder.tensors[state].shape or (0,))[-1]
    if not isinstance(total, int) or total % size or (name == "q" and total != write.sizes.heads * size):
        raise NotThisFamilyError
    shape = ("batch", "seq", total // size, size)
    made = write.op("view", (state,), shape, scope)
    if f"{name}_norm" in layer.weights:
        made = write.norm(made, layer.weights, f"{name}_norm", layer.path, shape)
    return write.op("transpose", (made,), _shape(total // size, write), scope, {"dim0": 1, "dim1": 2})


def _rotated(write: Writer, state: int, turned: tuple[int, int], scope: str) -> int:
    """``x * cos + rotate_half(x) * sin`` of the elements that turn; the others go past."""
    shape = write.builder.tensors[state].shape or ()
    size, rotary = write.sizes.head_dim, write.sizes.rotary
    lead = tuple(shape[:-1])
    moving = state
    if rotary < size:
        moving = write.op("slice", (state,), (*lead, rotary), scope, {"dim": -1, "start": 0, "end": rotary})
    first = write.op("slice", (moving,), (*lead, rotary // 2), scope, {"dim": -1, "start": 0, "end": rotary // 2})
    second = write.op("slice", (moving,), (*lead, rotary // 2), scope, {"dim": -1, "start": rotary // 2, "end": rotary})
    swapped = write.op(
        "cat", (write.op("neg", (second,), (*lead, rotary // 2), scope), first), (*lead, rotary), scope, {"dim": -1}
    )
    kept = write.op("mul", (moving, turned[0]), (*lead, rotary), scope)
    moved = write.op("mul", (swapped, turned[1]), (*lead, rotary), scope)
    made = write.op("add", (kept, moved), (*lead, rotary), scope)
    if rotary == size:
        return made
    rest = write.op("slice", (state,), (*lead, size - rotary), scope, {"dim": -1, "start": rotary, "end": size})
    return write.op("cat", (made, rest), shape, scope, {"dim": -1})
