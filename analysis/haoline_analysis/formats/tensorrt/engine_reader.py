"""The reader of engine files: recognised anywhere, opened only where there is a GPU and TensorRT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError, UnsupportedFormatError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.tensorrt.reader import OPTIONS

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model

MAGIC = b"ftrt"
MAX_PREFIX = 1 << 20
"""Bytes of the JSON that some exporters put in front of an engine, its length first (four bytes, little endian)."""

INSTEAD = (
    "where it was built, trtexec --loadEngine=x.engine --exportLayerInfo=x.graph.json --exportProfile=x.profile.json "
    "writes what can be opened anywhere"
)


class EngineReader:
    """Reads ``.engine`` and ``.plan`` files through the real ``tensorrt`` package, in a child process."""

    info = FormatInfo(
        name="tensorrt-engine",
        label="TensorRT engine",
        suffixes=(".engine", ".plan", ".trt"),
        yields="layers with precision, formats and tactics",
        needs="an NVIDIA GPU of the right kind, tensorrt",
    )

    def can_read(self, source: Source) -> bool:
        """Whether an engine begins at the start, or behind a short JSON text in an ``.engine`` file."""
        return plan_offset(source) is not None

    def read(self, source: Source, **options: Any) -> Model:
        """Open the engine.

        Raises:
            ModelError: if there is no GPU, TensorRT is missing or refuses it, or a profile is of another build.
        """
        refuse_options(self.info, options, *OPTIONS)
        offset = plan_offset(source)
        device = needed_device()
        if source.path is None or offset is None:
            raise ModelError("an engine is opened from a file, by its path")
        from haoline_analysis.formats.tensorrt.asking import ask

        return _model(source, ask(source.path, offset, device), options)


def plan_offset(source: Source) -> int | None:
    """Where the engine begins in a file; None where there is none."""
    if source.storage is None:
        return None
    if source.head.startswith(MAGIC):
        return 0
    start = 4 + int.from_bytes(source.head[:4], "little")
    if source.head[4:5] != b"{" or start > MAX_PREFIX or start + len(MAGIC) > source.storage.size:
        return None
    return start if source.storage.read(start, len(MAGIC)).tobytes() == MAGIC else None


def needed_device() -> str:
    """The GPU that the engine is opened on, with its compute capability, in words.

    Raises:
        UnsupportedFormatError: if there is none. The libraries are not touched then: they crash without a driver.
    """
    from haoline_analysis.hardware.nvml import see_devices

    devices, reason = see_devices()
    if not devices:
        raise UnsupportedFormatError(
            f"is a TensorRT engine, which can be opened only with an NVIDIA GPU and TensorRT ({reason}); {INSTEAD}"
        )
    first = devices[0]
    capability = first.capability
    return f"{first.name} (compute capability {capability[0]}.{capability[1]})" if capability else first.name


def _model(source: Source, told: dict[str, Any], options: dict[str, Any]) -> Model:
    from haoline_analysis.formats.tensorrt import bounded_json as checked
    from haoline_analysis.formats.tensorrt.assemble import Parts, assemble
    from haoline_analysis.formats.tensorrt.layers import read_layers
    from haoline_analysis.formats.tensorrt.log import Log

    text = checked.text(told.get("layers"), "the layer information")
    stated = checked.mapping(checked.parse(text, "layer information"), "the layer information")
    layers = read_layers(stated.get("Layers"))
    bindings = [checked.mapping(item, "a binding") for item in checked.listing(told.get("bindings"), "the bindings")]
    names = [checked.text(item.get("name"), "the name of a binding") for item in bindings]
    memory = told.get("memory_bytes")
    log = Log(version=str(told.get("version", "")) or None)
    if memory is not None:
        log.memory = {"context_bytes": checked.integer(memory, "the memory of the engine")}
    if not layers:
        raise ModelError(f"the engine states no layers: it was built with profiling verbosity NONE; {INSTEAD}")
    given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
    model = assemble(Parts(layers, names, log), given, {}, source.path.stem if source.path else "engine")
    model.path = source.path
    model.file_bytes = source.storage.size if source.storage is not None else 0
    return model
