"""Finding the checkpoint in a model folder, and reading its shards."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from haoline_analysis.errors import MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.formats.huggingface.checkpoint import Checkpoint
from haoline_analysis.formats.huggingface.index import read_index
from haoline_analysis.formats.huggingface.inside import find_inside, shown
from haoline_analysis.formats.huggingface.side_files import read_side_files
from haoline_analysis.formats.huggingface.tokenizer import tokenizer_facts
from haoline_analysis.formats.storage import FileStorage
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from pathlib import Path

MAX_LISTED = 20_000
_SHARD = re.compile(r"^(.*)-(\d{5})-of-(\d{5})(\.safetensors|\.bin|\.gguf)$")
_MAIN = ("model", "diffusion_pytorch_model", "pytorch_model", "adapter_model", "consolidated")
_NAMED = 5


def listed(folder: Path) -> list[str]:
    """Names of the files of a folder, sorted; empty if it cannot be listed."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= MAX_LISTED:
                    break
    except OSError:
        return []
    return sorted(names)


def snapshot(folder: Path) -> Path | None:
    """The snapshot to open in a repository folder of the hub cache: that of ``main``, else the only one."""
    snapshots = folder / "snapshots"
    if not snapshots.is_dir():
        return None
    reference = folder / "refs" / "main"
    try:
        revision = reference.read_text("utf-8")[:100].strip() if reference.stat().st_size <= 100 else ""
    except (OSError, ValueError):
        revision = ""
    if re.fullmatch(r"[0-9a-zA-Z]+", revision) and (snapshots / revision).is_dir():
        return snapshots / revision
    there = [name for name in listed(snapshots) if (snapshots / name).is_dir()]
    return snapshots / there[0] if len(there) == 1 else None


def chosen(names: list[str]) -> tuple[str, list[str]]:
    """What to open in a folder of these files: its kind (``index``, ``safetensors``, ``bin``, ``gguf``) and files.

    Kind is empty where there is nothing; more than one file that does not belong together is left to the caller.
    """
    for suffix, index in ((".safetensors", ".safetensors.index.json"), (".bin", ".bin.index.json")):
        indices = _preferred([name for name in names if name.endswith(index)], index)
        if indices:
            return "index", indices
        files = _preferred([name for name in names if name.endswith(suffix) and _holds_weights(name)], suffix)
        if files:
            return suffix[1:], files
    ggufs = _preferred([name for name in names if name.lower().endswith(".gguf")], ".gguf")
    return ("gguf", ggufs) if ggufs else ("", [])


def _holds_weights(name: str) -> bool:
    return name not in ("training_args.bin", "optimizer.bin", "scheduler.bin", "random_states.bin")


def _preferred(names: list[str], suffix: str) -> list[str]:
    """One file, or the shards of one checkpoint, by the usual names; all of them where those do not tell."""
    sets: dict[str, list[str]] = {}
    for name in names:
        part = _SHARD.match(name)
        sets.setdefault(part[1] if part is not None else name[: -len(suffix)], []).append(name)
    for stem in _MAIN:
        if stem in sets:
            return sets[stem]
    return next(iter(sets.values())) if len(sets) == 1 else names


def read_folder(folder: Path, index: str | None = None) -> Checkpoint:
    """The checkpoint of a folder, by its index where there is one.

    Raises:
        ModelError: if there is none, or several that do not belong together, or a file breaks its format.
    """
    kind, files = ("index", [index]) if index is not None else chosen(listed(folder))
    if not files:
        raise UnsupportedFormatError("is a folder without a model; expected a Hugging Face model folder")
    if kind == "index" and len(files) > 1:
        raise UnsupportedFormatError(f"holds several checkpoints ({_names(files)}); open one of the index files")
    found = Checkpoint(_name(folder), folder)
    if kind == "index":
        _read_indexed(folder, files[0], found)
    else:
        _read_files(folder, files, found)
    found.side = read_side_files(folder)
    found.gaps += found.side.gaps
    found.tokenizer = tokenizer_facts(folder)
    return found


