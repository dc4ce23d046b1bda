"""The reader of engines' layer information: JSON of the inspector and of trtexec, and logs that hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.tensorrt import beside
from haoline_analysis.formats.tensorrt import bounded_json as checked

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.formats.tensorrt.assemble import Parts
    from haoline_analysis.model import Model

OPTIONS = ("profile", "timing", "build_metadata")

_NEEDS = "open the layer information of the engine (trtexec --exportLayerInfo --profilingVerbosity=detailed) and name "
_ALONE = {
    beside.PROFILE: f"holds times of an engine's layers, not the layers: {_NEEDS}this file as profile",
    beside.TIMING: f"holds times of whole inferences, not an engine's layers: {_NEEDS}this file as timing",
    beside.BUILDER: f"holds the options of a build, not an engine's layers: {_NEEDS}this file as build_metadata",
    beside.DEVICE: f"describes a device, not an engine: {_NEEDS}it so that this file is found beside it",
    beside.PERFORMANCE: f"sums up a run, not an engine's layers: {_NEEDS}it so that this file is found beside it",
}


class LayerInfoReader:
    """Reads what TensorRT 8 to 11 write about an engine's layers."""

    info = FormatInfo(
        name="tensorrt",
        label="TensorRT layer information",
        suffixes=(".graph.json", ".json", ".log"),
        yields="layers with precision, formats and tactics, time per layer",
        needs="profile= for times (also found beside the file)",
    )

    def can_read(self, source: Source) -> bool:
        """Whether the first bytes are of one of TensorRT's JSON files or logs."""
        return source.storage is not None and beside.kind_of(source.head) is not None

    def read(self, source: Source, **options: Any) -> Model:
        """Open the engine's layers, with times and build options where they are given or lie beside the file.

        Raises:
            ModelError: if it holds no layers, is malformed, or a profile is of another build.
        """
        from haoline_analysis.formats.tensorrt.assemble import assemble

        refuse_options(self.info, options, *OPTIONS)
        parts = self._parts(source)
        given = {name: options[name] for name in OPTIONS if options.get(name) is not None}
        name = source.path.name if source.path is not None else "engine"
        model = assemble(parts, given, beside.found_beside(source.path), stem(name))
        model.path = source.path
        model.file_bytes = source.storage.size if source.storage is not None else 0
        return model

    def _parts(self, source: Source) -> Parts:
        """What the file itself tells.

        Raises:
            ModelError: if it is not about an engine's layers.
        """
        from haoline_analysis.formats.tensorrt.assemble import Parts
        from haoline_analysis.formats.tensorrt.layers import read_layers
        from haoline_analysis.formats.tensorrt.log import names_of, read_log

        if source.storage is None:
            raise ModelError("layer information is read from a file or bytes")
        kind = beside.kind_of(source.head) or beside.LOG
        if kind in _ALONE:
            raise UnsupportedFormatError(_ALONE[kind])
        text = beside.read_text(source.storage, "layer information")
        if kind == beside.LOG:
            log = read_log(text)
            if not log.layers:
                raise UnsupportedFormatError(_empty_log(log.profile is not None))
            return Parts(log.layers, log.bindings, log)
        value = checked.mapping(checked.parse(text, "layer information"), "the layer information")
        layers = read_layers(value.get("Layers"))
        if not layers:
            raise MalformedModelError(
                "states no layers: build the engine with profiling verbosity DETAILED, not NONE, and export again"
            )
        return Parts(layers, names_of(value.get("Bindings", [])))


def _empty_log(has_profile: bool) -> str:
    if has_profile:
        return f"is a log with times of an engine's layers, not the layers: {_NEEDS}this file as profile"
    return "is a log of TensorRT that lists no engine's layers: run trtexec with --dumpLayerInfo"


def stem(name: str) -> str:
    """A file's name without what says that it is layer information."""
    for ending in (".graph.json", ".engine.json", ".json", ".log", ".txt"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    return Path(name).name or "engine"
