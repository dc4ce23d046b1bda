"""What TensorRT would fuse in an ONNX graph, by the patterns that its documentation lists.

Source of every rule: "Types of Fusions" and "Quantized layer fusions" in NVIDIA's TensorRT documentation, Layer Fusion
Catalog, https://docs.nvidia.com/deeplearning/tensorrt/latest/performance/fusion-catalog.html. What the builder does in
the end depends on version, device, shapes and precision: this is a hint, not a promise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.comparison.side import Side
from haoline_analysis.errors import ModelError
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.report import ModelReport

SOURCE = "https://docs.nvidia.com/deeplearning/tensorrt/latest/performance/fusion-catalog.html"

KEPT, FUSED, REMOVED, FOLDED = "kept", "fused", "removed", "folded"
"""A layer of its own, part of one, no work at all (a view of the same memory), or known before the run."""

CONV = frozenset({"Conv", "ConvTranspose", "ConvInteger", "QLinearConv"})
MATRIX = frozenset({"Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"})
_ACTIVATIONS = (
    "Relu Clip LeakyRelu Elu Selu Sigmoid Tanh HardSigmoid Softplus Softsign ThresholdedRelu Gelu HardSwish PRelu"
)
_UNARY = (
    "Abs Neg Exp Log Sqrt Reciprocal Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Ceil Floor Round Erf Not "
    "Sign Cast"
)
_BINARY = "Add Sub Mul Div Min Max Pow Sum And Or Xor Equal Greater Less Where Mod"
ACTIVATION, UNARY, BINARY = (frozenset(words.split()) for words in (_ACTIVATIONS, _UNARY, _BINARY))
POINTWISE = ACTIVATION | UNARY | BINARY
VIEWS = frozenset({"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})
QUANTIZERS = frozenset({"QuantizeLinear", "DequantizeLinear"})
_TABLE = (
    (CONV, frozenset({"BatchNormalization"}), "convolution and scale"),
    (CONV, ACTIVATION, "convolution and activation"),
    (CONV, frozenset({"Add", "Sum", "Min", "Max"}), "convolution and elementwise sum, min or max"),
    (MATRIX, ACTIVATION, "matrix product and activation"),
    (MATRIX, frozenset({"Add"}), "matrix product and bias"),
    (frozenset({"BatchNormalization"}), ACTIVATION, "scale and activation"),
    (frozenset({"Softmax"}), frozenset({"Log"}), "softmax and log"),
    (frozenset({"Softmax"}), frozenset({"TopK", "ArgMax"}), "softmax and top-k"),
    (frozenset({"Transpose"}), frozenset({"Transpose"}), "shuffle and shuffle"),
    (frozenset({"Transpose"}), frozenset({"ReduceMean", "ReduceSum", "ReduceMax"}), "shuffle and reduce"),
    (frozenset({"Pad"}), CONV | frozenset({"AveragePool", "MaxPool"}), "padding and convolution"),
)
"""What leads a layer, what joins it behind, and the documentation's name for that."""


@dataclass(eq=False)
class ExpectedEngine:
    """The layers that an engine of this model would have if every documented pattern applied."""

    report: ModelReport
    layer: list[int]  # [ops] the op that leads its layer, -1 where there is no layer
    fate: list[str]  # [ops]
    rule: list[str | None]  # [ops] the pattern by which it joins
    source: str = field(default=SOURCE)

    @cached_property
    def layer_count(self) -> int:
        """Number of expected layers, reformats not counted."""
        return len({lead for lead in self.layer if lead >= 0})

    @cached_property
    def rules(self) -> dict[str, int]:
        """In how many layers each pattern applies."""
        applied = {(lead, rule) for lead, rule in zip(self.layer, self.rule, strict=True) if rule}
        return dict(Counter(rule for _, rule in sorted(applied)).most_common())

    def columns(self) -> list[Column]:
        """``expected_layer``, ``expected_fate`` and ``expected_fusion`` for the op table."""
        names = list(self.report.tables["ops"]["name"].values)
        members: dict[int, list[str]] = {}
        for op, lead in enumerate(self.layer):
            if lead >= 0:
                members.setdefault(lead, []).append(names[op])
        layers = [" + ".join(members[lead]) if lead >= 0 else None for lead in self.layer]
        words = "by the fusions that TensorRT's documentation lists"
        count = f"one of {self.layer_count:,} layers"
        return [
            Column("expected_layer", layers, "Expected layer", "", "estimated", description=f"{count}, {words}"),
            Column("expected_fate", list(self.fate), "Expected fate", "", "estimated", description=words),
            Column("expected_fusion", list(self.rule), "Expected fusion", "", "estimated", description=words),
        ]

    def __repr__(self) -> str:
        """How many layers, by which fusions."""
        used = ", ".join(f"{count:,} × {rule}" for rule, count in self.rules.items())
        counts = f"{len(self.layer):,} ops, {self.layer_count:,} expected layers"
        return f"{self.report.name}: {counts} ({used or 'no fusion'})"


