"""One run of the model for all tensors, or several where all of them at once would not fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.runtime.forms import Form
    from haoline_analysis.runtime.targets import Target

SAMPLE_BYTES = 256 << 20
"""Bytes of one sample's tensors that may be held at a time."""


def split(targets: Sequence[Target], forms: Sequence[Form], budget: int = SAMPLE_BYTES) -> list[list[Target]]:
    """Targets in execution order, parted so that the known sizes of each part stay within the budget where they can."""
    parts: list[list[Target]] = [[]]
    held = 0
    for target in targets:
        size = forms[target.tensor].nbytes or 0
        if parts[-1] and held + size > budget:
            parts.append([])
            held = 0
        parts[-1].append(target)
        held += size
    return [part for part in parts if part]
