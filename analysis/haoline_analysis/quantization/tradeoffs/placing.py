"""Which ops of the float model a kernel of an optimised graph stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.tradeoffs.naming import MOVES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.tradeoffs.profiling import Kernel

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
_DEEPEST = 64
"""Ops that a fused kernel may cover."""


class Placing:
    """Which ops of the float model the kernels of one graph stand for, whose tensors are called as there."""

    def __init__(self, model: Model, weights: Mapping[str, float]) -> None:
        """Take the model, and how the time of a kernel is shared among the ops it covers."""
        self._model, self._weights = model, weights
        self._rows = {op.name: row for row, op in enumerate(model.ops)}
        self._tensors = {tensor.name: at for at, tensor in enumerate(model.tensors)}
        self._run: set[int] = set()

    def shares(self, kernel: Kernel) -> dict[str, float]:
        """Ops that the kernel does the work of, with their shares of it; empty where it is none of them.

        Kernels are to be asked for in the order in which they run: what one of them has done the next does not do.
        """
        outputs = [self._tensors[name] for name in kernel.outputs if name in self._tensors]
        covered = self._makers(outputs) if kernel.type in MOVES else self._covered(outputs, kernel.inputs)
        self._run.update(covered)
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
        run = self._run.difference(self._makers(outputs))
        while waiting and len(found) < _DEEPEST:
            tensor = self._model.tensors[waiting.pop()]
            if tensor.producer < 0 or tensor.producer in found or tensor.producer in run or tensor.weight is not None:
                continue
            found[tensor.producer] = None
            read = self._model.ops[tensor.producer].inputs
            waiting += [at for at in read if at >= 0 and self._model.tensors[at].name not in stops]
        if waiting:  # its inputs have other names here: it is only sure what it makes
            return self._makers(outputs)
        return list(found)

    def _makers(self, outputs: Sequence[int]) -> list[int]:
        return list(dict.fromkeys(p for at in outputs if (p := self._model.tensors[at].producer) >= 0))

    def around(self, name: str) -> tuple[str | None, tuple[str, ...]]:
        """What makes a tensor and what reads it; nothing known of one that quantizing has added."""
        if name not in self._tensors:
            return None, ()
        tensor = self._model.tensors[self._tensors[name]]
        producer = self._model.ops[tensor.producer].name if tensor.producer >= 0 else None
        return producer, tuple(self._model.ops[row].name for row in tensor.consumers)

    def weight_readers(self, kernel: Kernel) -> list[str]:
        """Ops that read the weight which a DQ decodes; empty for activations."""
        at = next((self._tensors[each] for each in kernel.outputs if each in self._tensors), None)
        if kernel.type != DEQUANTIZE or at is None:
            return []
        tensor = self._model.tensors[at]
        constant = tensor.weight is not None
        return [self._model.ops[row].name for row in tensor.consumers] if constant else []
