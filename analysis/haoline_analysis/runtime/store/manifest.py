"""The manifest: what a stored capture holds and where. A folder without one is not a capture.

It is JSON, written last and in one step. A manifest that is read is untrusted: every name, size and offset is checked
against the file it speaks of before anything is used.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.report.container import finite
from haoline_analysis.runtime.store.errors import StoreError, StoreFullError
from haoline_analysis.runtime.store.forms import MOST_AXES, Form, element
from haoline_analysis.runtime.store.log import DATA_NAME, FULL

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "activations.json"
KIND = "haoline-activations"
SCHEMA = 1
MOST_BYTES = 1 << 28
ENTRY = np.dtype([("tensor", "<u4"), ("sample", "<u4"), ("form", "<u4"), ("unused", "<u4"), ("offset", "<u8")])
"""A row of the index: which tensor and sample lies where, in which form."""


@dataclass(frozen=True)
class Place:
    """Where a column of a table lies: an array in a form, or ``text`` bytes of a JSON list."""

    offset: int
    form: int = -1
    text: int = -1


@dataclass
class Manifest:
    """Everything about a capture but its bytes."""

    data: str  # name of the data file, in the same folder
    data_bytes: int
    names: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    index_offset: int = 0
    entries: int = 0
    tables: dict[str, dict[str, Place]] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place of any earlier one, in one step.

    Raises:
        StoreFullError: if the disk has no room; an earlier manifest then stands.
        StoreError: if it cannot be written for another reason.
    """
    target = folder / FILE_NAME
    draft = folder / f"{manifest.data}.json"
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(_plain(manifest), file, allow_nan=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        kind = StoreFullError if error.errno in FULL else StoreError
        raise kind(f"Cannot finish the capture in {str(folder)!r}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    _sync(folder)


def _sync(folder: Path) -> None:
    """Let the folder's entries reach the disk, where a system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _plain(manifest: Manifest) -> dict[str, Any]:
    """The manifest as JSON."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "data": {"file": manifest.data, "bytes": manifest.data_bytes},
        "names": manifest.names,
        "forms": [{"dtype": form.dtype, "shape": list(form.shape), "axis": form.axis} for form in manifest.forms],
        "samples": manifest.samples,
        "index": {"offset": manifest.index_offset, "entries": manifest.entries},
        "tables": {
            name: {column: vars(place) for column, place in table.items()} for name, table in manifest.tables.items()
        },
        "header": finite(manifest.header),
    }


def read(folder: Path) -> Manifest:
    """The manifest of a folder, checked against its data file.

    Raises:
        StoreError: if the folder holds no capture, or a damaged one; says what is wrong.
    """
    content = _load(folder / FILE_NAME)
    try:
        manifest = _parse(content)
        _check(manifest, folder)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoreError(f"The manifest in {str(folder)!r} is damaged: {_said(error)}.") from error
    return manifest


def _said(error: Exception) -> str:
    """What an error says, as part of a sentence."""
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return str(error).rstrip(".") or type(error).__name__


def _load(path: Path) -> dict[str, Any]:
    """The JSON object in a file of bounded size."""
    size = regular_size(path)
    if size is None:
        raise StoreError(f"{str(path.parent)!r} holds no finished capture: there is no file {path.name}.")
    if size > MOST_BYTES:
        raise StoreError(
            f"The manifest in {str(path.parent)!r} has {size:,} bytes, more than the {MOST_BYTES:,} allowed."
        )
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"The manifest in {str(path.parent)!r} cannot be read: {_said(error)}.") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise StoreError(f"{str(path)!r} is not the manifest of a capture.")
    if content.get("schema") != SCHEMA:
        raise StoreError(
            f"The capture in {str(path.parent)!r} has schema {content.get('schema')!r}, expected {SCHEMA}."
        )
    return content


def regular_size(path: Path) -> int | None:
    """Bytes of a regular file that is no link; None where there is none."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _parse(content: dict[str, Any]) -> Manifest:
    """The manifest that a JSON object states, each part of the right type."""
    header = content["header"]
    if not isinstance(header, dict):
        raise TypeError("its header is no object")
    return Manifest(
        data=_text(content["data"]["file"]),
        data_bytes=whole(content["data"]["bytes"]),
        names=[_text(name) for name in _list(content["names"])],
        forms=[_form(form) for form in _list(content["forms"])],
        samples=[whole(sample) for sample in _list(content["samples"])],
        index_offset=whole(content["index"]["offset"]),
        entries=whole(content["index"]["entries"]),
        tables={
            _text(name): {_text(column): _place(place) for column, place in table.items()}
            for name, table in content["tables"].items()
        },
        header=header,
    )


def whole(value: Any) -> int:
    """A whole number from 0.

    Raises:
        ValueError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise ValueError(f"{str(value)[:40]!r} is no size")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no name")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:40]!r} is no list")
    return value


def _form(value: Any) -> Form:
    """A form whose size can be told."""
    shape = tuple(whole(dim) for dim in _list(value["shape"]))
    axis = None if value["axis"] is None else whole(value["axis"])
    if len(shape) > MOST_AXES or (axis is not None and axis >= len(shape)):
        raise ValueError(f"a shape has {len(shape)} axes and channel axis {axis}")
    form = Form(_text(value["dtype"]), shape, axis)
    whole(prod(max(dim, 1) for dim in shape) * element(form.dtype).itemsize)  # numpy refuses even empty ones beyond
    return form


def _place(value: Any) -> Place:
    """Where a column lies, in exactly one of two ways."""
    form, text = value["form"], value["text"]
    if (form == -1) == (text == -1):
        raise ValueError("a column is neither an array nor text")
    return Place(whole(value["offset"]), -1 if form == -1 else whole(form), -1 if text == -1 else whole(text))


def _check(manifest: Manifest, folder: Path) -> None:
    """Refuse what does not fit the data file."""
    if not DATA_NAME.fullmatch(manifest.data):
        raise ValueError("it names a file that no capture writes")
    size = regular_size(folder / manifest.data)
    if size is None:
        raise ValueError(f"its data file {manifest.data} is missing")
    if size != manifest.data_bytes:
        raise ValueError(f"its data file has {size:,} bytes, not the {manifest.data_bytes:,} stated")
    for what, values in (("tensor", manifest.names), ("sample", manifest.samples)):
        if len(set(values)) != len(values):
            raise ValueError(f"it lists a {what} twice")
    ends = [manifest.index_offset + manifest.entries * ENTRY.itemsize]
    for table in manifest.tables.values():
        ends += [place.offset + _length(place, manifest.forms) for place in table.values()]
    if max(ends) > size:
        raise ValueError("it speaks of bytes past the end of its data file")


def _length(place: Place, forms: list[Form]) -> int:
    """Bytes of a column."""
    if place.text >= 0:
        return place.text
    if place.form >= len(forms):
        raise ValueError("a column has a form that is not listed")
    return forms[place.form].nbytes
