"""Constants folded and batch normalisation merged into convolutions, by onnxruntime's basic optimisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.preparing.loading import INSIDE_BYTES, graphs, reload
from haoline_analysis.quantization.quantizers.workplace import external_file
from haoline_analysis.runtime.failures import onnxruntime, refused_model

if TYPE_CHECKING:
    from pathlib import Path

_NO_GAIN = ("TransposeOptimizer", "MatMulAddFusion", "CommonSubexpressionElimination")
"""Left out: they rename what is quantized, and are done again when the model runs."""


def fold(source: Path, result: Path, size: int, label: str) -> Any:
    """The model at ``source`` as onnxruntime simplifies it, also written to ``result``.

    Raises:
        RuntimeFailure: if onnxruntime refuses it; says why.
    """
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(result)
    if size > INSIDE_BYTES:
        name = external_file(result).name
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", name)
    try:
        ort.InferenceSession(
            str(source), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(_NO_GAIN)
        )
    except Exception as error:
        raise refused_model(error, label) from error
    proto = reload(result)
    forget_unused_opsets(proto)
    _name_new(proto)
    return proto


def forget_unused_opsets(proto: Any) -> None:
    """Drop the domains that onnxruntime imports and no node is of."""
    used = {"", *(node.domain for graph in graphs(proto.graph) for node in graph.node)}
    kept = {each.domain: each.version for each in proto.opset_import if each.domain in used}
    del proto.opset_import[:]
    for domain, version in kept.items():
        entry = proto.opset_import.add()
        entry.domain, entry.version = domain, version


def _name_new(proto: Any) -> None:
    """Name what onnxruntime adds without one: its quantizers find nodes by their names."""
    taken = {node.name for node in proto.graph.node}
    seen: set[str] = set()
    for at, node in enumerate(proto.graph.node):
        if not node.name or node.name in seen:
            name = f"{node.op_type}_prepared_{at}"
            while name in taken:
                name += "_"
            node.name = name
            taken.add(name)
        seen.add(node.name)
