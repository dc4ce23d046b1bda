"""What autograd keeps of a forward pass for the backward pass, op by op.

The rules follow PyTorch's ``tools/autograd/derivatives.yaml``: which of an op's inputs and results its derivative
formula names. A tensor that several ops keep is kept once, and a view keeps the buffer it lies in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from haoline_analysis import dtypes
from haoline_analysis.cost.aten import VIEWS, shares_buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation, Value

_INPUT = """
    gelu silu mish softplus leaky_relu elu selu celu prelu hardtanh relu6 hardswish hardsigmoid logsigmoid log_sigmoid
    threshold glu abs clamp clamp_min clamp_max sin cos tan log log2 log10 log1p square pow erf erfc atan asin acos
    std var norm frobenius_norm linalg_vector_norm cumprod avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d
"""
_RESULT = "relu sigmoid tanh softmax _softmax log_softmax _log_softmax exp exp2 expm1 sqrt rsqrt reciprocal"
_PRODUCT = """
    mul matmul mm bmm dot mv outer einsum linear conv1d conv2d conv3d convolution _convolution conv_transpose1d
    conv_transpose2d conv_transpose3d addmm baddbmm addbmm addmv addcmul bilinear multiply _grouped_mm grouped_mm
    grouped_mm_fallback
"""
_NOTHING = """
    add sub rsub neg mean sum nansum cat concat stack pad constant_pad_nd reflection_pad1d reflection_pad2d
    replication_pad2d roll flip clone copy repeat repeat_interleave tril triu cumsum upsample_nearest1d
    upsample_nearest2d upsample_nearest3d upsample_bilinear2d upsample_bicubic2d pixel_shuffle pixel_unshuffle
    channel_shuffle round floor ceil sign zeros_like ones_like full_like identity logsumexp_ im2col col2im
    split_with_sizes_copy fill zero addition subtract positive new_zeros new_ones
