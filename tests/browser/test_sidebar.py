"""The hardware sidebar and the kernels behind the notebooks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab
from .report import Report

LOAD = "%load_ext haoline_jupyter"
SHOW = "%haoline models/digits_cnn.onnx"
ASK = "import json; from haoline_jupyter.session import session; print(json.dumps(session.choice.as_dict()))"


def status(lab: Lab) -> Locator:
    """The line that says where the choice stands."""
    return lab.page.get_by_test_id("haoline-sidebar-status")


def applied(lab: Lab) -> None:
    """Wait until the kernel has the choice."""
    expect(status(lab)).to_have_attribute("data-state", "applied")


def test_each_notebook_keeps_its_own_choice(lab: Lab) -> None:
    first = lab.server.notebook("own-a.ipynb", LOAD, SHOW)
    second = lab.server.notebook("own-b.ipynb", LOAD, SHOW)
    for path, profile in ((first, "h100-sxm"), (second, "t4")):
        lab.open_notebook(path)
        lab.run_all(path)
        lab.choose(profile)
        applied(lab)
    expect(Report(lab.output(second, 1)).hardware()).to_contain_text("T4")
    lab.activate(first)
    expect(lab.page.get_by_test_id("haoline-sidebar-target")).to_have_text(first)
    sidebar = lab.page.get_by_test_id("haoline-sidebar")
    expect(sidebar.locator("[data-profile='h100-sxm']")).to_have_attribute("aria-selected", "true")
    expect(Report(lab.output(first, 1)).hardware()).to_contain_text("H100")
    assert lab.metadata(first, "haoline")["profile"]["profile"] == "h100-sxm"
    assert lab.metadata(second, "haoline")["profile"]["profile"] == "t4"


def test_a_choice_passes_a_running_cell(lab: Lab) -> None:
    path = lab.server.notebook("busy.ipynb", LOAD, SHOW)
    lab.open_notebook(path)
    lab.run_all(path)
    lab.choose("l4")
    applied(lab)
    lab.start(path, "import time; time.sleep(20)")
    lab.page.wait_for_timeout(500)
    lab.choose("h200-sxm")
    applied(lab)
    expect(Report(lab.output(path, 1)).hardware()).to_contain_text("H200", timeout=10_000)
    expect(lab.panel(path).locator(".jp-InputArea-prompt").last).to_have_text("[*]:")
    lab.interrupt(path)
    lab.wait_ran(path)
    lab.run(path, ASK)
    assert '"h200-sxm"' in lab.output(path, 3).inner_text()


def test_a_choice_before_the_extension_waits_for_it(lab: Lab) -> None:
    path = lab.server.notebook("before.ipynb", LOAD, ASK)
    lab.open_notebook(path)
    lab.show_sidebar()
    expect(status(lab)).to_contain_text("%load_ext haoline_jupyter")
    lab.choose("a100-sxm-80")
    lab.run_all(path)
    applied(lab)
    lab.run(path, ASK)
    assert '"a100-sxm-80"' in lab.output(path, 2).inner_text()


def test_the_default_serves_notebooks_without_a_choice(lab: Lab) -> None:
    first = lab.server.notebook("default-a.ipynb", LOAD)
    lab.open_notebook(first)
    lab.run_all(first)
    sidebar = lab.choose("l40s")
    sidebar.get_by_role("button", name="Make this the default").click()
    second = lab.server.notebook("default-b.ipynb", LOAD)
    lab.open_notebook(second)
    lab.run_all(second)
    applied(lab)
    lab.run(second, ASK)
    assert '"l40s"' in lab.output(second, 1).inner_text()
    assert lab.metadata(second, "haoline") is None
    lab.page.evaluate("() => jupyterapp.serviceManager.settings.save('haoline-jupyter:plugin', '{}').then(() => null)")


@pytest.mark.parametrize("text", ["4090", "GeForce 4090"])
def test_search_narrows_the_devices(lab: Lab, text: str) -> None:
    lab.open_notebook(lab.server.notebook("search.ipynb"))
    sidebar = lab.show_sidebar()
    options = sidebar.get_by_test_id("haoline-profile-option")
    assert options.count() >= 60
    sidebar.get_by_test_id("haoline-profile-search").fill(text)
    expect(options).to_have_count(1)
    sidebar.get_by_test_id("haoline-profile-search").press("Enter")
    expect(options).to_have_attribute("aria-selected", "true")


def test_without_a_notebook_the_sidebar_says_so(lab: Lab) -> None:
    lab.show_sidebar()
    expect(status(lab)).to_contain_text("Open a notebook")
