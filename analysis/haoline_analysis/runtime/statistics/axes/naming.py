"""Channel axes and layouts by tensor name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics.axes.facts import Facts
from haoline_analysis.runtime.statistics.axes.marks import ATTENTION, MAPS, TOKENS
from haoline_analysis.runtime.statistics.axes.walk import marks_of

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.runtime.statistics.axes.marks import Mark
    from haoline_analysis.shapes.value import Evaluation


def channel_axes(model: Model, evaluation: Evaluation | None = None) -> dict[str, int | None]:
    """The axis that holds the channels of each tensor, from the front; None where there is none for sure.

    ``evaluation``: the model's shapes, if they are known already. Of two tensors of one name (in a body and outside)
    the first counts.
    """
    marks = marks_of(Facts(model, evaluation))
    named = zip(reversed(model.tensors), reversed(marks), strict=True)
    return {tensor.name: None if mark is None else mark.axis for tensor, mark in named if tensor.name}


def layouts(model: Model, evaluation: Evaluation | None = None) -> dict[str, str]:
    """How each tensor is best looked at.

    - ``maps``: a picture or a signal per channel, [N, C, H, W], [N, C, L], … (or [N, H, W, C]: ask the channel axis)
    - ``tokens``: a row of features per member of a sequence, […, T, F]
    - ``attention``: a weight per pair of members and head, [N, heads, Tq, Tk] or [N × heads, Tq, Tk]
    - ``vector``: numbers per sample, [N, F]
    - ``other``
    """
    facts = Facts(model, evaluation)
    marks = marks_of(facts)
    kinds = [_layout(facts.shape(index), mark, facts.batch) for index, mark in enumerate(marks)]
    named = zip(reversed(model.tensors), reversed(kinds), strict=True)
    return {tensor.name: kind for tensor, kind in named if tensor.name}


def _layout(shape: tuple[int | None, ...] | None, mark: Mark | None, batch: int) -> str:
    if not shape:
        return "other"
    rank = len(shape)
    if rank <= 2:
        return "tokens" if mark is not None and mark.axis == 1 and _of_sequence(shape, mark, batch) else "vector"
    if mark is None:
        return "other"
    if mark.role == ATTENTION:
        return "attention"
    if mark.axis == rank - 1:
        return "maps" if mark.role == MAPS and rank > 3 else "tokens"
    signal = mark.role == TOKENS and shape[0] is not None and shape[0] <= batch  # features first, not folded heads
    return "maps" if mark.axis == 1 and (mark.role == MAPS or signal) else "other"


def _of_sequence(shape: tuple[int | None, ...], mark: Mark, batch: int) -> bool:
    """Whether rows of features are more than samples: the members of sequences, one after the other."""
    return mark.role == TOKENS or (shape[0] is not None and shape[0] > batch)