def expected_engine(report: ModelReport) -> ExpectedEngine:
    """The documented fusions of a model's ops. Linear in ops.

    Raises:
        ModelError: if its rows are no ops, or not those of ONNX.
    """
    if report.holds != "ops":
        raise ModelError(f"{report.name} holds {report.holds}; fusions are expected of the ops of a model")
    if "aten" in report.tables["ops"]["domain"].values:
        raise ModelError(f"{report.name} has PyTorch's ops; the documented fusions are of ONNX ops: export it first")
    fuser = _Fuser(report)
    fuser.run()
    return ExpectedEngine(report, *fuser.result())


class _Fuser:
    """Groups of ops, each led by the one that decides what may join."""

    def __init__(self, report: ModelReport) -> None:
        self.side = Side(report)
        ops = report.tables["ops"]
        folded = np.asarray(ops["folded"].values, bool) if "folded" in ops else np.zeros(ops.rows, bool)
        self.folded = [bool(known) or not reads for known, reads in zip(folded, self.side.reads, strict=True)]
        self.lead = list(range(self.side.count))
        self.rule: list[str | None] = [None] * self.side.count
        self.consumers: dict[int, list[int]] = {}
        for op, reads in enumerate(self.side.reads):
            for tensor in dict.fromkeys(reads):
                self.consumers.setdefault(tensor, []).append(op)
        self.outputs = {row for row, kind in enumerate(report.tables["tensors"]["kind"].values) if kind == "output"}
        self.last: dict[int, int] = {}  # of a group: the op whose result it writes

    def run(self) -> None:
        """Join in execution order, then attention and quantizers."""
        for op in range(self.side.count):
            if not self.folded[op] and self.side.types[op] not in VIEWS:
                self._join(op)
        for op, kind in enumerate(self.side.types):
            if kind == "Softmax" and not self.folded[op]:
                self._attention(op)
        for op, kind in enumerate(self.side.types):
            if kind in QUANTIZERS and not self.folded[op]:
                self._quantizer(op, kind)

    def _root(self, op: int) -> int:
        while self.lead[op] != op:
            self.lead[op] = self.lead[self.lead[op]]
            op = self.lead[op]
        return op

    def _merge(self, into: int, op: int, rule: str) -> None:
        lead = self._root(into)
        other = self._root(op)
        if lead != other:
            self.lead[other] = lead
            self.rule[op] = rule
            self.last[lead] = op

    def _sole_reader(self, op: int) -> bool:
        """Whether one op alone reads its result, which is no output of the model."""
        made = self.side.makes[op]
        return bool(made) and made[0] not in self.outputs and len(self.consumers.get(made[0], ())) == 1

    def _makers(self, op: int) -> list[int]:
        """The ops right before, the last executed first, past views of the same memory."""
        found = []
        for tensor in self.side.reads[op]:
            maker = self.side.producer[tensor]
            if maker >= 0 and not self.folded[maker]:
                found.append(maker)
        return sorted(set(found), reverse=True)

    def _join(self, op: int) -> None:
        kind = self.side.types[op]
        for maker in self._makers(op):
            if not self._sole_reader(maker):
                continue
            lead = self._root(maker)
            if self.last.get(lead, lead) != maker:
                continue
            rule = self._rule(lead, maker, op, kind)
            if rule is not None:
                self._merge(lead, op, rule)
                return

    def _rule(self, lead: int, maker: int, op: int, kind: str) -> str | None:
        leading, before = self.side.types[lead], self.side.types[maker]
        if before in ACTIVATION and leading in CONV | MATRIX:
            return None  # nothing follows the activation inside such a kernel
        if leading in MATRIX and kind == "Add" and not any(self.side.constant[t] for t in self.side.reads[op]):
            return None  # a residual sum is no bias
        for heads, joining, name in _TABLE:
            if leading in heads and kind in joining:
                return name
        if leading in POINTWISE and kind in POINTWISE:
            return "pointwise"
        return None

    def _attention(self, softmax: int) -> None:
        """Product, scaling and masking, softmax, product: multi-head attention."""
        first = self._back_to_product(softmax)
        made = self.side.makes[softmax]
        reader = self._only_reader(made[0]) if made else -1
        while reader >= 0 and self.side.types[reader] in VIEWS | {"Cast", "Dropout"}:
            made = self.side.makes[reader]
            reader = self._only_reader(made[0]) if made else -1
        if first < 0 or reader < 0 or self.side.types[reader] != "MatMul":
            return
        for op in self._between(first, softmax):
            self._merge(first, op, "multi-head attention")
        self._merge(first, reader, "multi-head attention")

    def _only_reader(self, tensor: int) -> int:
        readers = self.consumers.get(tensor, [])
        return readers[0] if len(readers) == 1 and tensor not in self.outputs else -1

    def _back_to_product(self, op: int) -> int:
        for _ in range(8):
            makers = [maker for maker in self._makers(op) if self.side.types[maker] in POINTWISE | VIEWS | {"MatMul"}]
            product = next((maker for maker in makers if self.side.types[maker] == "MatMul"), None)
            if product is not None:
                return product if self._sole_reader(product) else -1
            if not makers:
                return -1
            op = makers[0]
        return -1

    def _between(self, first: int, last: int) -> Iterable[int]:
        """Pointwise ops on the way, and the softmax itself."""
        found, op = [last], last
        for _ in range(8):
            ways = [m for m in self._makers(op) if self.side.types[m] in POINTWISE | VIEWS and m > first]
            if not ways:
                break
            op = ways[0]
            if self.side.types[op] not in VIEWS:
                found.append(op)
        return found[::-1]

    def _quantizer(self, op: int, kind: str) -> None:
        """Quantizers join the layer that reads them or that writes what they quantize, or an equal one of the value."""
        name = "Q/DQ"
        if kind == "DequantizeLinear":
            made = self.side.makes[op]
            readers = [r for r in self.consumers.get(made[0], []) if r != op] if made else []
            if readers and self.side.types[readers[0]] in CONV | MATRIX | BINARY:
                self._merge(readers[0], op, name)
            return
        makers = self._makers(op)
        value = self.side.reads[op][0]
        if not makers and self.side.constant[value]:  # a weight's: done when the engine is built
            made = self.side.makes[op]
            readers = self.consumers.get(made[0], []) if made else []
            if readers:
                self._merge(readers[0], op, name)
        elif makers and self._sole_reader(makers[0]) and self.side.types[self._root(makers[0])] in CONV | MATRIX:
            self._merge(makers[0], op, name)
        else:
            twins = [twin for twin in self.consumers.get(value, []) if self.side.types[twin] == kind]
            self._merge(twins[0], op, "same source and parameters")

    def result(self) -> tuple[list[int], list[str], list[str | None]]:
        """Lead, fate and rule per op."""
        sizes = Counter(self._root(op) for op in range(self.side.count) if self._works(op))
        leads = [self._root(op) if self._works(op) else -1 for op in range(self.side.count)]
        fates = [
            FOLDED if self.folded[op] else REMOVED if lead < 0 else FUSED if sizes[lead] > 1 else KEPT
            for op, lead in enumerate(leads)
        ]
        return leads, fates, self.rule

    def _works(self, op: int) -> bool:
        return not self.folded[op] and (self.side.types[op] not in VIEWS or self._root(op) != op)
