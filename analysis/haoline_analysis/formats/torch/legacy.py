"""Checkpoints from before PyTorch 1.6: several pickles and then the storages, one after the other in one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.formats.torch.dtypes import ITEM_BYTES, TORCH
from haoline_analysis.formats.torch.pickles import Pairs, Pickle, scan
from haoline_analysis.formats.torch.sources import StorageSpan
from haoline_analysis.formats.torch.tensors import storage_type

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer, Storage

MAGIC = 0x1950A86A20F9469CFC6C
"""What the first pickle of such a file is: ``torch.serialization.MAGIC_NUMBER``."""

MAGIC_HEAD = b"\x8a\x0a" + MAGIC.to_bytes(10, "little")
"""Its bytes, behind the two of the protocol."""

_LENGTH_BYTES = 8


@dataclass(slots=True, eq=False)
class LegacyFile:
    """The object pickle of such a file, and where each storage lies."""

    pickle: Pickle
    spans: dict[str, StorageSpan]
    protocol: int


def read_legacy(buf: Buffer, storage: Storage) -> LegacyFile:
    """Magic number, protocol, system, object, list of storage keys; then each storage: its length, its elements.

    Raises:
        MalformedModelError: if the file breaks that order or is cut short.
    """
    magic = scan(buf)
    protocol = scan(buf, magic.stop)
    system = scan(buf, protocol.stop)
    found = scan(buf, system.stop)
    keys = scan(buf, found.stop)
    if magic.value != MAGIC or not isinstance(protocol.value, int) or not isinstance(keys.value, list):
        raise MalformedModelError("the file starts like an old PyTorch checkpoint but does not go on like one")
    big = _entry(system.value, "little_endian") is False
    spans = _spans(buf, storage, keys, _units(found), big)
    for other in (system, keys):
        found.globals += other.globals
        found.calls += other.calls
    return LegacyFile(found, spans, protocol.value)


def _entry(value: Any, name: str) -> Any:
    return value.named().get(name) if isinstance(value, Pairs) else None


def _units(found: Pickle) -> dict[str, int]:
    """Bytes of one element, by storage key."""
    units: dict[str, int] = {}
    for item in found.persistent:
        key = item.key
        if isinstance(key, tuple) and len(key) >= 5 and key[0] == "storage":
            units[str(key[2])] = ITEM_BYTES[TORCH[storage_type(key[1])]]
    return units


def _spans(buf: Buffer, storage: Storage, keys: Pickle, units: dict[str, int], big: bool) -> dict[str, StorageSpan]:
    spans: dict[str, StorageSpan] = {}
    place = keys.stop
    for key in keys.value:
        name = str(key) if isinstance(key, (str, int)) else ""
        if name not in units or name in spans:
            raise MalformedModelError("the list of storages names one that no tensor uses, or one twice")
        if place + _LENGTH_BYTES > len(buf):
            raise MalformedModelError(f"the file is cut short before storage {name[:40]!r}")
        count = int.from_bytes(buf[place : place + _LENGTH_BYTES], "big" if big else "little", signed=True)
        place += _LENGTH_BYTES
        length = count * units[name]
        if count < 0 or place + length > len(buf):
            raise MalformedModelError(f"storage {name[:40]!r} of {count:,} elements reaches beyond the end of the file")
        spans[name] = StorageSpan(storage, place, length, big)
        place += length
    return spans
