"""One of two models, as matching sees it: what quantization, casts and renaming leave alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.report import ModelReport

TRANSPARENT = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast", "Identity"})
"""Ops that carry a value in another coat: neighbours are looked for through them."""

SMALL = 8
"""Elements up to which a constant is a scale, a zero point, axes or a shape rather than a weight."""

_COATS = re.compile(r"^(QLinear|QGemm|Fused|Quantized|DynamicQuantize|QAttention)|(Integer(ToFloat)?|NBits|Float8)$")
_FAMILIES = {"QGemm": "Gemm", "QAttention": "Attention", "DynamicQuantizeMatMul": "MatMul", "MatMulFpQ4": "MatMul"}
_TAILS = re.compile(
    r"(_quantized|_QuantizeLinear(_Output|_Input)?|_DequantizeLinear(_Output)?|_Q4G?\d*|_Q8G?\d*|_Bfp4|_scales?"
    r"|_zero_points?|_QuantizeInput|_output_quantized|_DynamicQuantizeLinear|_qweight|_fp16|_cast)+$"
)


def family(type_name: str) -> str:
    """The operation behind an op type: ``QLinearConv``, ``ConvInteger`` and ``FusedConv`` are all ``Conv``."""
    known = _FAMILIES.get(type_name)
    return known if known is not None else _COATS.sub("", type_name) or type_name


def canonical(name: str) -> str:
    """A tensor name without what quantizers append to it."""
    return _TAILS.sub("", name)


class Side:
    """A report's graph as lists, one entry per op or tensor; plain ints and tuples, for speed."""

    def __init__(self, report: ModelReport) -> None:
        """Read the tables of a report; works on one restored from JSON too."""
        ops, tensors = report.tables["ops"], report.tables["tensors"]
        self.types: list[str] = list(ops["type"].values)
        self.names: list[str] = list(ops["name"].values)
        self.attributes: list[str | None] = list(ops["attributes"].values)
        self.families = [family(kind) for kind in self.types]
        self.count = len(self.types)
        self.tensor_names: list[str] = list(tensors["name"].values)
        self.shapes: list[str | None] = list(tensors["shape"].values)
        self.dtypes: list[str | None] = list(tensors["dtype"].values)
        self.constant = [kind in ("initializer", "constant") for kind in tensors["kind"].values]
        self.reads = _by_op(report, "uses", self.count)
        self.makes = _by_op(report, "makes", self.count)
        self.producer = [-1] * len(self.tensor_names)
        for op, made in enumerate(self.makes):
            for tensor in made:
                self.producer[tensor] = op
        self.sources = [self._sources_of(op) for op in range(self.count)]
        self.readers: list[list[int]] = [[] for _ in range(self.count)]
        for op, sources in enumerate(self.sources):
            if self.types[op] in TRANSPARENT:
                continue
            for source in sources:
                if source >= 0:
                    self.readers[source].append(op)

    def behind(self, tensor: int) -> int:
        """The op that computes a tensor, seen through quantization and casts; -1 for inputs and constants."""
        for _ in range(self.count):
            op = self.producer[tensor]
            if op < 0 or self.types[op] not in TRANSPARENT or not self.reads[op]:
                return op
            tensor = self.reads[op][0]
        return -1

    def stored(self, op: int) -> list[int]:
        """The constants an op reads, quantized ones behind their DequantizeLinear included."""
        found = []
        for read in self.reads[op]:
            tensor = read
            while not self.constant[tensor] and self.producer[tensor] >= 0:
                producer = self.producer[tensor]
                if self.types[producer] not in TRANSPARENT or not self.reads[producer]:
                    break
                tensor = self.reads[producer][0]
            if self.constant[tensor]:
                found.append(tensor)
        return found

    def weight(self, op: int) -> int:
        """The largest constant an op reads, -1 where there are only small ones: scales and axes say little."""
        best, most = -1, SMALL
        for tensor in self.stored(op):
            size = _elements(self.shapes[tensor])
            if size > most:
                best, most = tensor, size
        return best

    def shape(self, op: int) -> str | None:
        """Shape of the first output."""
        return self.shapes[self.makes[op][0]] if self.makes[op] else None

    def _sources_of(self, op: int) -> tuple[int, ...]:
        """The ops whose results an op works on, in input order, each once; -1 for a model input."""
        out: list[int] = []
        for tensor in self.reads[op]:
            if self.constant[tensor]:
                continue
            source = self.behind(tensor)
            if source not in out:
                out.append(source)
        return tuple(out)


def _elements(shape: str | None) -> int:
    if not shape or shape == "scalar":
        return 1
    total = 1
    for part in shape.split("×"):
        total *= int(part) if part.isdigit() else 1
    return total


def _by_op(report: ModelReport, table: str, count: int) -> list[tuple[int, ...]]:
    rows: list[list[int]] = [[] for _ in range(count)]
    edges = report.tables[table]
    for op, tensor in zip(edges["op"].values.tolist(), edges["tensor"].values.tolist(), strict=True):
        rows[op].append(tensor)
    return [tuple(row) for row in rows]
