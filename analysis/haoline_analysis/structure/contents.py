"""What a stretch of ops is, by its content: in the field's terms where that is certain, else by its op types."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from haoline_analysis.structure.categories import category
from haoline_analysis.structure.sequence import LAYER, LIGHT, POOL

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.structure.hashing import Wiring

    I64 = NDArray[np.int64]

T = TypeVar("T")

LAYERS = frozenset({"conv", "linear", "attention", "rnn", "moe"})
GLUE = frozenset({"reshape", "slice", "cast", "concat", "constant", "shape", "quantize", "sequence"})
RANKS = 2
MIN_EXPERT = 2
MAX_NORM = 16
MAX_ANGLES = 24
MAX_TYPE = 24


class Kind(NamedTuple):
    """A word for names and paths, and a phrase that says more."""

    word: str
    phrase: str
    by_types: bool = False  # no term of the field


class Contents:
    """Per op: its category, its role among its neighbours, whether it multiplies two activations."""

    def __init__(self, model: Model, wiring: Wiring, main: NDArray[np.bool_]) -> None:
        """Look at every op once; ``main`` marks those that carry activations."""
        self.main = main
        self.types, self.type = _coded([(op.type, op.domain) for op in model.ops])
        self.categories, of_type = _coded([category(*kind) for kind in self.types])
        self.category = of_type[self.type]
        self.is_layer = self._types_in(LAYERS)
        self.role = np.where(self.is_layer, LAYER, np.where(self._types_in({"pool"}), POOL, LIGHT)).astype(np.int8)
        flowing = np.zeros(len(model.tensors), bool)
        flowing[wiring.made[main[wiring.maker]]] = True
        flowing[list(model.inputs)] = True
        count = np.bincount(wiring.consumer[flowing[wiring.tensor]], minlength=wiring.ops)
        linear = self.is_linear = self._types_in({"linear"})
        self.is_attention, self.is_glue = self._types_in({"attention"}), self._types_in(GLUE)
        self.is_sum = self._named("Add", "Sum", "QLinearAdd") & (count > 1)
        self.is_choice = self._named("TopK")
        self.is_softmax = self._named("Softmax")
        self.is_product = linear & (count > 1)
        self.is_projection = linear & (count == 1)
        self.is_table = self._named("Gather", "GatherBlockQuantized") & _reads_table(model, wiring, flowing)

    def _types_in(self, wanted: set[str] | frozenset[str]) -> NDArray[np.bool_]:
        return np.array([name in wanted for name in self.categories], bool)[self.category]

    def _named(self, *types: str) -> NDArray[np.bool_]:
        return np.array([name in types for name, _ in self.types], bool)[self.type]

    def kind(self, ops: I64) -> Kind | None:
        """A term of the field for ops in execution order; None where none is certain."""
        has = Counter(self.categories[code] for code in self.category[ops].tolist())
        types = Counter(self.types[code][0] for code in self.type[ops].tolist())
        if types["Cos"] and types["Sin"] and not types["Softmax"] and len(ops) <= MAX_ANGLES:
            return Kind("rotary", "Rotary position angles")
        if not any(has[name] for name in LAYERS):
            return _without_layers(has, types, len(ops), bool(self.is_table[ops].any()))
        if has["conv"] > has["linear"] and not has["attention"] and not types["Softmax"]:
            return _convolutional(bool(self.is_sum[ops].any()))
        return self._with_attention(ops, has) or _projecting(has, types, int(self.is_projection[ops].sum()))

    def _with_attention(self, ops: I64, has: Counter[str]) -> Kind | None:
        """Products of activations around a softmax, or an op that is an attention."""
        cores = np.flatnonzero(self._is_attention(ops))
        products = int(self.is_product[ops].sum())
        if not len(cores) or (not has["attention"] and products < 2 * len(cores)):
            return None
        after = ops[cores[-1] :]
        routed = self.is_choice[ops[cores[0] :]].any()
        if has["moe"] or routed or int(self.is_projection[after].sum()) > 1:
            return Kind("block", "Transformer block")
        return Kind("attention", "Attention")

    def _is_attention(self, ops: I64) -> NDArray[np.bool_]:
        attention = self.is_attention[ops]
        if attention.any():
            return attention
        products = self.is_product[ops]
        before, after = np.cumsum(products), np.cumsum(products[::-1])[::-1]
        return self.is_softmax[ops] & (before > 0) & (after > 0)

    def by_types(self, ops: I64) -> Kind:
        """The commonest types in order of appearance; glue is left out where there is anything else."""
        glue = self.is_glue[ops]
        shown = ops[~glue] if (~glue).any() else ops
        counts = Counter(self.types[code][0] for code in self.type[shown].tolist())
        top = [kind for kind, _ in counts.most_common(2)]
        ordered = [kind for kind in counts if kind in top]  # a Counter keeps the order of first appearance
        names = [_plain(kind) for kind in ordered]
        phrase = ", ".join(f"{counts[kind]} × {name}" for kind, name in zip(ordered, names, strict=True))
        return Kind("→".join(names), phrase + (", …" if len(counts) > len(top) else ""), True)


def _without_layers(has: Counter[str], types: Counter[str], count: int, looks_up: bool) -> Kind | None:
    if looks_up:
        return Kind("embedding", "Embedding")
    spelt = has["reduce"] and types["Sqrt"] + types["Pow"] + types["Reciprocal"] + types["Rsqrt"]
    if count <= MAX_NORM and not types["Softmax"] and (has["norm"] or spelt):
        return Kind("norm", "Normalisation")
    return None


def _convolutional(sums: bool) -> Kind:
    if sums:
        return Kind("residual_block", "Residual block")
    return Kind("conv_block", "Convolution block")


def _projecting(has: Counter[str], types: Counter[str], projections: int) -> Kind | None:
    if has["moe"] or (types["TopK"] and types["Softmax"] and has["linear"] > MIN_EXPERT):
        return Kind("moe", "Mixture of experts")
    if has["rnn"]:
        return Kind("recurrent", "Recurrent layers")
    bends = has["activation"] or types["Erf"]
    if projections > 1 and bends and not has["conv"]:
        return Kind("mlp", "MLP")
    return None


def _reads_table(model: Model, wiring: Wiring, flowing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the first input is a matrix that the model stores, or makes of what it stores."""
    vector = np.array(
        [tensor.weight is not None and len(tensor.weight.shape) < RANKS for tensor in model.tensors], bool
    )
    out = np.zeros(wiring.ops, bool)
    first = wiring.slot == 0
    table = ~flowing & ~vector
    out[wiring.consumer[first]] = table[wiring.tensor[first]]
    return out


def _plain(text: str) -> str:
    return text.replace("/", "_")[:MAX_TYPE]


def _coded(items: Items[T]) -> tuple[list[T], I64]:
    """Distinct items in order of appearance, and the number of each item's."""
    codes: dict[T, int] = {}
    out = [codes.setdefault(item, len(codes)) for item in items]
    return list(codes), np.asarray(out, np.int64)
