"""Where a model is made: a hidden folder beside its place, so that no half file is ever seen there."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def workplace(near: Path | None = None) -> Iterator[Path]:
    """A folder that goes when the work is over or fails, on the same disk as ``near`` where that is given.

    Raises:
        ModelError: if there can be none.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=".haoline-quantize-", dir=near))
    except OSError as error:
        raise ModelError(f"Nothing can be written in {near or tempfile.gettempdir()}: {error.strerror}.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def output_path(output: str | os.PathLike[str]) -> Path:
    """The file to write, its folder being there.

    Raises:
        ModelError: if it is a folder, or lies in none.
    """
    path = Path(os.path.abspath(Path(output).expanduser()))  # noqa: PTH100 - a link is kept
    if path.is_dir():
        raise ModelError(f"{path}: is a folder; name the file to write.")
    if not path.parent.is_dir():
        raise ModelError(f"{path.parent}: there is no such folder to write {path.name} into.")
    return path


def move_into_place(made: Path, path: Path) -> None:
    """Put a finished model with its external data where it belongs, the model file last.

    Raises:
        ModelError: if that cannot be done.
    """
    data = external_file(made)
    try:
        if data.exists():
            data.replace(external_file(path))
        made.replace(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written: {error.strerror}.") from error


def external_file(path: Path) -> Path:
    """Where the weights of a large model are: one file beside it."""
    return path.with_name(path.name + ".data")


_recent: deque[Path] = deque(maxlen=4)
"""So that ``str(quantize(…).path)`` names a file, though nobody has the path any more."""


class _TemporaryPath(type(Path())):  # type: ignore[misc]
    """A path into a temporary folder, which stays as long as somebody has the path."""


def temporary_path(name: str) -> Path:
    """A file in a new folder that goes with the last reference to this very path, the latest few at the program's end.

    Raises:
        ModelError: if there can be no such folder.
    """
    try:
        folder = tempfile.mkdtemp(prefix="haoline-quantized-")
    except OSError as error:
        raise ModelError(f"Nothing can be written in {tempfile.gettempdir()}: {error.strerror}.") from error
    path: Path = _TemporaryPath(folder, name)
    weakref.finalize(path, shutil.rmtree, folder, ignore_errors=True)
    _recent.append(path)
    return path
