"""As many threads as cores may be used, which may be fewer than the machine has, and work shared out among them."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context

import capture_models as models
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoline_analysis.runtime import cores

pytest.importorskip("onnxruntime")

ON_ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from haoline_analysis.runtime import sessions
from haoline_analysis.runtime.source import source_of
session = sessions.Session(source_of(sys.argv[1])[0], None, "cpu", {}, capturing=False)
print(session.ort.get_session_options().intra_op_num_threads)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system ties no process to cores")
def test_threads_are_as_many_as_cores_may_be_used() -> None:
    run = [sys.executable, "-c", ON_ONE_CORE, str(models.DIGITS)]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.split() == ["1"]


@given(st.lists(st.integers(0, 1 << 24), max_size=60), st.integers(1, 9))
def test_shares_are_all_of_the_work_in_order_and_no_more_than_cores(sizes: list[int], count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cores, "cores", lambda: count)
        parts = cores.shares(sizes)
    assert [at for part in parts for at in range(len(sizes))[part]] == list(range(len(sizes)))
    assert len(parts) <= count
    most = sum(sizes) / max(1, len(parts)) + max(sizes, default=0)
    assert len(parts) < count or all(sum(sizes[part]) <= most for part in parts)


def test_little_work_is_not_shared() -> None:
    assert cores.shares([1000] * 100) == [slice(0, 100)]
    assert cores.shares([]) == []


def _doubled(count: int) -> list[int]:
    made = list(range(count))

    def work(part: slice) -> None:
        made[part] = [2 * number for number in made[part]]

    cores.spread_out(work, [slice(0, 3), slice(3, 5), slice(5, count)])
    return made


def test_all_parts_are_done() -> None:
    assert _doubled(9) == [2 * number for number in range(9)]


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="the system knows no fork")
def test_a_fork_has_threads_of_its_own() -> None:
    _doubled(9)  # threads of this process, which the fork does not get
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        assert pool.submit(_doubled, 6).result(timeout=60) == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("wrong", [0, 2])
def test_what_goes_wrong_in_a_thread_is_raised(wrong: int) -> None:
    def work(part: slice) -> None:
        if part.start == wrong:
            raise ValueError(f"part {wrong}")

    with pytest.raises(ValueError, match=f"part {wrong}"):
        cores.spread_out(work, [slice(at, at + 1) for at in range(4)])
