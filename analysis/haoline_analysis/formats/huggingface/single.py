"""One file of weights, with the files beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.formats.huggingface.checkpoint import Checkpoint
from haoline_analysis.formats.huggingface.side_files import read_side_files
from haoline_analysis.formats.huggingface.tokenizer import tokenizer_facts
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.formats.storage import FileStorage, MemoryStorage

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")
_TELLING = ("model_type", "architectures", "quantization_config", "quantization", "peft_type", "_class_name")


def read_single(path: Path | None, storage: FileStorage | MemoryStorage) -> Checkpoint:
    """A safetensors file; the config beside it is used where it is a model's.

    Raises:
        ModelError: if the file breaks the format.
    """
    found = Checkpoint(path.stem if path is not None else "model", path)
    found.add_safetensors(path.name if path is not None else "model.safetensors", storage, None)
    if path is not None:
        add_beside(found, path)
    return found


def add_beside(found: Checkpoint, path: Path) -> None:
    """Add what the files beside a file of weights tell, where they are a model's; say so if it is one shard."""
    side = read_side_files(path.parent)
    if any(key in side.config for key in _TELLING) or side.quantization:
        found.side = side
        found.gaps += side.gaps
        found.tokenizer = tokenizer_facts(path.parent)
    part = _SHARD.search(path.stem)
    if part is not None and int(part[2]) > 1:
        found.complete = False
        which = f"This is shard {int(part[1])} of {int(part[2])}"
        found.gaps.append(Gap(f"{which}: the weights of the others are not shown; open the folder."))