def _name(folder: Path) -> str:
    """Of the repository, where the folder is a snapshot in the hub cache."""
    path = folder.absolute()
    if path.parent.name == "snapshots" and "--" in path.parent.parent.name:
        return path.parent.parent.name.split("--")[-1]
    return path.resolve().name if path.name in ("", ".", "..") else path.name


def _names(files: list[str]) -> str:
    return ", ".join(files[:_NAMED]) + (", …" if len(files) > _NAMED else "")


def _read_indexed(folder: Path, index: str, found: Checkpoint) -> None:
    shards = read_index(folder, index)
    missing: dict[str, int] = {}
    placed: dict[str, str] = {}
    for name, weights in shards.items():
        placed.update(dict.fromkeys(weights, name))
        path = find_inside(folder, name)
        if path is None:
            missing[name] = len(weights)
        else:
            _read_shard(found, name, path)
    if missing:
        found.complete = False
        found.gaps.append(_missing(missing, len(shards)))
    _compare(found, placed, missing)


def _missing(missing: dict[str, int], shards: int) -> Gap:
    count, weights = len(missing), sum(missing.values())
    which = f"{count} of {shards} shards {'are' if count > 1 else 'is'} missing ({_names(list(missing))})"
    return Gap(f"{which}: {weights} weight{'s are' if weights > 1 else ' is'} not shown.")


def _compare(found: Checkpoint, placed: dict[str, str], missing: dict[str, int]) -> None:
    """Say where the index and the shards disagree."""
    there = {name for name, _ in found.tensors}
    lost = [name for name, shard in placed.items() if shard not in missing and name not in there]
    if lost:
        found.complete = False
        found.gaps.append(Gap(f"{len(lost)} weights that the index places are not in their shards ({_names(lost)})."))
    if len(there) > len(placed) - sum(missing.values()) - len(lost):
        more = [name for name, _ in found.tensors if name not in placed]
        found.gaps.append(Gap(f"{len(more)} weights are not in the index ({_names(more)}); they are shown."))


def _read_files(folder: Path, files: list[str], found: Checkpoint) -> None:
    """Files that are one checkpoint without an index: one, or numbered shards."""
    parts = [part for part in map(_SHARD.match, files) if part is not None]
    if len(files) > 1 and len(parts) != len(files):
        raise UnsupportedFormatError(f"holds several checkpoints ({_names(files)}); open one of them")
    for name in files:
        path = find_inside(folder, name)
        if path is None:
            raise MalformedModelError(f"{shown(name)} is a link to nothing")
        _read_shard(found, name, path)
    total = max((int(part[3]) for part in parts), default=0)
    if parts and len(parts) < total <= 99_999:
        found.complete = False
        count = total - len(parts)
        found.gaps.append(Gap(f"{count} of {total} shards {'are' if count > 1 else 'is'} missing; there is no index."))


def _read_shard(found: Checkpoint, name: str, path: Path) -> None:
    """Add the weights of a shard.

    Raises:
        MalformedModelError: if another shard holds a weight of the same name.
    """
    before = len(found.tensors)
    storage = FileStorage(path)
    if name.endswith(".safetensors"):
        found.add_safetensors(name, storage, path)
    else:
        _read_pickled(found, name, storage, path)
    for label, _ in found.tensors[before:]:
        if label in found.names:
            raise MalformedModelError(f"the weight {shown(label)} is in two shards, one of them {shown(name)}")
        found.names.add(label)


def _read_pickled(found: Checkpoint, name: str, storage: FileStorage, path: Path) -> None:
    """Add the weights of a ``.bin`` file, which is a PyTorch checkpoint; nothing in it runs."""
    from haoline_analysis.formats.torch.checkpoint import read_checkpoint

    try:
        made = read_checkpoint(storage)
    except ModelError as error:
        raise type(error)(f"the shard {name}: {error}") from error
    for _, weight in made.tensors:
        weight.location = weight.location or path
    found.tensors += made.tensors
    found.gaps += made.gaps
    found.findings += made.findings
    found.facts.setdefault("pickle", made.facts)
    found.add_shard(name, storage.size, len(made.tensors))
