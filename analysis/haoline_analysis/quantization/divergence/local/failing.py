"""Running as many things at once as can be: which of them fail is found by trying halves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")


class Most(NamedTuple, Generic[Item, Result]):
    """What could be run."""

    result: Result | None  # of all items but the lost ones; None where nothing can be run
    lost: Sequence[Item]
    error: ModelError | None  # of the first try


def run_most(run: Callable[[Sequence[Item]], Result], items: Sequence[Item], tries: int) -> Most[Item, Result]:
    """Run all items, or all but those that fail each by itself; nothing where these take too many ``tries`` to find."""
    try:
        return Most(run(items), (), None)
    except ModelError as error:
        kept, lost = _parted(run, items, tries)
        result = _tried(run, kept) if kept else None
        return Most(result, items if result is None else lost, error)


def _parted(
    run: Callable[[Sequence[Item]], Result], items: Sequence[Item], tries: int
) -> tuple[Sequence[Item], Sequence[Item]]:
    """Items that run and those that do not, of some that fail all at once; none and all where it takes more tries."""
    kept: list[Item] = []
    lost: list[Item] = []
    waiting = _halves(items)
    while waiting:
        if not tries:
            return (), items
        tries -= 1
        part = waiting.pop()
        if _tried(run, part) is not None:
            kept += part
        elif len(part) == 1:
            lost += part
        else:
            waiting += _halves(part)
    return kept, lost


def _halves(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Both halves, the first one last."""
    middle = (len(items) + 1) // 2
    return [half for half in (items[middle:], items[:middle]) if half]


def _tried(run: Callable[[Sequence[Item]], Result], items: Sequence[Item]) -> Result | None:
    try:
        return run(items)
    except ModelError:
        return None
