"""The main job, from an empty notebook to a restarted kernel, as one person would do it."""

from __future__ import annotations

from playwright.sync_api import expect

from .lab import Lab
from .report import Report

RESNET = """
from pathlib import Path
import onnx
resnet50 = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
report = %haoline resnet50
report
"""
CELLS = ("%load_ext haoline_jupyter", "%haoline models/digits_cnn.onnx", RESNET.strip())


def test_main_journey(lab: Lab) -> None:
    path = lab.server.notebook("journey.ipynb", *CELLS)
    lab.open_notebook(path)
    lab.show_sidebar()
    lab.run_all(path)
    digits, resnet = reports(lab, path)
    assert "25.6 M" in resnet.stat("parameters")
    assert "4.09 G" in resnet.stat("macs")

    find_in_graph(lab, resnet)
    switch_hardware(lab, digits, resnet)
    reload_and_restart(lab, path)
    lab.run(path, "print(report.totals['macs'], len(report.ops))")
    assert lab.output(path, 3).inner_text().startswith("4089184256 ")


def reports(lab: Lab, path: str) -> tuple[Report, Report]:
    """The two reports of the notebook."""
    return Report(lab.output(path, 1)), Report(lab.output(path, 2))


def find_in_graph(lab: Lab, report: Report) -> None:
    """Open a block, then search for an op and see its detail."""
    before = report.nodes()
    block = report.expand_first_block()
    (opened,) = (node for node in report.nodes() if node["id"] == block["id"])
    assert opened["expanded"]
    assert not {node["id"] for node in report.nodes()} <= {node["id"] for node in before}
    report.search("AveragePool")
    expect(report.root.get_by_test_id("haoline-op-detail")).to_contain_text("AveragePool")
    lab.screenshot("journey-graph-light")


def switch_hardware(lab: Lab, *shown: Report) -> None:
    """Another device in the sidebar changes the numbers of every report shown."""
    lab.choose("t4")
    for report in shown:
        expect(report.hardware()).to_contain_text("T4")
    slow = [report.stat("time") for report in shown]
    lab.choose("h100-sxm")
    for report in shown:
        expect(report.hardware()).to_contain_text("H100")
    assert all(before != report.stat("time") for before, report in zip(slow, shown, strict=True))
    lab.screenshot("journey-hardware-light")
    lab.set_theme("dark")
    lab.screenshot("journey-hardware-dark")
    lab.set_theme("light")


def reload_and_restart(lab: Lab, path: str) -> None:
    """The choice survives a reload of the page, saved or not, and a restart of the kernel."""
    lab.save(path)
    lab.choose("l4")
    lab.reload()
    lab.wait_idle(path)
    for report in reports(lab, path):
        expect(report.hardware()).to_contain_text("L4")
    lab.choose("a10")
    for report in reports(lab, path):
        expect(report.hardware()).to_contain_text("A10")
    lab.restart(path)
    lab.run_all(path)
    for report in reports(lab, path):
        expect(report.hardware()).to_contain_text("A10")
