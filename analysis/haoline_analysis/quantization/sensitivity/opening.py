"""Graphs as protobufs that can be changed, their large weights left where they are, and sessions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.quantization.quantizers.preparing.loading import name_nodes
from haoline_analysis.runtime import wire
from haoline_analysis.runtime.cores import cores
from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.providers import chosen
from haoline_analysis.runtime.sessions import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.formats.storage import Buffer
    from haoline_analysis.model import Model
    from haoline_analysis.runtime.source import ModelSource

_MOST_BYTES = 2_000_000_000
"""A model handed over in memory; protobuf takes no more than 2 GiB."""
_WEIGHTS = "haoline-weights"
_FOLDER = "session.model_external_initializers_file_folder_path"
_DETACHED_BYTES = 1 << 20


def graph_of(source: ModelSource) -> Any:
    """The ``ModelProto`` of a model, to be read or changed; large weights are not in it.

    Raises:
        ModelError: if the file has gone or breaks its format.
    """
    with source.buffer() as buf:
        return _parsed(buf, wire.scan(buf))[0]


def named(proto: Any, model: Model) -> Any:
    """The ``ModelProto`` of a model with every node called as in its report, and so as in what is made of it."""
    name_nodes(proto, model)
    return proto


def whole(source: ModelSource) -> Any:
    """The ``ModelProto`` of a model with all its weights.

    Raises:
        MalformedModelError: if they cannot be read.
    """
    import onnx

    if source.path is None:
        return onnx.ModelProto.FromString(source.data or b"")
    try:
        return onnx.load(str(source.path))
    except Exception as error:  # onnx raises exceptions of many kinds
        raise MalformedModelError(f"{source.label}: the weights cannot be read: {error}") from error


def session_of(source: ModelSource, change: Callable[[Any], Any], provider: str | None = None) -> Any:
    """An onnxruntime session of a changed model, none of whose quantizers is fused into anything.

    Args:
        source: the model.
        change: makes a ``ModelProto`` of another, which it may change.
        provider: an execution provider.

    Raises:
        ModelError: if it is too large or refused.
    """
    with source.buffer() as buf:
        graph = wire.scan(buf)
        model, detached = _parsed(buf, graph)
        options = _options(source, graph, buf if detached else None)
        changed = change(model)
        if changed.ByteSize() > _MOST_BYTES:
            raise LimitError(f"{source.label}: with its quantized weights the model takes more than 2 GB in one file.")
        session = opened(changed.SerializeToString(), options[0], chosen(provider), source)
        del options  # it holds on to the file
    return session


def _parsed(buf: Buffer, graph: wire.MainGraph) -> tuple[Any, bool]:
    """The model, and whether its large weights are left out."""
    import onnx

    detached = _detachable(graph)
    data = wire.changed(buf, graph, wire.Changes(weights=_WEIGHTS.encode())) if detached else bytes(buf)
    return onnx.ModelProto.FromString(data), detached


def _detachable(graph: wire.MainGraph) -> bool:
    """Whether the weights are in the file and large enough to be handed over apart."""
    held = sum(stop - start for start, stop in graph.weights)
    known = hasattr(onnxruntime().SessionOptions, "add_external_initializers_from_files_in_memory")
    return known and held >= _DETACHED_BYTES and not graph.locations


def _options(source: ModelSource, graph: wire.MainGraph, weights: Buffer | None) -> tuple[Any, list[np.ndarray]]:
    """Session options, and what has to live until the session is there."""
    options = onnxruntime().SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 4  # what goes wrong is raised
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    if weights is not None:
        files: dict[str, np.ndarray] = {_WEIGHTS: np.frombuffer(weights, np.uint8)}
    else:
        linked = source.linked(graph.locations)
        files = {name: np.memmap(path, np.uint8, "r") for name, path in linked.items()}
    held = list(files.values())
    if files:
        options.add_external_initializers_from_files_in_memory(list(files), held, [len(each) for each in held])
    elif source.folder is not None:
        options.add_session_config_entry(_FOLDER, str(source.folder))
    return options, held
