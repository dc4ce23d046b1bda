"""Storing the tensors of a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from haoline_analysis.report.container import finite
from haoline_analysis.runtime.store import manifest as manifests
from haoline_analysis.runtime.store.errors import StoreError, StoreFullError
from haoline_analysis.runtime.store.forms import Form, form_of, laid_out
from haoline_analysis.runtime.store.log import ALIGNMENT, DataLog, sweep
from haoline_analysis.runtime.store.manifest import ENTRY, Manifest, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

_MANIFEST_BYTES = 1 << 16
"""Room on the disk for the manifest and the ends of blocks."""

Columns = dict[str, Form | int]  # int: bytes of JSON text


class TensorStore:
    """Writes tensors to a folder that becomes a capture when :meth:`finish` returns, and not before.

    An earlier capture in the folder stays valid until then. As a context manager it discards what was not finished.
    Samples that :meth:`done` was not called for are left out: never half a sample as if whole.
    """

    def __init__(
        self,
        folder: Path | str,
        budget_bytes: int | None = None,
        channel_axes: Mapping[str, int | None] | None = None,
    ) -> None:
        """Open a folder for writing, making it where it is missing.

        Args:
            folder: where to store.
            budget_bytes: most bytes of tensors, tables and index; None: as many as the disk takes.
            channel_axes: by tensor, the axis along which its samples are cut into chunks.

        Raises:
            StoreError: if the folder cannot be written to.
        """
        self.folder = Path(folder).expanduser()
        self._axes = dict(channel_axes or {})
        self._made = _make(self.folder)
        sweep(self.folder, _current(self.folder))
        self._log = DataLog(self.folder, budget_bytes)
        self._lock = RLock()
        self._names: dict[str, int] = {}
        self._forms: dict[Form, int] = {}
        self._entries: dict[tuple[int, int], tuple[int, int]] = {}  # tensor, sample -> form, offset
        self._done: set[int] = set()
        self._tables: dict[str, dict[str, tuple[Form | None, np.ndarray]]] = {}
        self._reserved = ALIGNMENT  # bytes that tables and index will need
        self._spare = 0  # those of them that no table has asked for yet
        self._open = True

    @property
    def nbytes(self) -> int:
        """Bytes used or reserved so far, tables and index included."""
        return self._log.size + self._reserved

    @property
    def samples(self) -> list[int]:
        """The samples that are whole, ascending."""
        return sorted(self._done)

    def put(self, tensor: str, sample: int, array: np.ndarray) -> None:
        """Store one sample of a tensor; any order, safe from several threads.

        Raises:
            StoreFullError: if the budget or the disk has no room; nothing of this array is kept then.
            StoreError: if its elements cannot be stored, it is stored already, or the store is closed.
        """
        form = form_of(array, self._axes.get(tensor))
        data = laid_out(array, form)
        with self._lock:
            self._check_open()
            key = self._names.setdefault(tensor, len(self._names)), manifests.whole(int(sample))
            if key in self._entries:
                raise StoreError(f"Sample {sample} of {tensor!r} is stored already.")
            what = f"{data.nbytes:,} bytes of {tensor!r}, sample {sample}; {self._kept()}"
            self._check_disk(data.nbytes, what)
            offset = self._log.append(data, what, self._reserved + ENTRY.itemsize)
            self._reserved += ENTRY.itemsize
            self._entries[key] = self._forms.setdefault(form, len(self._forms)), offset

    def _check_disk(self, nbytes: int, what: str) -> None:
        """Leave room on the disk for what was reserved, or nothing of the samples stored could be kept."""
        disk = shutil.disk_usage(self.folder)
        if self._spare and disk.total and disk.free < nbytes + self._reserved + _MANIFEST_BYTES:
            raise StoreFullError(f"The disk has no room for {what}, and {disk.free:,} bytes left.")

    def done(self, sample: int) -> None:
        """Declare that all tensors of a sample are stored."""
        with self._lock:
            self._check_open()
            self._done.add(manifests.whole(int(sample)))

    def reserve(self, nbytes: int) -> None:
        """Keep bytes of the budget from tensors, for tables that come later and may use them up.

        Raises:
            StoreFullError: if the budget has no room.
        """
        with self._lock:
            self._check_open()
            self._claim(nbytes, "what is kept beside the tensors")
            self._spare += nbytes

    def _claim(self, nbytes: int, what: str) -> None:
        """Take bytes of the budget."""
        budget = self._log.budget
        if budget is not None and self.nbytes + nbytes > budget:
            raise StoreFullError(f"The budget of {budget:,} bytes has no room for {what}.")
        self._reserved += nbytes

    def put_table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Keep arrays of numbers and lists of text (or text and None) beside the tensors, under a name.

        Raises:
            StoreFullError: if the budget has no room.
        """
        held = {column: _column(values) for column, values in columns.items()}
        needed = sum(data.nbytes + ALIGNMENT for _, data in held.values())
        with self._lock:
            self._check_open()
            drawn = min(self._spare, needed)
            self._claim(needed - drawn, f"the table {name!r}")
            self._spare -= drawn
            self._tables[name] = held

    def finish(self, header: Mapping[str, Any]) -> None:
        """Make the folder a capture of the samples that are done; header numbers that are not finite become null.

        Raises:
            StoreFullError: if the disk is full; nothing is left then, and an earlier capture stands.
        """
        with self._lock:
            self._check_open()
            earlier = _current(self.folder)
            try:
                manifest = self._written(dict(header))
                manifests.write(self.folder, manifest)
            except BaseException:
                self.discard()
                raise
            self._open = False
            sweep(self.folder, manifest.data)
            if earlier is not None:
                (self.folder / earlier).unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what was stored, and the folder if it was made for it; nothing after :meth:`finish`."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            if _current(self.folder) == self._log.path.name:  # interrupted after the last step of finishing
                return
            self._log.remove()
            if self._made and not any(self.folder.iterdir()):
                self.folder.rmdir()

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what was not finished."""
        self.discard()

    def _check_open(self) -> None:
        if not self._open:
            raise StoreError(f"The store in {str(self.folder)!r} is closed.")

    def _kept(self) -> str:
        """How much is whole, for messages."""
        return f"{len(self._done)} sample{'' if len(self._done) == 1 else 's'} stored before it"

    def _written(self, header: dict[str, Any]) -> Manifest:
        """Complete the data file and describe it."""
        kept = {key: place for key, place in self._entries.items() if key[1] in self._done}
        forms = list(self._forms)
        self._log.budget = None  # what follows was reserved
        self._log.cut(max((offset + forms[form].nbytes for form, offset in kept.values()), default=0))
        index = np.array([(*key, form, 0, offset) for key, (form, offset) in sorted(kept.items())], ENTRY)
        manifest = Manifest(self._log.path.name, 0, list(self._names), samples=self.samples, header=header)
        manifest.tables = {name: self._table(name, table) for name, table in self._tables.items()}
        manifest.index_offset = self._log.append(index.view(np.uint8), "the index")
        manifest.entries, manifest.forms = len(index), list(self._forms)
        self._log.close()
        manifest.data_bytes = self._log.size
        return manifest

    def _table(self, name: str, columns: dict[str, tuple[Form | None, np.ndarray]]) -> dict[str, Place]:
        """Append the columns of a table."""
        places = {}
        for column, (form, data) in columns.items():
            offset = self._log.append(data, f"the table {name!r}")
            if form is None:
                places[column] = Place(offset, text=data.nbytes)
            else:
                places[column] = Place(offset, form=self._forms.setdefault(form, len(self._forms)))
        return places


def _make(folder: Path) -> bool:
    """Make the folder; whether it was missing."""
    try:
        missing = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"Cannot make the folder {str(folder)!r}: {reason}.") from error
    return missing


def _current(folder: Path) -> str | None:
    """The data file of the capture that is in the folder; None where there is none, or a damaged one."""
    try:
        return manifests.read(folder).data
    except StoreError:
        return None


def _column(values: Any) -> tuple[Form | None, np.ndarray]:
    """A column's form and bytes; no form for what is kept as JSON."""
    array = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
    if array.dtype.kind in "OUS":
        text = json.dumps(finite(array.tolist()), allow_nan=False, separators=(",", ":"))
        return None, np.frombuffer(text.encode(), np.uint8)
    form = form_of(array)
    return form, laid_out(array, form).copy()
