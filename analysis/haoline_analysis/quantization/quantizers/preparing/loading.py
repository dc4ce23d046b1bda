"""Models as ``ModelProto``: read with their weights, written with them inside or beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError, ModelError
from haoline_analysis.formats.onnx.external import ExternalFiles
from haoline_analysis.quantization.quantizers.workplace import external_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.source import ModelSource

INSIDE_BYTES = 1_800_000_000
"""Weights of more bytes go into a file beside the model: protobuf ends at 2 GiB."""


def load(source: ModelSource, model: Model) -> Any:
    """The model as a ``ModelProto`` with all weights, every node called as in ``model``.

    Raises:
        ModelError: if it cannot be parsed, or external data may not be read.
    """
    import onnx

    with source.buffer() as data:
        try:
            proto = onnx.ModelProto.FromString(bytes(data))
        except Exception as error:  # each protobuf implementation raises its own
            raise MalformedModelError(f"{source.label}: onnx cannot parse the model: {error}") from error
    fetch_external(proto, ExternalFiles(source.path))
    name_nodes(proto, model)
    return proto


def fetch_external(proto: Any, files: ExternalFiles) -> None:
    """Bring external data into the model, from where our reader would take it."""
    import onnx

    for tensor in tensors(proto.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        place = {entry.key: entry.value for entry in tensor.external_data}
        storage = files.open(place.get("location", ""), tensor.name)
        try:
            offset = int(place.get("offset", 0))
            length = int(place.get("length", 0)) or storage.size - offset
        except ValueError as error:
            raise ModelError(f"tensor {tensor.name!r}: its external data has no usable place.") from error
        tensor.raw_data = storage.read(offset, length).tobytes()
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.DEFAULT


def graphs(graph: Any) -> Iterator[Any]:
    """A graph and all bodies inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs) if attribute.HasField("g") or attribute.graphs else ():
                yield from graphs(inner)


def tensors(graph: Any) -> Iterator[Any]:
    """All constant tensors of a graph and its bodies: initializers and values of Constant nodes."""
    for each in graphs(graph):
        yield from each.initializer
        for node in each.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t


def weight_bytes(proto: Any) -> int:
    """Bytes of all constants."""
    return sum(len(tensor.raw_data) or tensor.ByteSize() for tensor in tensors(proto.graph))


def save(proto: Any, path: Path, *, keep: bool = True) -> None:
    """Write a model; its weights into a file beside it where they are too many for one.

    With ``keep``, ``proto`` has its weights afterwards, which onnx takes out while it writes them.

    Raises:
        ModelError: if the disk refuses.
    """
    import onnx

    try:
        if weight_bytes(proto) <= INSIDE_BYTES:
            path.write_bytes(proto.SerializeToString())
            return
        location = external_file(path).name
        external_file(path).unlink(missing_ok=True)  # onnx would append to it
        onnx.save_model(proto, str(path), save_as_external_data=True, location=location, size_threshold=1024)
        if keep:
            fetch_external(proto, ExternalFiles(path))
    except OSError as error:
        raise ModelError(f"{path.name}: cannot be written: {error.strerror or error}.") from error


def reload(path: Path) -> Any:
    """A model that we or onnxruntime wrote, with its weights."""
    import onnx

    return onnx.load(str(path))


def name_nodes(proto: Any, model: Model) -> None:
    """Give nodes the unique names of our reader, which makes some up; onnxruntime's tools need them all."""
    names = {
        model.tensors[output].name: op.name
        for op in model.ops
        if op.parent < 0 and not op.call_path
        for output in op.outputs
        if output >= 0
    }
    for node in proto.graph.node:
        node.name = next((names[output] for output in node.output if output in names), node.name)
