"""Where a variant rounds: its quantizers, by the names of the float model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.sensitivity.asking import Asking, consumers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_QUANTIZED = "_quantized"  # what onnxruntime's quantizers append to the name of a weight
_INT32 = 6  # TensorProto.INT32: a bias
WIDE = 65535
"""Steps of a 16-bit grid."""


@dataclass(frozen=True)
class Site:
    """One tensor of the float model that the variant rounds to a grid: real = (q - zero_point) * scale."""

    tensor: str
    kind: str  # "activation" | "weight" | "bias"
    scale: np.ndarray  # a scalar, or one per channel
    zero_point: np.ndarray  # its type is that of the integers
    axis: int
    stored: Any  # the integers of a weight (a TensorProto); None where the graph rounds as it runs
    ops: tuple[str, ...]  # float ops that ask for it: it goes when all of them are kept float
    dynamic: bool = False  # the range is that of each run: scale and zero point only tell the type
    stored_bytes: int | None = None  # of a weight whose ``stored`` holds the reals it stands for

    @property
    def bits(self) -> int:
        """Width of the integers."""
        return 8 * self.zero_point.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of a stored weight with its scales; 0 for what is rounded as the model runs."""
        if self.stored_bytes is not None or self.stored is None:
            return self.stored_bytes or 0
        return int(math.prod(self.stored.dims)) * self.bits // 8 + self.scale.nbytes + self.zero_point.nbytes

    @cached_property
    def wide(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Scale and zero point of a 16-bit grid over the same range; None where there is no wider one."""
        if self.kind != "activation" or self.bits != 8 or self.dynamic:
            return None
        signed = self.zero_point.dtype == np.int8
        if signed and not np.any(self.zero_point):
            scale = self.scale * np.float32(127 / 32767)
            return scale.astype(self.scale.dtype), np.zeros_like(self.zero_point, np.int16)
        lowest = -128 if signed else 0
        low = (lowest - self.zero_point.astype(np.float64)) * self.scale
        scale = (self.scale.astype(np.float64) * (255 / WIDE)).astype(self.scale.dtype)
        return scale, np.clip(np.rint(-low / scale), 0, WIDE).astype(np.uint16)

    def dequantized(self) -> np.ndarray:
        """The reals that a stored weight stands for, float64.

        Raises:
            ValueError: if nothing is stored.
        """
        from onnx import numpy_helper

        if self.stored is None:
            raise ValueError(f"{self.tensor} is rounded as the model runs")
        integers = numpy_helper.to_array(self.stored).astype(np.float64)
        if self.stored_bytes is not None:
            return np.asarray(integers)
        scale, zero = (_along(each, self.axis, integers.ndim) for each in (self.scale, self.zero_point))
        return np.asarray((integers - zero) * scale)


def _along(values: np.ndarray, axis: int, rank: int) -> np.ndarray:
    """Values per channel, shaped to be broadcast."""
    if values.size == 1:
        return values.astype(np.float64).reshape(())
    shape = [1] * rank
    shape[axis] = -1
    return values.astype(np.float64).reshape(shape)


@dataclass(frozen=True)
class Found:
    """The sites of a variant, and its quantizers that are on no tensor of the float model."""

    sites: tuple[Site, ...]
    unplaced: tuple[str, ...]


def sites_of(float_model: Any, variant: Any, quantizable: Collection[str] | None = None) -> Found:
    """The quantizers of a QDQ, dynamic or weight-only model, placed on the float model that it was made of.

    Args:
        float_model: its ``ModelProto``.
        variant: the ``ModelProto`` of the variant, as its quantizer wrote it: tensors kept their names.
        quantizable: names of the float ops that the variant's scheme quantizes; None: all.
    """
    from haoline_analysis.quantization.sensitivity.other_sites import other_sites, unreadable

    reader = _Reader(float_model.graph, variant.graph)
    placed: dict[str, Site] = {}
    unplaced = []
    for raw in reader.raw():
        tensor = reader.place(raw)
        if tensor is None or tensor in placed:
            unplaced.append(raw.source)
            continue
        placed[tensor] = reader.site(raw, tensor)
    for site in other_sites(float_model.graph, variant.graph):
        if site.tensor in reader.tensors:
            placed.setdefault(site.tensor, site)
        else:
            unplaced.append(site.tensor)
    unplaced += unreadable(variant.graph)
    asking = Asking(float_model.graph, placed, quantizable)
    found = (replace(site, ops=asking.ops(site.tensor, consumers_only=site.dynamic)) for site in placed.values())
    return Found(tuple(found), tuple(unplaced))


def strangers(float_model: Any, variant: Any) -> int:
    """How many quantizers of a variant are on tensors that are not called so in a float model.

    Args:
        float_model: its ``ModelProto``.
        variant: the ``ModelProto`` of the variant.
    """
    from haoline_analysis.quantization.sensitivity.other_sites import other_sites

    reader = _Reader(float_model.graph, variant.graph)
    others = (site.tensor not in reader.tensors for site in other_sites(float_model.graph, variant.graph))
    return sum(reader.named(raw) is None for raw in reader.raw()) + sum(others)


def _scaled(op: Any) -> bool:
    """Whether an op multiplies its constants by factors, which quantizing puts into the constants."""
    return op.op_type == "Gemm" and any(each.name in {"alpha", "beta"} and each.f != 1 for each in op.attribute)


@dataclass(frozen=True)
class _Raw:
    """A quantizer as the variant has it."""

    node: Any  # the QuantizeLinear, or the DequantizeLinear of a stored weight
    source: str  # what it reads
    result: str  # the tensor that consumers read
    stored: Any


class _Reader:
    """Names and uses in both graphs."""

    def __init__(self, float_graph: Any, variant: Any) -> None:
        constants = (name for node in float_graph.node if node.op_type == "Constant" for name in node.output)
        self.constants = {*(each.name for each in float_graph.initializer), *constants}
        self.ops = {node.name: node for node in float_graph.node if node.name}
        made = {name for node in float_graph.node for name in node.output if name}
        self.tensors = {*self.constants, *(each.name for each in float_graph.input), *made}
        self._variant = variant
        self._readers = consumers(variant.node)
        self._made = {name: node for node in variant.node for name in node.output if name}
        self._stored = {each.name: each for each in variant.initializer}

    def raw(self) -> Iterable[_Raw]:
        """All quantizers of the variant, in its order."""
        for node in self._variant.node:
            if node.op_type == "QuantizeLinear":
                ends = [each for each in self._readers.get(node.output[0], ()) if each.op_type == "DequantizeLinear"]
                if ends:
                    yield _Raw(node, node.input[0], ends[0].output[0], None)
            elif node.op_type == "DequantizeLinear" and node.input[0] in self._stored:
                yield _Raw(node, node.input[0], node.output[0], self._stored[node.input[0]])

    def place(self, raw: _Raw) -> str | None:
        """The tensor of the float model that a quantizer is on; None where there is none."""
        return self.named(raw) or self._by_slot(raw)

    def named(self, raw: _Raw) -> str | None:
        """The same by its name alone."""
        candidates = [raw.source, raw.result] if raw.stored is None else [raw.source.removesuffix(_QUANTIZED)]
        return next((name for name in candidates if name in self.tensors), None)

    def _by_slot(self, raw: _Raw) -> str | None:
        """What the op of the same name reads at the same place."""
        for reader in self._readers.get(raw.result, ()):
            twin = self.ops.get(reader.name)
            if twin is None or twin.op_type != reader.op_type or len(twin.input) != len(reader.input) or _scaled(twin):
                continue
            name = twin.input[list(reader.input).index(raw.result)]
            if (name in self.constants) == (raw.stored is not None):
                return str(name)
        return None

    def site(self, raw: _Raw, tensor: str) -> Site:
        """A quantizer in full, but for the ops that ask for it."""
        scale = self._array(raw.node.input[1])
        given = self._array(raw.node.input[2]) if len(raw.node.input) > 2 and raw.node.input[2] else None
        scale = np.ones((), np.float32) if scale is None else scale
        kind = "weight" if tensor in self.constants else "activation"
        if raw.stored is not None and raw.stored.data_type == _INT32:
            kind = "bias"
        if given is None:
            given = np.zeros(scale.shape, np.int32 if kind == "bias" else np.uint8)
        axis = next((each.i for each in raw.node.attribute if each.name == "axis"), 1)
        return Site(tensor, kind, scale, given, int(axis), raw.stored, ())

    def _array(self, name: str) -> np.ndarray | None:
        """A constant of the variant, from an initializer or a Constant op."""
        from onnx import numpy_helper

        if name in self._stored:
            return np.asarray(numpy_helper.to_array(self._stored[name]))
        node = self._made.get(name)
        if node is not None and node.op_type == "Constant":
            return np.asarray(numpy_helper.to_array(node.attribute[0].t))
        return None
