"""Writes the ops of a decoder: embedding, layers, norm, head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.formats.families.attention import attention, rotation
from haoline_analysis.formats.families.feed_forward import feed_forward
from haoline_analysis.formats.families.sizes import NotThisFamilyError, require
from haoline_analysis.formats.families.writer import Writer

if TYPE_CHECKING:
    from haoline_analysis.formats.families.known import Family
    from haoline_analysis.formats.families.naming import Layer, Named
    from haoline_analysis.formats.families.sizes import Sizes
    from haoline_analysis.formats.families.weights import Weights
    from haoline_analysis.formats.torch.aten import AtenBuilder


class Decoder:
    """One model being written."""

    def __init__(self, family: Family, sizes: Sizes, named: Named, weights: Weights) -> None:
        """Take what is known of it."""
        self.family = family
        self.sizes = sizes
        self.named = named
        self.writer = Writer(sizes, weights, family)

    @property
    def builder(self) -> AtenBuilder:
        """Where the ops are."""
        return self.writer.builder

    def unused(self) -> list[int]:
        """Rows of the checkpoint that no op reads."""
        rows = set(self.named.top.values())
        for layer in self.named.layers.values():
            rows |= set(layer.weights.values())
            rows |= {row for experts in layer.experts.values() for row in experts.values()}
        return sorted([*self.named.rest, *(row for row in rows if row not in self.writer.read)])

    def write(self) -> int:
        """Write everything and return the tensor of the logits.

        Raises:
            NotThisFamilyError: if weights are missing or of other shapes than the family has.
        """
        write, top = self.writer, self.named.top
        ids = self.builder.input("input_ids", "int64", ("batch", "seq"))
        state = write.embed(ids, top)
        turned = None if "positions" in top else rotation(write, ids)
        for number, index in enumerate(sorted(self.named.layers)):
            state = self._layer(self.named.layers[index], number, state, turned)
        if "norm" not in top:
            raise NotThisFamilyError
        state = write.norm(state, top, "norm", "", write.hidden)
        head = top.get("head", top["embedding"])
        return write.linear(state, {"head": head, **_bias(top)}, "head", "", result="logits")

    def _layer(self, layer: Layer, number: int, state: int, turned: tuple[int, int] | None) -> int:
        """Residual branches of attention and feed-forward, one after the other or side by side."""
        write, weights, path = self.writer, layer.weights, layer.path
        require(layer, "attention_norm", "o")
        normed = write.norm(state, weights, "attention_norm", path, write.hidden)
        attended = attention(write, layer, normed, turned, self.sizes.windows[number])
        if "after_attention" in weights:
            attended = write.norm(attended, weights, "after_attention", path, write.hidden)
        if "ffn_norm" not in weights:
            both = write.op("add", (attended, feed_forward(write, layer, normed, self.family)), write.hidden, path)
            return write.op("add", (state, both), write.hidden, path)
        state = write.op("add", (state, attended), write.hidden, path)
        normed = write.norm(state, weights, "ffn_norm", path, write.hidden)
        made = feed_forward(write, layer, normed, self.family)
        if "after_ffn" in weights:
            made = write.norm(made, weights, "after_ffn", path, write.hidden)
        return write.op("add", (state, made), write.hidden, path)


def _bias(top: dict[str, int]) -> dict[str, int]:
    return {"head.bias": top["head.bias"]} if "head.bias" in top else {}
