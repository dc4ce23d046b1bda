"""Checkpoints from before PyTorch 0.1.10: a tar archive of pickles, ``storages`` and ``tensors``.

``storages``: a pickled count; for each a pickled ``(key, location, class)``, a count of elements (int64), the elements;
then a pickled list of storages that are part of another.
``tensors``: a pickled count; for each a pickled ``(key, storage key, class)``, then of int32 the number of axes and a
gap, of int64 the sizes, strides and the offset. The object in ``pickle`` names tensors by their keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError, UnsupportedFormatError
from haoline_analysis.formats.torch.dtypes import ITEM_BYTES, TORCH
from haoline_analysis.formats.torch.pickles import Built, Global, Persistent, Pickle, scan
from haoline_analysis.formats.torch.sources import StorageSpan
from haoline_analysis.formats.torch.tensors import MAX_DIMS, storage_type

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer, Storage

_BLOCK = 512
MAX_MEMBERS = 64
MAX_ITEMS = 1 << 20
_MEMBERS = ("pickle", "storages", "tensors")


def read_tar(buf: Buffer, storage: Storage) -> tuple[Pickle, dict[str, StorageSpan]]:
    """The object pickle, its tensors put in as calls that rebuild them, and where each storage lies.

    Raises:
        ModelError: if the archive is no checkpoint, or breaks the layout.
    """
    members = _members(buf)
    missing = [name for name in _MEMBERS if name not in members]
    if missing:
        raise UnsupportedFormatError(f"is a tar archive without {', '.join(missing)}, so no PyTorch checkpoint")
    spans, kinds = _storages(buf, storage, members["storages"])
    tensors = _tensors(buf, members["tensors"], spans, kinds)
    found = scan(buf, *members["pickle"])
    for item in found.persistent:
        item.key = _resolved(item.key, tensors)
    return found, spans


def _members(buf: Buffer) -> dict[str, tuple[int, int]]:
    """Start and stop of each file, by its name without folders."""
    found: dict[str, tuple[int, int]] = {}
    place = 0
    while place + _BLOCK <= len(buf):
        header = buf[place : place + _BLOCK]
        name = header[:100].split(b"\0")[0].decode("utf-8", "replace")
        if not name:
            break
        if len(found) >= MAX_MEMBERS:
            raise LimitError(f"the tar archive has more than {MAX_MEMBERS} members")
        start = place + _BLOCK
        size = _octal(header[124:136])
        if start + size > len(buf):
            raise MalformedModelError(f"{name[:40]!r} reaches beyond the end of the tar archive")
        found[name.rpartition("/")[2]] = (start, start + size)
        place = start + -(-size // _BLOCK) * _BLOCK
    return found


def _octal(field: bytes) -> int:
    text = field.split(b"\0")[0].strip()
    if not text.isdigit() or len(text) > 12:
        raise MalformedModelError("the tar archive has a size that is no number")
    try:
        return int(text, 8)
    except ValueError as error:
        raise MalformedModelError("the tar archive has a size that is no number") from error


def _count(pickle: Pickle) -> int:
    if not isinstance(pickle.value, int) or not 0 <= pickle.value <= MAX_ITEMS:
        raise MalformedModelError("an old checkpoint has no count where it needs one")
    return pickle.value


def _triple(pickle: Pickle) -> tuple[Any, ...]:
    if not isinstance(pickle.value, tuple) or len(pickle.value) != 3:
        raise MalformedModelError("an old checkpoint lists a storage or tensor without its key and class")
    return pickle.value


def _whole(buf: Buffer, place: int, stop: int, width: int) -> int:
    if place + width > stop:
        raise MalformedModelError("an old checkpoint is cut short")
    return int.from_bytes(buf[place : place + width], "little", signed=True)


def _storages(
    buf: Buffer, storage: Storage, member: tuple[int, int]
) -> tuple[dict[str, StorageSpan], dict[str, Global]]:
    place, stop = member
    head = scan(buf, place, stop)
    spans: dict[str, StorageSpan] = {}
    kinds: dict[str, Global] = {}
    place = head.stop
    for _ in range(_count(head)):
        told = scan(buf, place, stop)
        key, _, kind = _triple(told)
        item = ITEM_BYTES[TORCH[storage_type(kind)]]
        length = _whole(buf, told.stop, stop, 8) * item
        start = told.stop + 8
        if length < 0 or start + length > stop:
            raise MalformedModelError(f"storage {str(key)[:40]!r} reaches beyond the end of the file")
        spans[str(key)], kinds[str(key)] = StorageSpan(storage, start, length), kind
        place = start + length
    _add_views(scan(buf, place, stop).value, spans, kinds)
    return spans, kinds


def _add_views(views: Any, spans: dict[str, StorageSpan], kinds: dict[str, Global]) -> None:
    """Add storages that are part of another: ``(key, key of the whole, offset, elements)``."""
    for view in views if isinstance(views, list) else ():
        whole = str(view[1]) if isinstance(view, tuple) and len(view) == 4 else ""
        if whole not in spans or not all(isinstance(number, int) and number >= 0 for number in view[2:]):
            raise MalformedModelError("an old checkpoint has a view of a storage that is not there")
        item = ITEM_BYTES[TORCH[storage_type(kinds[whole])]]
        spans[str(view[0])] = spans[whole].part(view[2] * item, view[3] * item)
        kinds[str(view[0])] = kinds[whole]


def _tensors(
    buf: Buffer, member: tuple[int, int], spans: dict[str, StorageSpan], kinds: dict[str, Global]
) -> dict[str, Built]:
    """Each tensor as the call that later files have in its place."""
    place, stop = member
    head = scan(buf, place, stop)
    place = head.stop
    found: dict[str, Built] = {}
    for _ in range(_count(head)):
        told = scan(buf, place, stop)
        key, stored, _ = _triple(told)
        if str(stored) not in spans:
            raise MalformedModelError("an old checkpoint has a tensor of a storage that is not there")
        axes = _whole(buf, told.stop, stop, 4)
        if not 0 <= axes <= MAX_DIMS:
            raise MalformedModelError(f"an old checkpoint has a tensor of {axes} axes")
        start = told.stop + 8
        numbers = [_whole(buf, start + 8 * index, stop, 8) for index in range(2 * axes + 1)]
        kind = kinds[str(stored)]
        count = spans[str(stored)].length // ITEM_BYTES[TORCH[storage_type(kind)]]
        held = Persistent(("storage", kind, str(stored), "cpu", count))
        arguments = (held, numbers[-1], tuple(numbers[:axes]), tuple(numbers[axes:-1]))
        found[str(key)] = Built(Global("torch._utils", "_rebuild_tensor", told.stop), arguments, told.stop)
        place = start + 8 * len(numbers)
    return found


def _resolved(key: Any, tensors: dict[str, Built]) -> Any:
    """What a persistent id of the object stands for."""
    return ("tensor", tensors[str(key)]) if isinstance(key, (int, str)) and str(key) in tensors else key