"""
_MARKS = {"where": (0,), "masked_fill": (1,), "gather": (1,), "index_select": (1,), "embedding": (1,), "scatter": (1,)}
"""Inputs that are kept whatever they are: conditions and indices."""

INPUT, RESULT = frozenset(_INPUT.split()), frozenset(_RESULT.split())
PRODUCT, NOTHING = frozenset(_PRODUCT.split()), frozenset(_NOTHING.split())

_GROUPS = ("group_norm", "native_group_norm")
_NORMS = frozenset({"layer_norm", "native_layer_norm", "rms_norm", "_fused_rms_norm", *_GROUPS})
_BATCH = frozenset({"batch_norm", "native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "instance_norm"})
_ATTENTION = "scaled_dot_product_attention"
_FLOAT32 = 4
_PAIRS = ("linear", "conv", "_conv", "grouped_mm", "_grouped_mm")
"""Products of the first two inputs; the others are added, or say which rows belong together."""


@dataclass(slots=True)
class Saved:
    """What is kept."""

    tensors: set[int] = field(default_factory=set)  # whose buffers are kept
    statistics: int = 0  # bytes of what ops work out beside their results: means, masks, indices
    guessed: Counter[str] = field(default_factory=Counter)  # ops without a rule, whose inputs are taken as kept
    unknown: bool = False  # a shape is not known, so that the sum is not

    def nbytes(self, evaluation: Evaluation, narrow: dict[str, str] | None = None) -> int | None:
        """Bytes of all that is kept; ``narrow`` replaces element types, None where a size is not known."""
        total = self.statistics
        for tensor in self.tensors:
            size = _nbytes(evaluation.value(tensor), narrow or {})
            if size is None:
                return None
            total += size
        return None if self.unknown else total


def saved_by_autograd(model: Model, evaluation: Evaluation) -> Saved:
    """What the backward pass of a graph of ATen ops needs, weights aside."""
    return _Pass(model, evaluation).run()


class _Pass:
    """One walk over the ops."""

    def __init__(self, model: Model, evaluation: Evaluation) -> None:
        self._model, self._evaluation = model, evaluation
        self._saved = Saved()
        self._root = list(range(len(model.tensors)))  # the tensor whose buffer each lies in
        self._differentiable = [
            tensor.weight is not None and tensor.weight.kind == "initializer" and tensor.weight.dtype in dtypes.FLOATS
            for tensor in model.tensors
        ]

    def run(self) -> Saved:
        for op in self._model.ops:
            if shares_buffer(op) and op.inputs and op.inputs[0] >= 0:
                for target in op.outputs:
                    self._root[target] = self._root[op.inputs[0]]
            asks = any(self._asks(tensor) for tensor in op.inputs)
            if asks:
                self._keep(op)
            for target in op.outputs:
                self._differentiable[target] = asks and self._is_float(target)
        return self._saved

    def _asks(self, tensor: int) -> bool:
        """Whether a gradient flows back into a tensor."""
        return tensor >= 0 and self._differentiable[tensor]

    def _is_float(self, tensor: int) -> bool:
        value = self._evaluation.value(tensor)
        dtype = value.dtype if value is not None and value.dtype else self._model.tensors[tensor].dtype
        return dtype in dtypes.FLOATS or dtype is None

    def _keep(self, op: Op) -> None:
        for tensor in self._kept(op):
            root = self._root[tensor]
            if self._model.tensors[root].weight is None:
                self._saved.tensors.add(root)

    def _kept(self, op: Op) -> Iterator[int]:
        """Tensors that the derivative of an op names."""
        kind, inputs = op.type, [tensor for tensor in op.inputs if tensor >= 0]
        if kind in NOTHING or (kind in VIEWS and kind not in _MARKS):
            return
        if kind in PRODUCT:
            yield from self._product(op, inputs)
        elif kind in INPUT:
            yield from () if self._is_mean(op) else inputs[:1]
        elif kind in RESULT:
            yield op.outputs[0]
        elif kind in _MARKS:
            yield from (op.inputs[place] for place in _MARKS[kind] if place < len(op.inputs) and op.inputs[place] >= 0)
        elif kind == "index":
            yield from inputs[1:]
        else:
            yield from self._special(op, inputs)

    def _product(self, op: Op, inputs: list[int]) -> Iterator[int]:
        """A factor is kept where a gradient flows into another one; the addend of addmm is no factor."""
        factors = inputs[1:] if op.type.startswith("add") or op.type == "baddbmm" else inputs
        factors = factors[:2] if op.type.startswith(_PAIRS) else factors
        for factor in factors:
            if any(self._asks(other) for other in factors if other != factor) or factors.count(factor) > 1:
                yield factor

    def _is_mean(self, op: Op) -> bool:
        """Whether it pools all there is into one, which is done by a mean that keeps nothing."""
        shape = self._shape(op.outputs[0]) if op.type.startswith("adaptive_avg_pool") else None
        return shape is not None and prod(shape[-int(op.type[-2]) :]) == 1

    def _special(self, op: Op, inputs: list[int]) -> Iterator[int]:
        kind = op.type
        if kind in _NORMS or kind in _BATCH:
            self._statistics(op)
            yield inputs[0]
        elif kind == _ATTENTION:
            yield from inputs[:3]
            yield op.outputs[0]
            self._add(_FLOAT32, self._shape(inputs[0], stop=-1))
        elif kind in {"div", "divide"}:
            yield from inputs[1:2]
            if len(inputs) > 1 and self._asks(inputs[1]):
                yield inputs[0]
        elif kind.startswith("max_pool"):
            yield inputs[0]
            self._add(8, self._shape(op.outputs[0]))
        elif kind in {"topk", "sort", "cummax", "cummin"}:
            yield from op.outputs[1:2]
        elif kind in {"dropout", "native_dropout", "feature_dropout"}:
            if op.attributes.get("p", 0.5):
                self._add(1, self._shape(op.outputs[0]))
        elif kind in {"amax", "amin", "max", "min", "logsumexp"}:
            yield inputs[0]
            yield op.outputs[0]
        else:
            self._saved.guessed[kind] += 1
            yield from inputs

    def _statistics(self, op: Op) -> None:
        """Mean and reciprocal deviation: a pair a row, a group or a channel (of RMS norms the latter alone)."""
        shape = self._shape(op.inputs[0])
        if shape is None:
            self._saved.unknown = True
        elif op.type in _BATCH:
            self._saved.statistics += 2 * _FLOAT32 * (shape[1] if len(shape) > 1 else 1)
        elif op.type in _GROUPS:
            self._saved.statistics += 2 * _FLOAT32 * shape[0] * int(op.attributes.get("num_groups", 1))
        else:
            over = op.attributes.get("normalized_shape")
            rows = prod(shape[: len(shape) - (len(over) if isinstance(over, (list, tuple)) else 1)])
            self._saved.statistics += (1 if "rms" in op.type else 2) * _FLOAT32 * rows

    def _shape(self, tensor: int, stop: int | None = None) -> tuple[int, ...] | None:
        value = self._evaluation.value(tensor)
        if value is None or value.shape is None or None in value.shape:
            return None
        return tuple(dim for dim in value.shape if dim is not None)[:stop]

    def _add(self, item: int, shape: tuple[int, ...] | None) -> None:
        if shape is None:
            self._saved.unknown = True
        else:
            self._saved.statistics += item * prod(shape)


def _nbytes(value: Value | None, narrow: dict[str, str]) -> int | None:
    return None if value is None else dtypes.nbytes(narrow.get(value.dtype, value.dtype), value.shape)
