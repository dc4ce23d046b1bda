"""Models of formats that hold weights and no ops: one row per logical weight, whatever it is stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.model import Model, Op, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.model import Weight

DOMAIN = "stored"
"""Domain of the rows: they are weights, not operators."""

_NOTHING: Mapping[str, Any] = {}


class Group(NamedTuple):
    """Stored tensors that together are one logical weight."""

    name: str  # of the weight, without the suffix of its packing
    members: tuple[int, ...]  # positions in ``tensors``: the carrier first, then scales, zeros and the like


def stored_model(
    *,
    name: str,
    format: str,  # noqa: A002 - what the model calls it
    path: Path | None,
    tensors: Sequence[tuple[str, Weight]],
    groups: Sequence[Group] | None = None,
    **model_fields: Any,
) -> Model:
    """The model of a checkpoint.

    Args:
        name: of the model.
        format: name of its ``FormatInfo``.
        path: file or folder; None for bytes.
        tensors: what is stored, in the order of the file. A second name of the same storage comes with the same
            ``Weight`` object.
        groups: stored tensors that make up one weight; a tensor in none of them is a row of its own.
        model_fields: further fields of :class:`~haoline_analysis.model.Model`.

    Raises:
        MalformedModelError: if a tensor is in two groups, or a group has no members or names one that is not there.
    """
    rows = _rows(tensors, groups or ())
    made = [Tensor(label, weight.dtype, weight.shape, weight) for label, weight in tensors]
    ops = []
    for row, (label, members) in enumerate(_unique(rows)):
        kind = "Buffer" if tensors[members[0]][1].kind == "buffer" else "Weight"
        ops.append(Op(label, kind, DOMAIN, 0, members, (), _NOTHING, _NOTHING))
        for member in members:
            made[member].consumers.append(row)
    return Model(name, format, ops, made, (), (), path=path, holds="weights", **model_fields)


def _rows(tensors: Sequence[tuple[str, Weight]], groups: Sequence[Group]) -> list[tuple[str, tuple[int, ...]]]:
    """Label and members of each row, where the carrier of a group stands in the file."""
    carried: dict[int, Group] = {}
    taken: set[int] = set()
    for group in groups:
        if not group.members or not all(0 <= member < len(tensors) for member in group.members):
            raise MalformedModelError(f"the weight {group.name!r} is packed in tensors that are not there")
        before = len(taken)
        taken.update(group.members)
        if len(taken) != before + len(group.members):
            raise MalformedModelError(f"a tensor of the packed weight {group.name!r} is part of another weight too")
        carried[group.members[0]] = group
    rows = []
    for index, (label, _) in enumerate(tensors):
        if index in carried:
            rows.append((carried[index].name, carried[index].members))
        elif index not in taken:
            rows.append((label, (index,)))
    return rows


def _unique(rows: list[tuple[str, tuple[int, ...]]]) -> list[tuple[str, tuple[int, ...]]]:
    """Rows whose labels are all different: where two weights have one name, later ones get a number."""
    counts: dict[str, int] = {}
    used = {label for label, _ in rows}
    if len(used) == len(rows):
        return rows
    named = []
    for label, members in rows:
        number = counts[label] = counts.get(label, 0) + 1
        chosen = label
        while number > 1 and chosen in used:
            chosen = f"{label}#{number}"
            number += 1
        counts[label] = max(number - 1, counts[label])
        used.add(chosen)
        named.append((chosen, members))
    return named
