"""What stayed float although nobody asked for it: said, never dropped in silence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.preparing.loading import graphs

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task
    from haoline_analysis.quantization.quantizers.schemes import Scheme

_SHOWN = 4
_MUCH = 0.05
"""Share of the weights from which on it is told that an op type keeps them float."""
_WHY = {
    "dynamic": "dynamic quantization takes constant weights only",
    "weights": "only constant matrices are quantized",
}
_QUANTIZED_INPUTS = frozenset({"DequantizeLinear"})


_TAKES = {
    "static": "ops with integer kernels between floats",
    "dynamic": "constant weights of MatMul, Gemm, Conv, LSTM and Attention, and embedding tables",
    "weights": "constant matrices of MatMul and Gemm, and embedding tables",
}


def check_something(task: Task, scheme: Scheme) -> None:
    """Refuse to hand over a copy of the float model as a quantized one.

    Raises:
        ModelError: if the scheme has nothing to quantize here.
    """
    if scheme.kind == "half":
        kinds = {tensor.weight.dtype for tensor in task.prepared.model.tensors if tensor.weight is not None}
        if "float16" in kinds and "float32" not in kinds:
            raise ModelError("The weights of this model are FP16 already.")
        return
    wanted = set(task.prepared.quantizable(scheme.name))
    if not wanted:
        raise ModelError(f"{scheme.name} finds nothing to quantize here: it takes {_TAKES[scheme.kind]}.")
    if wanted <= set(task.keep_float):
        raise ModelError(f"keep_float leaves {scheme.name} nothing to quantize.")


def left_float(task: Task, proto: Any, scheme: Scheme) -> list[str]:
    """Notes on nodes of op types that the scheme quantizes and that are still in the quantized model as they were.

    Ops that nobody would quantize, since they read no floats (a Gather of sizes), are not counted.

    Raises:
        ModelError: if all of them are.
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
    if {name for names in kept.values() for name in names} >= wanted.keys() - spared:
        listed = ", ".join(f"{op_type} ({len(names)})" for op_type, names in sorted(kept.items()))
        raise ModelError(f"{scheme.name} leaves all ops that it might quantize float: {listed}; try another scheme.")
    stayed = [_said(op_type, names, why) for op_type, names in sorted(kept.items())]
    return [*stayed, *_unknown(task, proto, scheme, wanted.keys() | spared)]


def _unknown(task: Task, proto: Any, scheme: Scheme, told: set[str]) -> list[str]:
    """Notes on op types that the scheme never quantizes and that hold much of the weights, in bodies among them."""
    held: dict[str, list[int]] = defaultdict(list)
    outer, known = _floats(proto.graph), set(task.prepared.types.values())
    for node in proto.graph.node:
        if node.name not in told and node.op_type in known:
            held[node.op_type].append(sum(_weights_of(node, outer).values()))
    notes = []
    for op_type, sizes in sorted(held.items()):
        share = sum(sizes) / max(1, task.prepared.size)
        if share >= _MUCH:
            count = sum(map(bool, sizes))
            ops = f"{count} {op_type} ops stay" if count > 1 else f"One {op_type} op stays"
            notes.append(f"{ops} float with {share:.0%} of the weights: {scheme.name} quantizes none of that type.")
    return notes


def _floats(graph: Any) -> dict[str, int]:
    """Bytes of the constant matrices of a graph that are float."""
    return {each.name: len(each.raw_data) for each in graph.initializer if each.data_type in {1, 10} and each.dims[1:]}


def _weights_of(node: Any, outer: dict[str, int]) -> dict[str, int]:
    """Those that a node reads, or has in its bodies."""
    bodies = [body for each in node.attribute for body in (each.g, *each.graphs)]
    inner = [graph for body in bodies for graph in graphs(body)]
    own = {name: size for graph in inner for name, size in _floats(graph).items()}
    names = {*node.input, *(name for graph in inner for each in graph.node for name in each.input)}
    return {name: size for name, size in outer.items() if name in names} | own


def _said(op_type: str, names: list[str], why: str | None) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN])) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    reason = f" ({why})" if why else ""
    how_many = f"{len(names)} {op_type} ops stay" if len(names) > 1 else f"One {op_type} op stays"
    return f"{how_many} float{reason}: {shown}."
