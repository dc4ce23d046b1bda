"""What a file or folder of the user is, told by its content, and the arrays in it."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import Any

from haoline_analysis.runtime.samples.errors import InputError, closest
from haoline_analysis.runtime.samples.npy import NpyFile, read_npz
from haoline_analysis.runtime.samples.pictures import SUFFIXES as IMAGE_SUFFIXES

TEXT_SUFFIXES = frozenset({".txt", ".text", ".md"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv"})
READABLE = ".npy, .npz, images (PNG, JPEG, WebP, …), folders of these, .csv, .tsv, or text with tokenizer=…"

MAX_FILES = 1_000_000
"""Folders with more are refused."""

_MAGIC = (
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"PK\x05\x06", "npz"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
_WEAK = frozenset({b"BM"})  # a text may begin like that
_BY_SUFFIX = {".npy": "npy", ".npz": "npz"}


def kind_of(path: Path) -> str:
    """``npy``, ``npz``, ``image``, ``table`` or ``text``: the content decides, then the suffix.

    Raises:
        InputError: if there is no such file, or it is nothing that can be read.
    """
    head = _head(path)
    suffix = path.suffix.lower()
    for magic, kind in _MAGIC:
        if head.startswith(magic) and (magic not in _WEAK or suffix not in TEXT_SUFFIXES):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image"
    if suffix in _BY_SUFFIX:
        raise InputError(f"{path.name}: not a {suffix} file: its first bytes are {head[:6].hex(' ') or 'missing'}")
    if suffix in IMAGE_SUFFIXES:
        return "image"
    if suffix in TABLE_SUFFIXES:
        return "table"
    if suffix in TEXT_SUFFIXES or _is_text(head):
        return "text"
    raise InputError(f"{path.name}: not an input that can be read; readable are {READABLE}")


def is_file(text: str | Path) -> bool:
    """Whether a string names a file; texts that could be no path do not."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder at the path."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except FileNotFoundError:
        near = closest(path.name, _siblings(path))
        raise InputError(f"there is no file {str(path)!r}{': ' + near.strip() if near else ''}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{path.name[:80]}: cannot be read: {reason}") from error


def _siblings(path: Path) -> list[str]:
    try:
        return [each.name for each in islice(path.parent.iterdir(), 10_000)]
    except OSError:
        return []


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and b"\0" not in head  # a character was cut in two
    return bool(head) and b"\0" not in head


def read_arrays(path: Path) -> dict[str, Any]:
    """The arrays of a .npy (under the name "") or .npz file; those of a .npy stay on disk.

    Raises:
        InputError: if it is neither, or broken.
    """
    kind = kind_of(path)
    if kind not in {"npy", "npz"}:
        raise InputError(f"{path.name}: {kind} files hold no arrays")
    return {"": NpyFile(path)} if kind == "npy" else read_npz(path)


def files_of(folder: Path) -> tuple[list[Path], int]:
    """The images and arrays under a folder, in natural order (2.png before 10.png), and how many others there are.

    Hidden files are left out; links to folders are not followed.

    Raises:
        InputError: if there are none, or more than a million.
    """
    wanted = IMAGE_SUFFIXES | set(_BY_SUFFIX)
    found: list[Path] = []
    others = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted((each for each in folders if not each.startswith(".")), key=natural)
        visible = [name for name in sorted(names, key=natural) if not name.startswith(".")]
        chosen = [name for name in visible if Path(name).suffix.lower() in wanted]
        found += [Path(root) / name for name in chosen]
        others += len(visible) - len(chosen)
        if len(found) > MAX_FILES:
            raise InputError(f"{folder.name}: more than {MAX_FILES:,} files")
    if not found:
        raise InputError(f"{folder.name}: holds no images and no .npy or .npz files ({others:,} others)")
    return found, others


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key by which numbers in names count as numbers."""
    return [
        (int(digits), "") if digits else (-1, rest.lower()) for digits, rest in re.findall(r"(\d{1,18})|(\D+)", name)
    ]
