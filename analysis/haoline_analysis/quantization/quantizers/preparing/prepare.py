"""All preparation, in order, and which op of the user's model became which of the prepared one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.fixes import apply_fixes
from haoline_analysis.quantization.quantizers.preparing.folding import fold
from haoline_analysis.quantization.quantizers.preparing.loading import load, save, weight_bytes
from haoline_analysis.quantization.quantizers.preparing.shapes import add_shapes
from haoline_analysis.quantization.quantizers.preparing.versions import pin
from haoline_analysis.quantization.quantizers.preparing.widening import half_of, widen
from haoline_analysis.runtime.samples.errors import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop, Tell


@dataclass
class Prepared:
    """A float model that onnxruntime's quantizers can work on."""

    proto: Any  # ModelProto with weights
    path: Path  # the same on disk
    model: Model  # as the user gave it
    makers: dict[str, str]  # tensor -> name of the node that makes it
    types: dict[str, str]  # op type by name of the node
    size: int  # bytes of its weights
    notes: list[str] = field(default_factory=list)

    def nodes_for(self, ops: Iterable[str], option: str) -> list[str]:
        """Names of the nodes that do the work of ``ops`` of the user's model.

        An op that was merged with the next (batch normalisation, a constant) is found in what it was merged into.

        Raises:
            ModelError: if the model has no such op, or nothing is left of it.
        """
        rows = {op.name: row for row, op in enumerate(self.model.ops)}
        found: dict[str, None] = {}
        for name in ops:
            if name not in rows:
                raise ModelError(f"{option}: the model has no op {name!r}: {closest(str(name), rows)}see report.ops.")
            nodes = self._nodes(rows[name])
            if not nodes:
                raise ModelError(f"{option}: nothing is left of op {name!r} to choose: it is folded into constants.")
            found.update(dict.fromkeys(nodes))
        return list(found)

    def quantizable(self, scheme: str) -> dict[str, str]:
        """Names of the nodes that ``scheme`` should quantize, with their op types."""
        from haoline_analysis.quantization.quantizers.ops import quantizable_ops

        wanted = set(quantizable_ops(self.model, scheme))
        outputs = [
            self.model.tensors[output].name
            for op in self.model.ops
            if op.name in wanted
            for output in op.outputs
            if output >= 0
        ]
        nodes = [self.makers[name] for name in outputs if name in self.makers]
        return {name: self.types[name] for name in nodes}

    def _nodes(self, row: int) -> list[str]:
        """Nodes that make what the op makes, else what is made of it first."""
        model = self.model
        waiting, seen = deque([row]), {row}
        while waiting:
            op = model.ops[waiting.popleft()]
            names = [model.tensors[output].name for output in op.outputs if output >= 0]
            here = [self.makers[name] for name in names if name in self.makers]
            if here:
                return here
            for output in op.outputs:
                after = [] if output < 0 else [at for at in model.tensors[output].consumers if at not in seen]
                seen.update(after)
                waiting.extend(after)
        return []


def prepare(source: ModelSource, model: Model, fixes: Sequence[str], folder: Path, stop: Stop, tell: Tell) -> Prepared:
    """Load, repair, fold and infer; everything is written into ``folder``.

    Raises:
        ModelError: if any of it is refused.
    """
    tell("Preparing the model", 0.05)
    proto = load(source, model)
    proto, notes = pin(proto, folder, stop)
    half, cast = half_of(proto), widen(proto)
    if half:
        notes.append(f"{' and '.join(half)} was widened to float32 first; inputs and outputs keep their types.")
    notes += apply_fixes(proto, fixes)
    raw, path = folder / "raw.onnx", folder / "prepared.onnx"
    size = weight_bytes(proto)
    save(proto, raw, keep=False)
    del proto
    stop.options()
    folded = fold(raw, path, size, source.label)
    raw.unlink()
    notes += add_shapes(folded, path, stop)
    save(folded, path)
    makers = {output: node.name for node in folded.graph.node for output in node.output if output}
    makers |= {name: makers[wide] for name, wide in cast.items() if wide in makers}
    types = {node.name: node.op_type for node in folded.graph.node}
    return Prepared(folded, path, model, makers, types, weight_bytes(folded), notes)
