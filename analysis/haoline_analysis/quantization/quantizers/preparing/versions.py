"""Opset and IR version: raised to what quantizers need, lowered to what this onnxruntime takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.preparing.child import ChildError, native
from haoline_analysis.quantization.quantizers.preparing.loading import INSIDE_BYTES, graphs, reload, save, weight_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.runtime.stopping import Stop

LOWEST_OPSET = 13
"""DequantizeLinear has an axis, for scales per channel, since opset 13."""
MOST_IR, MOST_OPSET = 10, 22
"""Taken by every onnxruntime since 1.20, the oldest we support, with 4- and 16-bit integers among the types."""


def opset_of(proto: Any) -> int:
    """The version of the standard ops; 1 where a model imports none."""
    return max((each.version for each in proto.opset_import if each.domain in {"", "ai.onnx"}), default=1)


def pin(proto: Any, folder: Path, stop: Stop) -> tuple[Any, list[str]]:
    """The model in versions that work, with a note per change.

    Raises:
        ModelError: if it cannot be converted.
    """
    notes: list[str] = []
    if proto.ir_version > MOST_IR:
        notes.append(f"IR version {proto.ir_version} was lowered to {MOST_IR}, which onnxruntime takes.")
        proto.ir_version = MOST_IR
    opset = opset_of(proto)
    if opset < LOWEST_OPSET:
        proto = _raise(proto, opset, folder, stop)
        notes.append(f"Opset {opset} was raised to {LOWEST_OPSET}, the first with scales per channel.")
    most = _most_opset()
    if opset > most:
        _lower(proto, opset, most)
        notes.append(f"Opset {opset} was lowered to {most}, which onnxruntime takes; no op here differs between them.")
    proto.ir_version = max(proto.ir_version, 8)
    return proto, notes


def _most_opset() -> int:
    """The last released opset that the installed onnxruntime knows."""
    import onnxruntime

    release = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    known = ((1, 31, 26), (1, 25, 25), (1, 23, 23))  # onnxruntime's docs/Versioning.md, and our own runs
    return next((opset for major, minor, opset in known if release >= (major, minor)), MOST_OPSET)


def _raise(proto: Any, opset: int, folder: Path, stop: Stop) -> Any:
    if weight_bytes(proto) > INSIDE_BYTES:
        raise ModelError(f"Opset {opset} is too old to quantize and the model too large to convert: export it anew.")
    source, result = folder / "old.onnx", folder / "raised.onnx"
    if proto.ir_version < 4:
        _free_initializers(proto)
    save(proto, source)
    try:
        native(stop, "convert", source, result, str(LOWEST_OPSET))
    except ChildError as error:
        reason = f"Opset {opset} is too old to quantize and cannot be raised to {LOWEST_OPSET}"
        raise ModelError(f"{reason}: {error}") from error
    raised = reload(result)
    _keep_names(proto, raised)
    return raised


def _free_initializers(proto: Any) -> None:
    """Before IR 4 each initializer is also a graph input, which keeps it from being folded."""
    weights = {tensor.name for tensor in proto.graph.initializer}
    kept = [port for port in proto.graph.input if port.name not in weights]
    del proto.graph.input[:]
    proto.graph.input.extend(kept)
    proto.ir_version = 4


def _keep_names(proto: Any, raised: Any) -> None:
    """The converter forgets names of some nodes: those that make a tensor are called as before."""
    names = {output: node.name for node in proto.graph.node for output in node.output}
    for at, node in enumerate(raised.graph.node):
        node.name = next((names[output] for output in node.output if output in names), node.name or f"converted_{at}")


def _lower(proto: Any, opset: int, most: int) -> None:
    """Declare an older opset, where no op in use has changed since.

    Raises:
        ModelError: if one has.
    """
    import onnx

    for graph in graphs(proto.graph):
        for node in graph.node:
            if node.domain not in {"", "ai.onnx"}:
                continue
            try:
                was = onnx.defs.get_schema(node.op_type, most, "").since_version
                now = onnx.defs.get_schema(node.op_type, opset, "").since_version
            except onnx.defs.SchemaError:
                was, now = 0, 1
            if was != now:
                raise ModelError(
                    f"onnxruntime takes opset {most} at most, and {node.op_type} ({node.name!r}) is of opset {opset}: "
                    f"export the model with opset {most}."
                )
    for each in proto.opset_import:
        if each.domain in {"", "ai.onnx"}:
            each.version = most
