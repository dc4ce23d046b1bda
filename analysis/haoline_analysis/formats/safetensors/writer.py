"""Writing the weights of any model as safetensors: one file, or shards with an index, streamed tensor by tensor."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.formats import elements
from haoline_analysis.formats.safetensors.dtypes import CODES, RANK
from haoline_analysis.formats.safetensors.header import LENGTH_BYTES, MAX_HEADER
from haoline_analysis.formats.safetensors.packed import stored_bytes
from haoline_analysis.model import RowSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from haoline_analysis.formats.storage import Storage
    from haoline_analysis.model import Model, Weight

CHUNK = 1 << 24
"""Bytes copied at a time."""
_ALIGNMENT = 8
_REAL = ("float16", "bfloat16", "float32")


class Skipped(NamedTuple):
    """A weight that was not written, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Written:
    """What was written."""

    files: list[Path] = field(default_factory=list)
    tensors: int = 0
    nbytes: int = 0  # of tensors' data
    skipped: list[Skipped] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # names left out -> the name of the same storage


class _Item(NamedTuple):
    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    weight: Weight
    dequantized: bool  # its real numbers are written, not what is stored


def write(
    model: Model,
    path: str | os.PathLike[str],
    *,
    shard_bytes: int | None = None,
    dequantize: str | None = None,
    metadata: Mapping[str, str] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Written:
    """Write the weights of a model, as they are stored.

    Tensors that share a storage are written once, under their first name; the metadata says which names those are
    (``{"lm_head.weight": "model.embed_tokens.weight"}``, as ``safetensors.torch.save_model`` does). Packed integers
    and their scales stay as they are. What safetensors has no type for (GGUF's blocks, strings) is skipped.

    Args:
        model: any model with weights.
        path: of the file; with ``shard_bytes``, of a folder that gets shards and ``model.safetensors.index.json``.
        shard_bytes: most bytes of data in a shard; None: one file.
        dequantize: ``float16``, ``bfloat16`` or ``float32``: write the real numbers of weights that are stored in a
            type that safetensors does not have, in that type; None: leave them out.
        metadata: text to text, for the header; else that of the model.
        progress: called with bytes written and bytes in all.

    Raises:
        ModelError: if nothing can be written, a weight cannot be read, or the file cannot be made.
    """
    if dequantize not in (None, *_REAL):
        raise ModelError(f"dequantize is {dequantize!r}, expected one of {', '.join(_REAL)}")
    done = Written()
    items = _items(model, done, dequantize)
    if not items:
        reason = f": {done.skipped[0].reason}" if done.skipped else ""
        raise ModelError(f"{model.name} has no weights that safetensors can hold{reason}")
    total = sum(item.nbytes for item in items)
    texts = dict(metadata if metadata is not None else model.metadata)
    texts.update(done.aliases)
    writing = _Writing(done, total, progress)
    target = Path(path)
    try:
        if shard_bytes is None:
            writing.file(target, items, texts)
        else:
            writing.shards(target, _split(items, max(shard_bytes, 1)), texts)
    except OSError as error:
        raise ModelError(f"{target}: cannot be written: {error}") from error
    return done


def _items(model: Model, done: Written, dequantize: str | None) -> list[_Item]:
    """What can be written, largest alignment first and then by name, as the format's own writer sorts."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    items = []
    for tensor in model.tensors:
        weight = tensor.weight
        if weight is None:
            continue
        if id(weight) in names:
            done.aliases[tensor.name] = names[id(weight)]
            continue
        dequantized = (
            dequantize is not None and weight.dtype not in dtypes.BITS and isinstance(weight.source, RowSource)
        )
        dtype = dequantize if dequantized and dequantize is not None else _plain(weight.dtype)
        shape = weight.shape if weight.stored_shape is None or dequantized else weight.stored_shape
        reason = _unfit(tensor.name, dtype, shape, taken)
        if reason is not None:
            done.skipped.append(Skipped(tensor.name, reason))
            continue
        names[id(weight)] = tensor.name
        taken.add(tensor.name)
        size = dtypes.nbytes(dtype, shape)
        assert size is not None
        items.append(_Item(tensor.name, dtype, shape, size, weight, dequantized))
    return sorted(items, key=lambda item: (-RANK[item.dtype], item.name))


def _plain(dtype: str) -> str:
    """The type to write: four- and two-bit integers, which the format lacks, take a byte each."""
    return {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8"}.get(dtype, dtype)


def _unfit(name: str, dtype: str, shape: tuple[int, ...], taken: set[str]) -> str | None:
    if dtype not in CODES:
        return f"safetensors has no type for {dtype}"
    if not name or name == "__metadata__":
        return "it has no name that safetensors can hold"
    if name in taken:
        return "another weight has its name"
    bits = dtypes.BITS[dtype]
    if bits % 8 and (dtypes.nbytes(dtype, shape) or 0) * 8 != bits * int(np.prod(shape, dtype=object)):
        return f"its {dtype} elements do not fill whole bytes"
    return None


def _split(items: Sequence[_Item], most: int) -> list[list[_Item]]:
    """Shards of at most ``most`` bytes, in order; a larger tensor has one for itself."""
    shards: list[list[_Item]] = []
    size = 0
    for item in items:
        if not shards or size + item.nbytes > most:
            shards.append([])
            size = 0
        shards[-1].append(item)
        size += item.nbytes
    return shards


class _Writing:
    """Files being written; each appears under its name only when it is whole."""

    def __init__(self, done: Written, total: int, progress: Callable[[int, int], object] | None) -> None:
        self.done = done
        self.total = total
        self.progress = progress

    def shards(self, folder: Path, shards: list[list[_Item]], texts: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        placed = {}
        for number, items in enumerate(shards, 1):
            name = f"model-{number:05}-of-{len(shards):05}.safetensors"
            self.file(folder / name, items, texts)
            placed.update({item.name: name for item in items})
        index = {"metadata": {"total_size": self.total}, "weight_map": dict(sorted(placed.items()))}
        target = folder / "model.safetensors.index.json"
        target.write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        self.done.files.append(target)

    def file(self, path: Path, items: Sequence[_Item], texts: dict[str, str]) -> None:
        header = _header(items, texts)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with unfinished.open("wb") as file:
                file.write(len(header).to_bytes(LENGTH_BYTES, "little") + header)
                for item in items:
                    self._data(file, item)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self.done.files.append(path)

    def _data(self, file: BinaryIO, item: _Item) -> None:
        start = file.tell()
        span = None if item.dequantized else raw_span(item.weight)
        if item.dequantized:
            file.writelines(values.data for values in _real(item))
        elif span is not None and span[2] == item.nbytes:
            storage, offset, length = span
            file.writelines(storage.read(offset + at, min(CHUNK, length - at)).data for at in range(0, length, CHUNK))
        else:
            file.write(stored_bytes(item.dtype, item.weight.source.load()).data)
        if file.tell() - start != item.nbytes:
            raise ModelError(f"{item.name}: has {file.tell() - start:,} bytes, expected {item.nbytes:,}")
        self.done.tensors += 1
        self.done.nbytes += item.nbytes
        if self.progress is not None:
            self.progress(self.done.nbytes, self.total)


def _real(item: _Item) -> Iterator[np.ndarray]:
    """Bytes of the real numbers, some rows at a time."""
    rows = item.shape[0] if item.shape else 1
    each = max(1, CHUNK * rows // max(4 * item.weight.elements, 1))
    kind = elements.extended(item.dtype) if item.dtype in elements.EXTENDED else np.dtype(item.dtype)
    for start in range(0, rows, each):
        values = item.weight.values(start, min(start + each, rows))
        with np.errstate(over="ignore"):
            yield stored_bytes(item.dtype, values.astype(kind))


def raw_span(weight: Weight) -> tuple[Storage, int, int] | None:
    """Storage, offset and length of a weight whose bytes in its file are what safetensors would hold."""
    give = getattr(weight.source, "raw", None)
    found = give() if callable(give) else None
    return found if isinstance(found, tuple) else None


def _header(items: Sequence[_Item], texts: dict[str, str]) -> bytes:
    """The JSON, padded with spaces so that data starts at a multiple of eight bytes.

    Raises:
        ModelError: if it would be larger than the format allows.
    """
    entries: dict[str, object] = {"__metadata__": texts} if texts else {}
    at = 0
    for item in items:
        stop = at + item.nbytes
        entries[item.name] = {"dtype": CODES[item.dtype], "shape": list(item.shape), "data_offsets": [at, stop]}
        at = stop
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > MAX_HEADER:
        raise ModelError(f"the header would have {len(text):,} bytes, more than the {MAX_HEADER:,} that are allowed")
    return text
