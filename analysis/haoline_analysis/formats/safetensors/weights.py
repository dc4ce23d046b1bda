"""Tensors of a header as weights of the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.formats.safetensors.sources import ElementSource
from haoline_analysis.model import Gap, Weight

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.formats.safetensors.header import Entry, Header
    from haoline_analysis.formats.storage import Storage

_BUFFERS = re.compile(
    r"(?:^|\.)(?:running_mean|running_var|num_batches_tracked|e_score_correction_bias|inv_freq|original_inv_freq"
    r"|position_ids|token_type_ids|relative_position_index|masked_bias|embed_scale|expert_bias_buffer)$"
)
"""Names under which well-known modules keep what is not trained."""
_MASK = re.compile(r"(?:^|\.)attn(?:\.attention)?\.bias$")
_WHOLE = ("int", "uint", "bool")


def weights_of(header: Header, storage: Storage, location: Path | None = None) -> list[tuple[str, Weight]]:
    """Name and weight of each tensor; ``location`` is the file where it is not the model's own."""
    return [(entry.name, _weight(entry, storage, location)) for entry in header.tensors]


def _weight(entry: Entry, storage: Storage, location: Path | None) -> Weight:
    name, dtype, shape, start, stop = entry
    source = ElementSource(name, dtype, shape, storage, start, stop - start)
    return Weight(dtype, shape, source, kind_of(name, dtype, shape), location, stored_bytes=stop - start)


def kind_of(name: str, dtype: str, shape: tuple[int, ...]) -> str:
    """``buffer`` for statistics, masks, tables and whole numbers (before packings are found), else ``initializer``."""
    if dtype.startswith(_WHOLE) or _BUFFERS.search(name):
        return "buffer"
    is_mask = len(shape) == 4 and shape[:2] == (1, 1) and shape[2] == shape[3] and _MASK.search(name)
    return "buffer" if is_mask else "initializer"


def unknown_types(unknown: dict[str, int]) -> list[Gap]:
    """What to say about element types that are not known."""
    return [
        Gap(f"The element type {dtype} of {count} tensor{'s'[: count > 1]} is not known: values cannot be read.")
        for dtype, count in unknown.items()
    ]
