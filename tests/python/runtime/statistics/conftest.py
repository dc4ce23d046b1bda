"""The same tests with numpy's loops and with compiled ones."""

from __future__ import annotations

import pytest

from haoline_analysis.runtime.statistics import fast


@pytest.fixture(scope="module", params=["numpy", "compiled"])
def loops(request):
    """Which loops count."""
    if request.param == "compiled":
        pytest.importorskip("numba")
        assert fast.kernel.wait() is not None
        yield request.param
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "kernel", fast.Loader(lambda: None))
        yield request.param
