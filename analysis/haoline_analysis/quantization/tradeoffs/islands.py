"""Where float costs more than it gives, and where integers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report.formatting import duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.tradeoffs.planning import Problem
    from haoline_analysis.quantization.tradeoffs.timing import Choice

_NOTABLE_TIME = 0.02
"""Share of a run from which on an island is worth a word."""
_MOST = 3


def islands(model: Model, ops: Collection[str]) -> list[set[str]]:
    """Connected groups of ops: those that read one another's results."""
    rows = {op.name: row for row, op in enumerate(model.ops)}
    left, found = {name for name in ops if name in rows}, []
    while left:
        group, waiting = set(), [next(iter(left))]
        while waiting:
            name = waiting.pop()
            if name in left:
                left.discard(name)
                group.add(name)
                waiting += [each for each in _neighbours(model, rows[name]) if each in left]
        found.append(group)
    return found


def _neighbours(model: Model, row: int) -> Iterable[str]:
    op = model.ops[row]
    for at in (*op.inputs, *op.outputs):
        if at >= 0 and model.tensors[at].weight is None:
            tensor = model.tensors[at]
            if tensor.producer >= 0:
                yield model.ops[tensor.producer].name
            yield from (model.ops[each].name for each in tensor.consumers)


def costly(model: Model, problem: Problem, chosen: Choice, goal: float, types: Mapping[str, str]) -> list[str]:
    """Sentences about islands of float that could be quantized, and of integers that had better be float.

    Args:
        model: the float model.
        problem: the time model and the noise of the quantizers.
        chosen: ops kept float or at 16 bits.
        goal: the most noise.
        types: type of each op.
    """
    times = problem.times
    if times is None:
        return []
    whole = times.total(chosen)
    told = []
    for group in islands(model, chosen.floats):
        saved = whole - times.total(chosen.without(group))
        if saved > _NOTABLE_TIME * whole and problem.noise(chosen.without(group)) <= goal:
            where, less = _named(group, types), duration(saved)
            words = (
                f"Float costs more than it gives in {where}: quantized, a run takes {less} less, the target still met"
            )
            told.append((saved, f"{words} (predicted)."))
    for group in islands(model, set(problem.by_op) - chosen.floats - chosen.wide):
        saved = -times.change(chosen, chosen.with_floats(group), group)
        if saved > _NOTABLE_TIME * whole:
            where, less = _named(group, types), duration(saved)
            told.append((saved, f"Integers cost more than they give in {where}: float takes {less} less (predicted)."))
    return [sentence for _, sentence in sorted(told, reverse=True)[:_MOST]]


def _named(group: Collection[str], types: Mapping[str, str]) -> str:
    names = sorted(group)
    if len(names) == 1:
        return f"{types.get(names[0], 'op')} {names[0]!r}"
    return f"{len(names)} ops around {names[0]!r}"
