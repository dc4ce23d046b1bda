"""One thing that fails must not cost all others."""

from __future__ import annotations

import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.local import run_most


class Fragile:
    """Runs items, but not those that are bad; counts how often it is asked."""

    def __init__(self, *bad: int) -> None:
        self.bad, self.asked = set(bad), 0

    def __call__(self, items):
        self.asked += 1
        if not self.bad.isdisjoint(items):
            raise ModelError(f"{min(self.bad.intersection(items))} is bad")
        return list(items)


@pytest.mark.parametrize("bad", [(), (0,), (99,), (3, 50, 51), (0, 1, 2, 3, 99)])
def test_all_but_what_fails_is_run(bad):
    run = Fragile(*bad)
    most = run_most(run, range(100), 100)

    assert most.result == [item for item in range(100) if item not in bad]
    assert list(most.lost) == list(bad)
    assert str(most.error) == (f"{min(bad)} is bad" if bad else "None")


def test_where_all_fail_there_is_no_result():
    most = run_most(Fragile(*range(10)), range(10), 100)

    assert most.result is None
    assert list(most.lost) == list(range(10))


def test_looking_for_what_fails_ends():
    run = Fragile(*range(0, 1000, 2))
    most = run_most(run, range(1000), 50)

    assert most.result is None
    assert list(most.lost) == list(range(1000))
    assert run.asked <= 1 + 50


def test_what_only_fails_together_is_not_run():
    def run(items):
        if len(items) > 3:
            raise ModelError("too many")
        return items

    most = run_most(run, range(6), 100)

    assert most.result is None
    assert list(most.lost) == list(range(6))
