"""Files that belong to a layer-information file, by what is in them and by the names people give them.

TensorRT Engine Explorer writes ``x.graph.json``, ``x.profile.json``, ``x.timing.json``, ``x.build.metadata.json``,
``x.metadata.json`` and ``x.profile.metadata.json``; trtexec writes where it is told, often named after its options.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.source import open_storage
from haoline_analysis.formats.tensorrt import bounded_json as checked

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import FileStorage, MemoryStorage

LAYERS, PROFILE, TIMING, BUILDER, DEVICE, PERFORMANCE, LOG = (
    "layers",
    "profile",
    "timing",
    "build metadata",
    "device metadata",
    "profile metadata",
    "log",
)

_KEYS = (
    (b'"Layers"', LAYERS),
    (b'"startEnqMs"', TIMING),
    (b'"computeMs"', TIMING),
    (b'"timeMs"', PROFILE),
    (b'"averageMs"', PROFILE),
    (b'"build_options"', BUILDER),
    (b'"performance_summary"', PERFORMANCE),
    (b'"ComputeCapability"', DEVICE),
)
_LOG_MARKS = (b"TensorRT.trtexec", b"[TRT]", b"[I] === Model Options", b", LayerType: ", b", Tactic: 0x")
_TREX = re.compile(r"\.graph\.json$", re.IGNORECASE)
_TREX_NAMES = {
    PROFILE: ".profile.json",
    TIMING: ".timing.json",
    BUILDER: ".build.metadata.json",
    DEVICE: ".metadata.json",
    PERFORMANCE: ".profile.metadata.json",
}
_OPTION = re.compile(r"exportLayerInfo|layer_?info|layers?|graph", re.IGNORECASE)
_OPTION_NAMES = {PROFILE: ("exportProfile", "profile"), TIMING: ("exportTimes", "times", "timing")}


def kind_of(head: bytes) -> str | None:
    """Which of TensorRT's files the first bytes are of; None for anything else."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        found = [(start.find(key), kind) for key, kind in _KEYS if key in start]
        if found:
            return min(found)[1]
    return LOG if any(mark in head for mark in _LOG_MARKS) and b"\0" not in head else None


def read_text(storage: FileStorage | MemoryStorage, what: str) -> str:
    """The text of a file of bounded size.

    Raises:
        ModelError: if it is too large or cannot be read.
    """
    checked.check_size(storage.size, what)
    return checked.decode(storage.read(0, storage.size).tobytes(), what)


def found_beside(path: Path | None) -> dict[str, Path]:
    """Files beside a layer-information file that are named as belonging to it, by kind."""
    if path is None:
        return {}
    found: dict[str, Path] = {}
    for kind, candidates in _candidates(path.name).items():
        for name in candidates:
            place = path.with_name(name)
            if name != path.name and place.is_file() and _is(place, kind):
                found[kind] = place
                break
    return found


def _candidates(name: str) -> dict[str, list[str]]:
    if _TREX.search(name):
        return {kind: [_TREX.sub(ending, name)] for kind, ending in _TREX_NAMES.items()}
    mark = _OPTION.search(name)
    if mark is None:
        return {}
    stem, rest = name[: mark.start()], name[mark.end() :]
    endings = dict.fromkeys((rest, ".json", ".log"))
    return {kind: [stem + word + end for word in words for end in endings] for kind, words in _OPTION_NAMES.items()}


def _is(path: Path, kind: str) -> bool:
    """Whether the content is what the name says."""
    try:
        with path.open("rb") as file:
            return kind_of(file.read(4096)) in (kind, LOG)
    except OSError:
        return False


def open_option(value: object, option: str) -> FileStorage | MemoryStorage:
    """The storage of a file named in an option, or of bytes.

    Raises:
        ModelError: if it is neither, or there is no such file.
    """
    if isinstance(value, (str, Path)):
        return open_storage(Path(value).expanduser())
    if isinstance(value, (bytes, bytearray)):
        return open_storage(bytes(value))
    raise ModelError(f"{option} is a {type(value).__name__}, expected a path")
