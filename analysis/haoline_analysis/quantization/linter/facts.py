"""What the rules look at: the graph, its quantizers, the target, and activation statistics where there are any."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.findings.facts import UNPACKING, Facts
from haoline_analysis.quantization.linter.naming import float_name, left_float
from haoline_analysis.quantization.linter.targets import TARGETS, Target
from haoline_analysis.quantization.linter.weights import Weighted, WeightReader
from haoline_analysis.quantization.structure import forms, quantizers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.model import Op
    from haoline_analysis.quantization.structure import Form, Quantizer
    from haoline_analysis.runtime.findings.facts import ActivationFacts

Q, DQ = "QuantizeLinear", "DequantizeLinear"
INTEGER_OPS = ("MatMulInteger", "ConvInteger", "QGemm", "MatMulNBits", "QAttention", "DynamicQuantizeMatMul")
WORKING = frozenset(
    [
        "Conv",
        "ConvTranspose",
        "Gemm",
        "MatMul",
        "Einsum",
        "Attention",
        "LSTM",
        "GRU",
        "RNN",
        "Add",
        "Mul",
        "Concat",
        "Sum",
        "Sub",
        "Div",
        "Relu",
        "Clip",
        "LeakyRelu",
        "Sigmoid",
        "Tanh",
        "Softmax",
        "LayerNormalization",
        "AveragePool",
        "GlobalAveragePool",
        "MaxPool",
        "Resize",
        "Gather",
    ]
)
"""Types of the standard that a quantizer would look at."""
MOVING = frozenset(
    [
        "Reshape",
        "Transpose",
        "Squeeze",
        "Unsqueeze",
        "Flatten",
        "Identity",
        "Slice",
        "Expand",
        "Gather",
        "Split",
        "Concat",
        "Pad",
    ]
)
"""Ops that hand on values as they are."""
MAX_HOPS = 4


@dataclass(eq=False)
class LintFacts(Facts):
    """A model prepared for the rules of quantization."""

    target: Target = field(default_factory=lambda: TARGETS["any-cpu"])
    captured: ActivationFacts | None = None

    @cached_property
    def forms(self) -> dict[int, Form]:
        """The grid of each integer tensor that stands for reals."""
        return forms(self.model)

    @cached_property
    def sites(self) -> list[Quantizer]:
        """Quantizers with a grid that is known before the run."""
        return quantizers(self.model, self.forms)

    @cached_property
    def site_of(self) -> dict[int, Quantizer]:
        """The quantizer that an op row is part of."""
        held: dict[int, Quantizer] = {}
        for site in self.sites:
            held.update(dict.fromkeys(site.dequantizes, site))
            if site.quantize is not None:
                held[site.quantize] = site
        return held

    @cached_property
    def every(self) -> dict[str, list[int]]:
        """Ops by type, whatever the domain."""
        held: dict[str, list[int]] = {}
        for (_, kind, _), rows in self.kinds.items():
            held.setdefault(kind, []).extend(rows)
        return {kind: sorted(rows) for kind, rows in held.items()}

    def anywhere(self, *types: str) -> list[int]:
        """Ops of these types in any domain, ascending."""
        return sorted(row for kind in types for row in self.every.get(kind, []))

    @cached_property
    def has_qdq(self) -> bool:
        """Whether the graph has quantizers."""
        return bool(self.every.get(Q) or self.every.get(DQ))

    @cached_property
    def quantized(self) -> bool:
        """Whether the graph holds integers that stand for reals."""
        found = self.every
        return self.has_qdq or any(kind in INTEGER_OPS or kind.startswith("QLinear") for kind in found)

    @cached_property
    def reader(self) -> WeightReader:
        """Stored weights as reals, within a budget."""
        return WeightReader(self.model, self.forms)

    @cached_property
    def weighted(self) -> list[Weighted]:
        """Convolutions and matrix products with a stored operand."""
        return self.reader.weighted(self)

    @cached_property
    def weighted_of(self) -> dict[int, Weighted]:
        """The same by row."""
        return {item.row: item for item in self.weighted}

    @cached_property
    def quantizable(self) -> frozenset[int]:
        """Ops that quantization is about: those that compute on floats, or on integers that stand for them."""
        rows = set(self.anywhere(*(kind for kind in self.every if kind in WORKING or kind in self.target.integer)))
        return frozenset(row for row in rows if self.computes(row))

    def computes(self, row: int) -> bool:
        """Whether an op works on activations rather than on shapes and indices."""
        made = self.model.ops[row].outputs[0] if self.model.ops[row].outputs else -1
        return self.dtype(made) in FLOATS or made in self.forms or self.model.ops[row].type in INTEGER_OPS

    def dtype(self, tensor: int) -> str:
        """Element type of a tensor, "" where unknown."""
        if tensor < 0:
            return ""
        value = self.evaluation.value(tensor)
        held = self.model.tensors[tensor]
        declared = held.weight.dtype if held.weight is not None else held.dtype
        return (value.dtype if value is not None else "") or declared or ""

    def rank(self, tensor: int) -> int | None:
        """Number of axes of a tensor; None where unknown."""
        value = self.evaluation.value(tensor)
        if value is not None and value.shape is not None:
            return len(value.shape)
        held = self.model.tensors[tensor] if tensor >= 0 else None
        shape = held.weight.shape if held is not None and held.weight is not None else held.shape if held else None
        return len(shape) if shape is not None else None

    def op(self, row: int) -> Op:
        """An op by its row."""
        return self.model.ops[row]

    def label(self, row: int) -> str:
        """How evidence calls an op."""
        return f"{self.model.ops[row].type} {self.model.ops[row].name}"

    def operands(self, row: int) -> list[int]:
        """Activations that an op reads as floats: no weights, settings, indices or sizes."""
        known = self._operands.get(row)
        if known is None:
            inputs = dict.fromkeys(tensor for tensor in self.model.ops[row].inputs if tensor >= 0)
            known = [tensor for tensor in inputs if self.dtype(tensor) in FLOATS and not self.is_weight(tensor)]
            self._operands[row] = known
        return known

    _operands: dict[int, list[int]] = field(default_factory=dict, init=False)

    def is_weight(self, tensor: int) -> bool:
        """Whether a tensor is stored, or made from a stored one by ops that unpack or fake-quantize it."""
        for _ in range(MAX_HOPS):
            if self.is_constant(tensor):
                return True
            producer = self.producer(tensor)
            if producer < 0 or self.model.ops[producer].type not in (*UNPACKING, Q):
                return False
            tensor = self.source(producer)
        return False

    def dequantized(self, tensor: int) -> Quantizer | None:
        """The quantizer whose DequantizeLinear makes a tensor, looking back through ops that move values."""
        for _ in range(MAX_HOPS):
            producer = self.producer(tensor)
            if producer < 0:
                return None
            kind = self.model.ops[producer].type
            if kind == DQ:
                return self.site_of.get(producer)
            if kind not in ("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast"):
                return None
            tensor = self.source(producer)
        return None

    def bare(self, tensor: int) -> int:
        """A tensor before the quantizers that round it."""
        for _ in range(4):
            row = self.producer(tensor)
            if row < 0 or self.model.ops[row].type not in (Q, DQ):
                break
            tensor = self.source(row)
        return tensor

    def from_dq(self, tensor: int) -> bool:
        """Whether a DequantizeLinear makes a tensor of what was quantized; what is looked up in a table was not."""
        if self.maker(tensor) != DQ:
            return False
        tensor = self.source(self.producer(tensor))
        for _ in range(MAX_HOPS):
            row = self.producer(tensor)
            if row < 0 or self.model.ops[row].type not in MOVING:
                break
            tensor = self.source(row)
        return not self.is_constant(tensor)

    def requantized(self, row: int) -> list[int]:
        """QuantizeLinear ops that read the first output of an op."""
        return [reader for reader in self.readers(self.model.ops[row]) if self.model.ops[reader].type == Q]

    def only_requantized(self, row: int) -> bool:
        """Whether nothing but quantizers reads the first output."""
        op = self.model.ops[row]
        readers = self.readers(op)
        leaves = bool(op.outputs) and op.outputs[0] in self.kept
        return bool(readers) and not leaves and all(self.model.ops[reader].type == Q for reader in readers)

    def between_quantizers(self, row: int) -> bool:
        """Whether an op reads its activations from DequantizeLinear and hands its result to QuantizeLinear."""
        return self.reads_rounded(row) and self.only_requantized(row)

    def reads_rounded(self, row: int) -> bool:
        """Whether all activations that an op reads come from DequantizeLinear."""
        operands = self.operands(row)
        return bool(operands) and all(map(self.from_dq, operands))

    def rounded_after(self, row: int) -> bool:
        """Whether the result goes into quantizers only, be it behind an activation."""
        readers = self.readers(self.model.ops[row])
        if len(readers) == 1 and self.model.ops[readers[0]].type in ("Relu", "Clip"):
            return self.only_requantized(readers[0])
        return self.only_requantized(row)

    @cached_property
    def served(self) -> dict[int, list[int]]:
        """By row of a quantizer the ops whose values it rounds: what it reads from, or what reads it."""
        made = {row: [self.producer(self.source(row))] for row in self.every.get(Q, [])}
        read = {row: self.readers(self.model.ops[row]) for row in self.every.get(DQ, [])}
        both = {**made, **read}
        return {row: [at for at in rows if at >= 0 and at not in both] for row, rows in both.items()}

    def float_names(self, rows: Iterable[int]) -> list[str]:
        """Names that the ops have in the float model."""
        names = [self.name(row) for row in rows]
        return list(dict.fromkeys(float_name(name, self.names) for name in names) if self.quantized else names)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all ops."""
        return frozenset(op.name for op in self.model.ops)

    def is_left_float(self, row: int) -> bool:
        """Whether the recipe in the file says to leave an op in float."""
        return bool(self._left_float) and float_name(self.name(row), self.names) in self._left_float

    @cached_property
    def _left_float(self) -> frozenset[str]:
        return left_float(self.model)

    @property
    def gaps(self) -> list[str]:
        """What the rules could not look at; complete once they have run."""
        return self.reader.gaps


def named(facts: LintFacts, rows: Iterable[int], most: int = 3) -> str:
    """The first ops of several, and how many more there are."""
    every = list(rows)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(facts.label(row) for row in every[:most]) + rest


def number(value: float) -> str:
    """Three digits: ``0.0123``, ``6.55e+04``."""
    return f"{value:.3g}"
