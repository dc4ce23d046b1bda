"""Which ops of the float model a kernel of an optimised graph stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.tradeoffs.profiling import Kernel

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
_SUFFIXES = ("_QuantizeLinear_Output", "_DequantizeLinear_Output", "_QuantizeLinear_Input", "_quantized")
_DEEPEST = 64
"""Ops that a fused kernel may cover."""


class Placing:
    """Which ops of the float model a kernel stands for."""

    def __init__(self, model: Model, weights: Mapping[str, float]) -> None:
        """Take the model, and how the time of a kernel is shared among the ops it covers."""
        self._model, self._weights = model, weights
        self._rows = {op.name: row for row, op in enumerate(model.ops)}
        self._tensors = {tensor.name: at for at, tensor in enumerate(model.tensors)}

    def shares(self, kernel: Kernel) -> dict[str, float]:
        """Ops that the kernel does the work of, with their shares of it; empty where it is none of them."""
        stops = {_float_name(name, self._tensors) for name in kernel.inputs}
        outputs = [self._tensors.get(_float_name(name, self._tensors)) for name in kernel.outputs]
        covered = self._covered([at for at in outputs if at is not None], stops)
        if not covered:
            row = self._rows.get(kernel.name, self._rows.get(kernel.name.rpartition("_")[0]))
            covered = [] if row is None else [row]
        names = [self._model.ops[row].name for row in covered]
        total = sum(self._weights.get(name, 0.0) for name in names)
        if total <= 0:
            return {name: 1 / len(names) for name in names}
        return {name: self._weights.get(name, 0.0) / total for name in names}

    def _covered(self, outputs: Sequence[int], stops: Collection[str]) -> list[int]:
        """Ops between a kernel's inputs and its outputs."""
        found: dict[int, None] = {}
        waiting = list(outputs)
        while waiting and len(found) < _DEEPEST:
            tensor = self._model.tensors[waiting.pop()]
            if tensor.producer < 0 or tensor.producer in found or tensor.weight is not None:
                continue
            found[tensor.producer] = None
            read = self._model.ops[tensor.producer].inputs
            waiting += [at for at in read if at >= 0 and self._model.tensors[at].name not in stops]
        if waiting:  # its inputs have other names here: it is only sure what it makes
            return list(dict.fromkeys(p for at in outputs if (p := self._model.tensors[at].producer) >= 0))
        return list(found)

    def around(self, name: str) -> tuple[str | None, tuple[str, ...]]:
        """What makes a tensor and what reads it; nothing known of one that quantizing has added."""
        if name not in self._tensors:
            return None, ()
        tensor = self._model.tensors[self._tensors[name]]
        producer = self._model.ops[tensor.producer].name if tensor.producer >= 0 else None
        return producer, tuple(self._model.ops[row].name for row in tensor.consumers)

    def weight_readers(self, kernel: Kernel) -> list[str]:
        """Ops that read the weight which a DQ decodes; empty for activations."""
        name = next(
            (found for each in kernel.outputs if (found := _float_name(each, self._tensors)) in self._tensors), ""
        )
        at = self._tensors.get(name)
        if kernel.type != DEQUANTIZE or at is None:
            return []
        tensor = self._model.tensors[at]
        constant = tensor.weight is not None
        return [self._model.ops[row].name for row in tensor.consumers] if constant else []


def _float_name(name: str, known: Collection[str]) -> str:
    """What the float model calls a tensor of the variant."""
    if name in known:
        return name
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
