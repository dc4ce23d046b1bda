"""NumPy files from strangers: headers are checked before anything is read, and no pickle ever is."""

from __future__ import annotations

import zipfile
from copy import copy
from math import prod
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError, reason
from haoline_analysis.runtime.samples.ports import show_shape

if TYPE_CHECKING:
    from pathlib import Path

MAX_EXPANDED_BYTES = 4 << 30
"""The arrays of a .npz may not expand to more than this together."""

_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NpyFile:
    """A .npy file, memory-mapped when it is sliced and never before; pickles as its path."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            InputError: if it is no .npy file, holds Python objects, or is shorter than its header says.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                self.shape, self.dtype = _header(file, path.name)
                stored = path.stat().st_size - file.tell()
        except OSError as error:
            raise InputError(f"{path.name}: cannot be read: {error.strerror}") from error
        needed = prod(self.shape) * self.dtype.itemsize
        if stored < needed:
            raise InputError(f"{path.name}: its header promises {needed:,} bytes, the file holds {stored:,}")
        self._view: tuple[Any, ...] = ()

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> np.ndarray:
        """A slice of it, copied into memory."""
        return np.array(self._mapped()[key])

    def narrowed(self, axis: int, rows: slice) -> NpyFile:
        """The same file seen through ``rows`` of ``axis``; may be done once."""
        assert not self._view, "already narrowed"
        piece = copy(self)
        piece._view = (slice(None),) * axis + (rows,)  # noqa: SLF001  one of its own kind
        size = len(range(*rows.indices(self.shape[axis])))
        piece.shape = (*self.shape[:axis], size, *self.shape[axis + 1 :])
        return piece

    def _mapped(self) -> np.ndarray:
        try:
            mapped = np.load(self.path, mmap_mode="r" if prod(self.shape) else None, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path.name}: cannot be read any more: {reason(error)}") from error
        view: np.ndarray = mapped[self._view]
        return view


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a .npz file by their names.

    Raises:
        InputError: if it is no such file, holds Python objects, or expands beyond reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            _refuse_bomb(members, path.name)
            arrays = {info.filename.removesuffix(".npy"): _member(archive, info, path.name) for info in members}
    except InputError:
        raise
    except Exception as error:  # decompressors raise whatever they like on damaged files
        raise InputError(f"{path.name}: not a readable .npz file: {reason(error)}") from error
    if not arrays:
        raise InputError(f"{path.name}: holds no arrays")
    return arrays


def _refuse_bomb(members: list[zipfile.ZipInfo], where: str) -> None:
    """The sizes in an archive's directory are upper limits of what is unpacked."""
    expanded = sum(info.file_size for info in members)
    if expanded > MAX_EXPANDED_BYTES:
        raise InputError(f"{where}: expands to {expanded:,} bytes, more than {MAX_EXPANDED_BYTES:,} are not unpacked")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> np.ndarray:
    label = f"{where}, array {info.filename.removesuffix('.npy')!r}"
    with archive.open(info) as file:
        shape, dtype = _header(file, label)
        needed = prod(shape) * dtype.itemsize
        if info.file_size < needed:
            raise InputError(f"{label}: its header promises {needed:,} bytes, the archive holds {info.file_size:,}")
    with archive.open(info) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _header(file: IO[bytes], label: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)
        reader = _READERS.get(version, np.lib.format.read_array_header_2_0)  # 3.0 differs in the encoding of names only
        shape, _, dtype = reader(file)
    except Exception as error:  # headers are Python literals, and fail in as many ways
        raise InputError(f"{label}: not a .npy array: {reason(error)}") from error
    if any(not isinstance(size, int) or size < 0 for size in shape):
        raise InputError(f"{label}: not a .npy array: its shape is {shape}")
    if dtype.hasobject:
        raise InputError(f"{label}: an object array holds pickled Python objects, which are never loaded")
    if dtype.fields is not None:
        raise InputError(f"{label}: a structured array cannot be fed, shape {show_shape(shape)}")
    return tuple(int(size) for size in shape), dtype
