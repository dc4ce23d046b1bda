"""The harness itself: a notebook runs, its kernel restarts, its page reloads."""

from __future__ import annotations

from .lab import Lab


def test_notebook_runs_and_page_reloads(lab: Lab) -> None:
    path = lab.server.notebook("harness.ipynb", "x = 20 + 1", "print(2 * x)")
    lab.open_notebook(path)
    lab.run_all(path)
    assert lab.output(path, 1).inner_text().strip() == "42"
    lab.save(path)
    lab.reload()
    lab.wait_idle(path)
    lab.run(path, "print(x)")
    assert lab.output(path, 2).inner_text().strip() == "21"
    lab.restart(path)
    lab.run(path, "'x' in globals()")
    assert lab.output(path, 3).inner_text().strip() == "False"
