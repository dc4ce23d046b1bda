"""The tensors of an exported program: entries of the archive, or a checkpoint inside it in older layouts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError
from haoline_analysis.formats.torch.archive import STORED, Entry, unpack
from haoline_analysis.formats.torch.content import open_content
from haoline_analysis.formats.torch.dims import size
from haoline_analysis.formats.torch.nested import Part, Window
from haoline_analysis.formats.torch.pickles.verdicts import findings
from haoline_analysis.formats.torch.sources import StorageSpan
from haoline_analysis.formats.torch.tensors import Rebuilder
from haoline_analysis.formats.torch.walking import tensors_in
from haoline_analysis.formats.torch.weights import make_weights, view_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.findings.finding import Finding
    from haoline_analysis.formats.storage import Buffer, Storage
    from haoline_analysis.model import Weight

MAX_JSON_BYTES = 1 << 28

SCALAR_TYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
"""Numbers of element types in exported programs (schema 8) to names of ``torch.<dtype>``."""

_PAYLOADS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_STATES = ("serialized_state_dict.pt", "serialized_constants.pt", "data/weights/model.pt", "data/constants/model.pt")


@dataclass(slots=True, eq=False)
class Archive:
    """An archive of an exported program while it is open."""

    buf: Buffer
    storage: Storage
    entries: Mapping[str, Entry]
    root: str

    def json(self, name: str) -> Any:
        """The content of a JSON entry.

        Raises:
            ModelError: if it is too large, nested too deeply, or no JSON.
        """
        data = unpack(self.buf, self.entries[f"{self.root}{name}"], MAX_JSON_BYTES)
        try:
            return json.loads(data)
        except RecursionError as error:
            raise LimitError(f"{name} nests deeper than the interpreter allows") from error
        except ValueError as error:
            raise MalformedModelError(f"{name} is no JSON: {error}") from error

    def has(self, name: str) -> bool:
        """Whether there is such an entry."""
        return f"{self.root}{name}" in self.entries


@dataclass(slots=True)
class Payloads:
    """Weights by their names in the module."""

    weights: dict[str, Weight] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # name: why


def read_payloads(archive: Archive) -> Payloads:
    """All weights and constants, each to be read when somebody asks, and what pickles in the archive would run.

    Raises:
        ModelError: if the archive contradicts itself.
    """
    made = Payloads()
    views: dict[Any, Weight] = {}
    left: dict[str, int] = {}
    for config in _PAYLOADS:
        if archive.has(config):
            folder = f"{archive.root}{config.rpartition('/')[0]}/"
            for name, meta in _configured(archive.json(config), config):
                _payload(archive, folder, name, meta, (made, views, left))
    for name in archive.entries:
        if name.endswith(".pt"):
            _pickled(archive, name, made)
    return made


def _configured(config: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    inner = config.get("config") if isinstance(config, dict) else None
    if not isinstance(inner, dict):
        raise MalformedModelError(f"{where} lists no tensors")
    return [(name, meta) for name, meta in inner.items() if isinstance(meta, dict)]


def _payload(
    archive: Archive,
    folder: str,
    name: str,
    meta: dict[str, Any],
    into: tuple[Payloads, dict[Any, Weight], dict[str, int]],
) -> None:
    """One tensor of the newer layout."""
    made, views, left = into
    entry = archive.entries.get(f"{folder}{meta.get('path_name')}")
    tensor, dtype = meta.get("tensor_meta"), SCALAR_TYPES.get(_nested(meta, "tensor_meta", "dtype"))
    if entry is None or meta.get("use_pickle") or not isinstance(tensor, dict) or dtype is None:
        made.missing[name] = "not in the archive" if entry is None else "kept as a pickle, or of an unknown type"
        return
    span = StorageSpan(archive.storage, entry.offset, entry.packed)
    if entry.method != STORED:
        span = StorageSpan(None, 0, entry.size, why=f"{entry.name} is compressed, so it cannot be read in part")
    left.setdefault(entry.name, entry.size)
    place = (size(tensor.get("storage_offset")), _sizes(tensor, "sizes"), _sizes(tensor, "strides"))
    view = Rebuilder.view(span, entry.name, dtype, place, bool(meta.get("is_param")))
    made.weights[name] = view_weight(name, view, "initializer" if meta.get("is_param") else "buffer", views, left)


def _nested(value: dict[str, Any], *path: str) -> Any:
    found: Any = value
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, (int, str)) else None


def _sizes(meta: dict[str, Any], name: str) -> tuple[Any, ...]:
    values = meta.get(name)
    return tuple(size(item) for item in values) if isinstance(values, list) else ()


def _pickled(archive: Archive, name: str, made: Payloads) -> None:
    """A checkpoint inside: weights, in the older layout; in any case what its pickle would run."""
    entry = archive.entries[name]
    short = name.removeprefix(archive.root)
    if entry.method != STORED:
        made.missing[short] = "compressed, so not looked into"
        return
    part = Part(archive.storage, entry.offset, entry.size)
    try:
        content = open_content(Window.of(archive.buf, entry.offset, entry.size), part)
    except ModelError as error:
        made.missing[short] = str(error)
        return
    made.findings += findings(content.pickle, f"{short}/{content.where}")
    if short in _STATES:
        leaves = list(tensors_in(content.pickle.value, content.rebuilder))
        found = make_weights(leaves, content.rebuilder)
        made.weights |= dict(found.tensors)
