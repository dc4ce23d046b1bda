"""Reading stored tensors, no more of them than is asked for."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.report.naming import few, offer
from haoline_analysis.runtime.store import manifest as manifests
from haoline_analysis.runtime.store.errors import StoreError
from haoline_analysis.runtime.store.manifest import ENTRY, Manifest

if TYPE_CHECKING:
    from haoline_analysis.runtime.store.forms import Form

MOST_SHOWN = 8


class StoredTensors:
    """A finished capture: arrays are views of its memory-mapped file, which pages in as they are touched."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Map the data file of a checked manifest."""
        self.folder = folder
        self._manifest = manifest
        self._file = _open(folder / manifest.data)
        self._bytes = _mapped(self._file, manifest.data_bytes)
        self._rows = {name: row for row, name in enumerate(manifest.names)}
        index = self._slice(manifest.index_offset, manifest.entries * ENTRY.itemsize).view(ENTRY)
        _check_index(index, manifest)
        keys = index["tensor"].astype(np.int64) << 32 | index["sample"]
        order = np.argsort(keys, kind="stable")
        self._keys, self._forms, self._offsets = keys[order], index["form"][order], index["offset"][order]
        if np.any(self._keys[1:] == self._keys[:-1]):
            raise StoreError(f"The capture in {str(folder)!r} is damaged: a tensor has a sample twice.")

    @classmethod
    def open(cls, folder: Path | str) -> StoredTensors:
        """Open the capture in a folder.

        Raises:
            StoreError: if there is no finished capture, or a damaged one.
        """
        path = Path(folder).expanduser()
        return cls(path, manifests.read(path))

    @property
    def header(self) -> dict[str, Any]:
        """What the writer said of the capture."""
        return self._manifest.header

    @property
    def samples(self) -> list[int]:
        """Numbers of the samples that are here, each of them whole."""
        return self._manifest.samples

    @property
    def nbytes(self) -> int:
        """Bytes of the data file."""
        return self._manifest.data_bytes

    def names(self) -> list[str]:
        """The tensors, in the order in which they were first stored."""
        return list(self._manifest.names)

    def load(
        self, tensor: str, sample: int = 0, channel: int | None = None, channel_axis: int | None = None
    ) -> np.ndarray:
        """A sample of a tensor, or one channel of it without the channel axis: read-only, paged in when touched.

        ``channel_axis`` may be left out where it was given to the store.

        Raises:
            StoreError: if there is no such tensor, sample or channel, or the file has shrunk.
        """
        form, offset = self._find(tensor, sample)
        if os.fstat(self._file.fileno()).st_size < self.nbytes:  # touching what is gone would kill the process
            raise StoreError(f"The data file in {str(self.folder)!r} has shrunk since it was opened.")
        values = form.array(self._slice(offset, form.nbytes))
        if channel is None:
            return values
        axis = _axis(form, channel_axis, tensor)
        if not 0 <= channel < form.shape[axis]:
            raise StoreError(f"{tensor!r} has channels 0 to {form.shape[axis] - 1}, there is no {channel}.")
        chosen: np.ndarray = np.moveaxis(values, axis, 0)[channel, ...]
        return chosen

    def shape(self, tensor: str, sample: int = 0) -> tuple[int, ...]:
        """The shape of a stored sample."""
        return self._find(tensor, sample)[0].shape

    def dtype(self, tensor: str, sample: int = 0) -> str:
        """The element type of a stored sample, as a word."""
        return self._find(tensor, sample)[0].dtype

    def tables(self) -> list[str]:
        """Names of the tables kept beside the tensors."""
        return list(self._manifest.tables)

    def table(self, name: str) -> dict[str, Any]:
        """A table as it was put: read-only arrays, and lists of text.

        Raises:
            StoreError: if there is no such table, or its text is damaged.
        """
        if name not in self._manifest.tables:
            raise StoreError(f"The capture has no table {name!r}{offer(name, self._manifest.tables)}")
        return {column: self._column(place) for column, place in self._manifest.tables[name].items()}

    def _column(self, place: manifests.Place) -> Any:
        if place.text < 0:
            form = self._manifest.forms[place.form]
            return form.array(self._slice(place.offset, form.nbytes))
        try:
            return json.loads(bytes(self._slice(place.offset, place.text)))
        except (ValueError, RecursionError) as error:
            raise StoreError(f"The capture in {str(self.folder)!r} is damaged: a text column is no JSON.") from error

    def _find(self, tensor: str, sample: int) -> tuple[Form, int]:
        """Form and offset of a sample of a tensor."""
        row = self._rows.get(tensor)
        if row is None:
            raise StoreError(f"The capture has no tensor {few([tensor])}{offer(tensor, self._rows)}")
        key = (row << 32 | sample) if 0 <= sample < 1 << 32 else -1
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            raise StoreError(f"Sample {sample} of {tensor!r} is not stored; {_range(self.samples)}.")
        return self._manifest.forms[int(self._forms[at])], int(self._offsets[at])

    def _slice(self, offset: int, length: int) -> np.ndarray:
        return self._bytes[offset : offset + length]


def _open(path: Path) -> Any:
    """The data file, which is no link."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except OSError as error:
        raise StoreError(f"The data file {path.name} cannot be read: {error.strerror}.") from error


def _mapped(file: Any, size: int) -> np.ndarray:
    """The bytes of an open file, uint8, read-only."""
    if size == 0:
        return np.frombuffer(b"", np.uint8)
    try:
        return np.frombuffer(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ), np.uint8)
    except (OSError, ValueError) as error:
        raise StoreError(f"The data file cannot be mapped: {error}.") from error


def _check_index(index: np.ndarray, manifest: Manifest) -> None:
    """Refuse an index that points outside.

    Raises:
        StoreError: if it does.
    """
    if not len(index):
        return
    sizes = np.array([form.nbytes for form in manifest.forms], np.uint64)
    known = index["tensor"].max() < len(manifest.names) and index["form"].max() < len(sizes)
    if not known or not np.isin(index["sample"], np.array(manifest.samples, np.int64)).all():
        raise StoreError("The capture is damaged: its index names a tensor, sample or form that is not listed.")
    size = np.uint64(manifest.data_bytes)
    lengths = sizes[index["form"]]
    if np.any(lengths > size) or np.any(index["offset"] > size - lengths):
        raise StoreError("The capture is damaged: its index points past the end of its data file.")


def _axis(form: Form, axis: int | None, tensor: str) -> int:
    """The channel axis to use, not negative."""
    axis = form.axis if axis is None else axis
    rank = len(form.shape)
    if axis is None or not -rank <= axis < rank:
        raise StoreError(f"{tensor!r} has no channel axis{'' if axis is None else f' {axis}: its rank is {rank}'}.")
    return axis % rank


def _range(samples: list[int]) -> str:
    """Which samples there are, for messages."""
    if not samples:
        return "no sample is"
    whole = len(samples) == max(samples) - min(samples) + 1
    if whole and len(samples) > 1:
        return f"{min(samples)} to {max(samples)} are"
    return f"stored: {', '.join(str(sample) for sample in samples[:MOST_SHOWN])}{', …' * (len(samples) > MOST_SHOWN)}"
