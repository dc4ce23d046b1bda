"""Ops with their scopes, names and shapes: the parts that layers are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.families.sizes import NotThisFamilyError
from haoline_analysis.formats.families.stacking import stacked
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.model import OMITTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.formats.families.known import Family
    from haoline_analysis.formats.families.sizes import Sizes
    from haoline_analysis.formats.families.weights import Weights
    from haoline_analysis.model import Dim

TOKENS = "batch*seq"


class Writer:
    """Writes single ops; ``hidden`` is the shape of the residual stream."""

    def __init__(self, sizes: Sizes, weights: Weights, family: Family) -> None:
        """Start an empty graph."""
        self.builder = AtenBuilder()
        self.sizes = sizes
        self.hidden: tuple[Dim, ...] = ("batch", "seq", sizes.hidden)
        self.read: set[int] = set()  # rows of the checkpoint
        self._weights = weights
        self._family = family
        self._leaves: dict[str, str] = {}  # module -> its class
        self._tensors: dict[int, int] = {}  # row of the checkpoint -> tensor of the graph

    def op(
        self,
        kind: str,
        inputs: Sequence[int],
        shape: Sequence[Dim],
        scope: str,
        attributes: Mapping[str, Any] | None = None,
        dtype: str | None = None,
        name: str = "",
    ) -> int:
        """One op with one result."""
        label = name or (f"{scope}.{kind}" if scope else kind)
        made = self.builder.op(
            kind, inputs, [(label, dtype or self.sizes.dtype, shape)], attributes, self.around(scope)
        )
        return made[0]

    def around(self, scope: str) -> list[tuple[str, str]]:
        """The modules around an op; those that hold a weight are called by what they do."""
        return scopes(scope, self._leaves.get(scope))

    def shape(self, row: int) -> tuple[int, ...]:
        """Shape of a stored weight."""
        return self._weights.weight(row).shape

    def weight(self, row: int) -> int:
        """A stored weight."""
        self.read.add(row)
        if row not in self._tensors:
            self._tensors[row] = self.builder.weight(self._weights.name(row), self._weights.weight(row))
        return self._tensors[row]

    def stack(self, rows: Sequence[int], name: str) -> tuple[int, tuple[int, ...]]:
        """Weights of one shape as one tensor, and its shape.

        Raises:
            NotThisFamilyError: if their shapes differ.
        """
        weights = [self._weights.weight(row) for row in rows]
        if len({weight.shape for weight in weights}) != 1:
            raise NotThisFamilyError
        self.read.update(rows)
        whole = stacked(weights)
        return self.builder.weight(name, whole), whole.shape

    def embed(self, ids: int, top: Mapping[str, int]) -> int:
        """Embeddings of the tokens, scaled or with those of their positions added where the family does."""
        state = self._lookup(top["embedding"], ids, self.hidden)
        if self._family.scaled_embeddings:
            state = self.op("mul", (state,), self.hidden, "", {"other": float(self.sizes.hidden) ** 0.5})
        if "positions" not in top:
            return state
        places = self.op("arange", (), ("seq",), "", dtype="int64")
        added = self._lookup(top["positions"], places, ("seq", self.sizes.hidden))
        return self.op("add", (state, added), self.hidden, "")

    def _lookup(self, row: int, ids: int, shape: Sequence[Dim]) -> int:
        if self.shape(row)[1:] != (self.sizes.hidden,):
            raise NotThisFamilyError
        scope = self.module(row)
        self._leaves[scope] = "Embedding"
        return self.op("embedding", (self.weight(row), ids), shape, scope)

    def norm(self, state: int, weights: Mapping[str, int], name: str, path: str, shape: Sequence[Dim]) -> int:
        """A layer norm where there is a bias, else a root-mean-square norm."""
        row = weights[name]
        if self.shape(row) != (shape[-1],):
            raise NotThisFamilyError
        inputs = [state, self.weight(row)]
        kind = "rms_norm"
        if f"{name}.bias" in weights:
            inputs.append(self.weight(weights[f"{name}.bias"]))
            kind = "layer_norm"
        scope = self.module(row, path)
        self._leaves[scope] = "RMSNorm" if kind == "rms_norm" else "LayerNorm"
        return self.op(kind, inputs, shape, scope, {"normalized_shape": [shape[-1]]})

    def linear(
        self, state: int, weights: Mapping[str, int], name: str, path: str, label: str = "", result: str = ""
    ) -> int:
        """A projection of the last axis; its input size is checked.

        Raises:
            NotThisFamilyError: if the weight does not fit what it is multiplied with.
        """
        row = weights[name]
        declared = self.builder.tensors[state].shape or ()
        *lead, size = declared
        shape = self.shape(row)
        if len(shape) != 2:
            raise NotThisFamilyError
        transposed = self._family.transposed and name not in {"head", "embedding"}
        outer, inner = reversed(shape) if transposed else shape
        if inner != size:
            raise NotThisFamilyError
        scope = label or self.module(row, path)
        self._leaves[scope] = "Linear"
        bias = weights.get(f"{name}.bias")
        given = OMITTED if bias is None else self.weight(bias)
        if transposed:
            return self._transposed(state, row, given, (lead, size, outer), scope)
        return self.op("linear", (state, self.weight(row), given), (*lead, outer), scope, name=result)

    def _transposed(self, state: int, row: int, bias: int, sizes: tuple[list[Dim], Dim, int], scope: str) -> int:
        """A projection whose weight is stored [in, out]."""
        lead, inner, outer = sizes
        flat = self.op("view", (state,), (TOKENS, inner), scope)
        made = self.op("addmm", (bias, flat, self.weight(row)), (TOKENS, outer), scope)
        return self.op("view", (made,), (*lead, outer), scope)

    def module(self, row: int, path: str = "") -> str:
        """The module that a weight is in; GGUF names none between layer and weight, so the layer's part is put in."""
        name = self._weights.name(row).rpartition(".")[0] or path
        if name.startswith("blk."):
            _, number, leaf = name.split(".", 2)
            part = "attention" if leaf.startswith(("attn_", "post_attention")) else "feed_forward"
            return f"blk.{number}.{part}.{leaf}"
        return name


def part(path: str, published: str, gguf: str) -> str:
    """The scope of a layer's part."""
    return f"{path}.{gguf if path.startswith('blk.') else published}"


def scopes(path: str, leaf: str | None = None) -> list[tuple[str, str]]:
    """The modules around an op, outermost first, each with what it is; lists of layers are no modules."""
    pieces = path.split(".") if path else []
    found: list[tuple[str, str]] = []
    for end in range(1, len(pieces) + 1):
        if end < len(pieces) and pieces[end].isdigit():
            continue
        name = pieces[end - 1]
        found.append((".".join(pieces[:end]), _CLASSES.get(name, "DecoderLayer" if name.isdigit() else "Module")))
    if leaf is not None and found:
        found[-1] = (path, leaf)
    return found


_CLASSES = {
    **dict.fromkeys(("self_attn", "attn", "attention"), "Attention"),
    **dict.fromkeys(("mlp", "feed_forward"), "FeedForward"),
    **dict.fromkeys(("block_sparse_moe", "experts"), "Experts"),
}
