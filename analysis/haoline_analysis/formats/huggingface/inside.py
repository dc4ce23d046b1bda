"""Files that a folder names: inside it, or in the blobs of the hub cache that it is a snapshot of."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

from haoline_analysis.errors import ExternalDataError


def find_inside(folder: Path, name: str) -> Path | None:
    """The real file called ``name`` in ``folder``; None if there is none.

    Snapshots of a hub cache hold links to ``../../blobs``, which are followed; other ways out are not.

    Raises:
        ExternalDataError: if the name or a link leads out of the folder, or the file is no regular one.
    """
    _check_relative(name)
    named = folder / name
    path = Path(os.path.realpath(named))
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not any(path.is_relative_to(root) for root in _roots(folder)):
        raise ExternalDataError(f"{shown(name)} links out of the model's folder; open the folder that it is in")
    if not stat.S_ISREG(found.st_mode):
        raise ExternalDataError(f"{shown(name)} is not a regular file")
    return path


def shown(name: str) -> str:
    """A name from a file, quoted, as long as a message can bear."""
    return repr(name if len(name) <= 120 else name[:117] + "…")


def _check_relative(name: str) -> None:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if not name or "\0" in name:
        raise ExternalDataError(f"{shown(name)} is no usable file name")
    if posix.is_absolute() or windows.drive or windows.root:
        raise ExternalDataError(f"an absolute path is refused: {shown(name)}")
    if ".." in posix.parts or ".." in windows.parts:
        raise ExternalDataError(f"a path out of the model's folder is refused: {shown(name)}")


def _roots(folder: Path) -> list[Path]:
    """Real folders that files may be in: the folder, and the blobs of its hub repository."""
    roots = [Path(os.path.realpath(folder))]
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow the links of the snapshot
    for place in {absolute, roots[0]}:
        for parent in (place, *place.parents):
            repository = parent.parent.parent
            if parent.parent.name == "snapshots" and "--" in repository.name:
                # Not resolved further: blobs that are themselves a link elsewhere are not trusted.
                roots.append(Path(os.path.realpath(repository)) / "blobs")
    return roots
