"""The ONNX reader: scans the file once, keeps its structure, leaves its weights where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError, UnsupportedFormatError
from haoline_analysis.formats.onnx.build import Builder
from haoline_analysis.formats.onnx.external import ExternalFiles
from haoline_analysis.formats.onnx.functions import check_expansion
from haoline_analysis.formats.onnx.model import Proto, parse_model
from haoline_analysis.formats.onnx.proto import Context
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.sniff import recognise
from haoline_analysis.formats.source import open_storage
from haoline_analysis.formats.uncollected import uncollected
from haoline_analysis.model import Gap, Model

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Op, Tensor

_FIRST_BYTES = frozenset(b"\x08\x12\x1a\x22\x28\x32\x3a\x42\x72\xa2\xca\xd2")
"""Tags of the fields of ModelProto."""

_SHOWN = 5


class OnnxReader:
    """Reads ``ModelProto`` files of any opset."""

    info = FormatInfo(
        name="onnx",
        label="ONNX",
        suffixes=(".onnx", ".pb"),
        yields="ops with shapes and costs, weights",
        converts={"safetensors": "partial"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether the first bytes can be a ``ModelProto``; the suffix decides where there are hardly any bytes."""
        if source.storage is None:
            return _is_proto(source.value)
        if recognise(source.head, source.storage.size) is not None:
            return False
        return bool(source.head) and (source.head[0] in _FIRST_BYTES or source.suffix in self.info.suffixes)

    def read(self, source: Source, **options: Any) -> Model:
        """Open the model.

        Raises:
            ModelError: if the file breaks the format, exceeds a bound, or reaches outside its folder.
        """
        refuse_options(self.info, options)
        path, storage = source.path, source.storage or open_storage(_serialized(source.value))
        files = ExternalFiles(path)
        with storage.buffer() as buf, uncollected():
            context = Context(buf, storage, files)
            try:
                proto = parse_model(buf, storage.size, context)
                model = _assemble(proto, context)
            except RecursionError as error:
                raise LimitError("the model nests deeper than the interpreter allows") from error
        model.path = path
        model.name = path.stem if path is not None else model.name
        model.file_bytes = storage.size + files.file_bytes
        return model


def _is_proto(value: Any) -> bool:
    """Whether it is a ``ModelProto``, known by its descriptor so that onnx need not be imported."""
    return str(getattr(getattr(value, "DESCRIPTOR", None), "full_name", "")).endswith("ModelProto")


def _serialized(value: Any) -> bytes:
    """Bytes of a ``ModelProto``.

    Raises:
        MalformedModelError: if it cannot be written (protobuf stops at 2 GB).
    """
    try:
        data: bytes = value.SerializeToString()
    except Exception as error:  # each protobuf implementation raises its own
        raise MalformedModelError(f"the ModelProto cannot be serialized: {error}") from error
    return data


def _assemble(proto: Proto, context: Context) -> Model:
    if proto.graph is None:
        raise UnsupportedFormatError("parses as protobuf but holds no ONNX graph; expected an ONNX ModelProto")
    check_expansion(proto.functions, proto.graph)
    opsets = proto.opsets
    if not opsets and proto.ir_version < 3:
        opsets[""] = 1  # before IR version 3 there was one opset, and no way to name it
    builder = Builder(proto)
    inputs, outputs = builder.build(proto.graph)
    name_ops(builder.ops)
    link_consumers(builder.ops, builder.tensors)
    return Model(
        name=proto.graph.name or "model",
        format="onnx",
        ops=builder.ops,
        tensors=builder.tensors,
        inputs=inputs,
        outputs=outputs,
        producer=f"{proto.producer} {proto.producer_version}".strip(),
        opsets=opsets,
        ir_version=proto.ir_version,
        metadata=proto.metadata,
        gaps=_gaps(proto, context),
    )


def name_ops(ops: list[Op]) -> None:
    """Make op names unique: missing ones from type and index, later duplicates with a counter."""
    names = {op.name for op in ops}
    used: set[str] = set()
    counters: dict[str, int] = {}
    for index, op in enumerate(ops):
        name = op.name
        if not name:
            op.name = name = "/".join((*op.call_path[-1:], f"{op.type}_{index}"))
        elif name not in used:
            used.add(name)
            continue
        while name in used or name in names:
            counters[op.name] = number = counters.get(op.name, 0) + 1
            name = f"{op.name}_{number}"
        op.name = name
        used.add(name)


def link_consumers(ops: list[Op], tensors: list[Tensor]) -> None:
    """Note on every tensor which ops read it."""
    for index, op in enumerate(ops):
        for tensor in op.inputs:
            if tensor >= 0:
                consumers = tensors[tensor].consumers
                if not consumers or consumers[-1] != index:
                    consumers.append(index)


def _gaps(proto: Proto, context: Context) -> list[Gap]:
    gaps = [
        Gap(f"Element type {number} of {name!r} is unknown; its type is left open.")
        for number, name in context.unknown_types.items()
    ]
    if proto.training:
        gaps.append(Gap("The training graphs (training_info) are not analysed."))
    missing = context.files.missing
    if missing:
        shown = ", ".join(repr(name) for name in list(missing)[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        count = sum(missing.values())
        gaps.append(Gap(f"External data is missing ({shown}): {count} weight{'s'[: count > 1]} cannot be read."))
    return gaps
