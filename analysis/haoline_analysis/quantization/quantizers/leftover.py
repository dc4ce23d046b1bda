"""What stayed float although nobody asked for it: said, never dropped in silence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task
    from haoline_analysis.quantization.quantizers.schemes import Scheme

_SHOWN = 4
_WHY = {
    "dynamic": "dynamic quantization takes constant weights only",
    "weights": "only constant matrices are quantized",
}
_QUANTIZED_INPUTS = frozenset({"DequantizeLinear"})


_TAKES = {
    "static": "ops with integer kernels between floats",
    "dynamic": "constant weights of MatMul, Conv, LSTM and Attention, and embedding tables",
    "weights": "constant matrices of MatMul, and embedding tables",
}


def check_something(task: Task, scheme: Scheme) -> None:
    """Refuse to hand over a copy of the float model as a quantized one.

    Raises:
        ModelError: if the scheme has nothing to quantize here.
    """
    if scheme.kind == "half":
        return
    wanted = set(task.prepared.quantizable(scheme.name))
    if not wanted:
        raise ModelError(f"{scheme.name} finds nothing to quantize here: it takes {_TAKES[scheme.kind]}.")
    if wanted <= set(task.keep_float):
        raise ModelError(f"keep_float leaves {scheme.name} nothing to quantize.")


def left_float(task: Task, proto: Any, scheme: Scheme) -> list[str]:
    """Notes on nodes of op types that the scheme quantizes and that are still in the quantized model as they were.

    Ops that nobody would quantize, since they read no floats (a Gather of sizes), are not counted.
    """
    if scheme.kind == "half":
        return []
    wanted = task.prepared.quantizable(scheme.name)
    made = {output: node for node in proto.graph.node for output in node.output}
    spared = set(task.keep_float)
    kept: dict[str, list[str]] = defaultdict(list)
    for node in proto.graph.node:
        if node.name in wanted and node.name not in spared and node.op_type == wanted[node.name]:
            fed = [made[name].op_type for name in node.input if name in made]
            if not _QUANTIZED_INPUTS & set(fed) and not any(name.endswith("_quantized") for name in node.input):
                kept[node.op_type].append(node.name)
    why = _WHY.get(scheme.kind)
    return [_said(op_type, names, why) for op_type, names in sorted(kept.items())]


def _said(op_type: str, names: list[str], why: str | None) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN])) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    reason = f" ({why})" if why else ""
    how_many = f"{len(names)} {op_type} ops stay" if len(names) > 1 else f"One {op_type} op stays"
    return f"{how_many} float{reason}: {shown}."
