"""Operands of an op that a malformed file may lack: -1, with no readers, instead of an index error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.model import OMITTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model, Op


def source(op: Op, slot: int = 0) -> int:
    """The tensor in an input slot, OMITTED where there is none."""
    return op.inputs[slot] if slot < len(op.inputs) else OMITTED


def result(op: Op) -> int:
    """The first output, OMITTED where there is none."""
    return op.outputs[0] if op.outputs else OMITTED


def readers(model: Model, tensor: int) -> Sequence[int]:
    """Ops that read a tensor, ascending; none for OMITTED."""
    return model.tensors[tensor].consumers if tensor >= 0 else ()
