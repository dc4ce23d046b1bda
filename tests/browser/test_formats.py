"""What is no ONNX file: a checkpoint in shards, a GGUF file, a live PyTorch module, an engine on its model's graph."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab
from .report import Report

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

import make_checkpoint

EXTENSION = "%load_ext haoline_jupyter"
FILES = ("one.safetensors", "two.gguf", "three.pt", "four.pt2", "five.graph.json")
ENGINE = "engines/resnet18-fp16"
SHARDS = "import make_checkpoint\nfrom pathlib import Path\nfolder = make_checkpoint.float_checkpoint(Path('tiny'))"
MODULE = """
import torch
net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(5408, 10))
%haoline net --example 1x1x28x28 --hardware h100-sxm
"""
OVERLAY = f"""
from pathlib import Path
from haoline_jupyter import GraphView
from make_resnet18 import resnet18
model = resnet18(Path('resnet18.onnx'))
report = %haoline model --engine {ENGINE}.graph.json --profile {ENGINE}.profile.json
"""


def shown(lab: Lab, name: str, *cells: str, cell: int = -1) -> Locator:
    """The output of a cell of a notebook that ran."""
    path = lab.server.notebook(name, EXTENSION, *(text.strip() for text in cells))
    lab.open_notebook(path)
    lab.run_all(path)
    output = lab.output(path, len(cells) + 1 + cell)
    output.first.scroll_into_view_if_needed()
    return output


def in_both_themes(lab: Lab, name: str, place: Locator) -> None:
    """Pictures in light and dark; the page is light before and afterwards."""
    place.scroll_into_view_if_needed()
    lab.screenshot(f"formats-{name}-light")
    lab.set_theme("dark")
    place.scroll_into_view_if_needed()
    lab.screenshot(f"formats-{name}-dark")
    lab.set_theme("light")


def histogram(report: Report) -> Locator:
    """The values of the selected weight, once the kernel has read them."""
    values = report.root.get_by_test_id("haoline-values")
    expect(values).to_be_visible()
    expect(values.get_by_test_id("haoline-histogram")).to_be_visible()
    return values


def test_a_checkpoint_in_shards(lab: Lab) -> None:
    output = shown(lab, "shards.ipynb", SHARDS, "%haoline folder --hardware rtx-4090")
    report = Report(output)
    assert "5.58 M" in report.stat("parameters")
    card = report.root.get_by_test_id("haoline-architecture")
    expect(card).to_contain_text("qwen2")
    expect(card).to_contain_text("Context")
    labels = {node["label"] for node in report.nodes()}
    assert any("layers" in label for label in labels), labels
    in_both_themes(lab, "shards", report.root)
    head = next(node for node in report.nodes() if node["label"].startswith("lm_head"))
    canvas = report.graph().get_by_test_id("haoline-graph-canvas")
    canvas.click(position={"x": head["x"] + head["w"] / 2, "y": head["y"] + head["h"] / 2})
    expect(histogram(report).get_by_test_id("haoline-values-figures")).to_contain_text("524,288")
    report.search("layers.0.mlp.up_proj")
    values = histogram(report)
    expect(values.get_by_test_id("haoline-values-figures")).to_contain_text("196,608")
    in_both_themes(lab, "shards-values", values)
    report.tab("memory")
    expect(report.root.get_by_test_id("haoline-breakdown")).to_contain_text("attention")
    in_both_themes(lab, "shards-memory", report.root)
    expect(report.rows().nth(20)).to_be_attached()
    in_both_themes(lab, "shards-table", report.root)


def test_a_gguf_file(lab: Lab) -> None:
    make_checkpoint.gguf_file(lab.server.root / "tiny.Q4_0.gguf")
    report = Report(shown(lab, "gguf-cell.ipynb", "%haoline tiny.Q4_0.gguf --hardware rtx-4090"))
    expect(report.root.get_by_test_id("haoline-architecture")).to_contain_text("qwen2")
    report.search("blk.0.ffn_down")
    values = histogram(report)
    expect(values).to_contain_text("Q4_0")
    in_both_themes(lab, "gguf", report.root)


def test_a_live_module(lab: Lab) -> None:
    pytest.importorskip("torch")
    report = Report(shown(lab, "module.ipynb", MODULE))
    assert "54.2 k" in report.stat("parameters")
    assert "n/a" not in report.stat("macs")
    labels = {node["label"] for node in report.nodes()}
    assert any("conv2d" in label.lower() for label in labels), labels
    in_both_themes(lab, "module", report.root)


def test_an_engine_on_the_graph_of_its_model(lab: Lab) -> None:
    output = shown(lab, "overlay.ipynb", OVERLAY, "GraphView(report, color='engine_us', height=480)")
    view = output.get_by_test_id("haoline-graph-view")
    expect(view.get_by_test_id("haoline-graph-canvas")).to_be_visible()
    expect(view.get_by_test_id("haoline-graph-legend")).to_be_visible()
    in_both_themes(lab, "engine-overlay", view)
    assert float(lab.ask("overlay.ipynb", "report.ops['engine_us'].sum()")) > 500
    lab.run("overlay.ipynb", f"%haoline compare model {ENGINE}.graph.json --profile {ENGINE}.profile.json")
    pair = lab.output("overlay.ipynb", 4).get_by_test_id("haoline-pair")
    expect(pair.get_by_test_id("haoline-graph-canvas")).to_have_count(2)
    in_both_themes(lab, "engine-pair", pair)


def test_an_engine(lab: Lab) -> None:
    report = Report(shown(lab, "engine-cell.ipynb", f"%haoline {ENGINE}.graph.json"))
    in_both_themes(lab, "engine", report.root)


def test_a_double_click_opens_the_report(lab: Lab) -> None:
    pytest.importorskip("torch")
    for name in FILES:
        make_file(lab.server.root / "clicks" / name)
    lab.page.evaluate("() => jupyterapp.commands.execute('filebrowser:open-path', {path: 'clicks'}).then(() => null)")
    lab.page.evaluate("() => jupyterapp.shell.activateById('filebrowser')")
    for name in FILES:
        lab.page.locator(".jp-DirListing-item", has_text=name).dblclick()
        tab = lab.page.get_by_test_id("haoline-model-tab")
        report = Report(tab)
        assert report.rows().count() > 1, name
        lab.screenshot(f"formats-tab-{name.split('.', 1)[1]}")
        lab.close(f"clicks/{name}")
        expect(tab).to_have_count(0)


def test_a_folder_opens_from_its_menu(lab: Lab) -> None:
    make_checkpoint.float_checkpoint(lab.server.root / "menu" / "folder")
    lab.page.evaluate("() => jupyterapp.commands.execute('filebrowser:open-path', {path: 'menu'}).then(() => null)")
    lab.page.evaluate("() => jupyterapp.shell.activateById('filebrowser')")
    lab.page.locator(".jp-DirListing-item", has_text="folder").click(button="right")
    lab.page.get_by_role("menuitem", name="Open Model Report").click()
    report = Report(lab.page.get_by_test_id("haoline-model-tab"))
    assert "5.58 M" in report.stat("parameters")
    expect(report.root.get_by_test_id("haoline-architecture")).to_contain_text("qwen2")


def make_file(path: Path) -> None:
    """A small file of the format that the suffix says."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".safetensors":
        values = {"embed.weight": ("F32", (4, 8), bytes(128)), "head.weight": ("F32", (8, 4), bytes(128))}
        make_checkpoint.write_safetensors(path, values)
    elif path.suffix == ".gguf":
        make_checkpoint.gguf_file(path)
    elif path.suffix == ".json":
        path.write_bytes((path.parents[1] / f"{ENGINE}.graph.json").read_bytes())
    else:
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
        if path.suffix == ".pt":
            torch.save(net.state_dict(), path)
        else:
            torch.export.save(torch.export.export(net, (torch.zeros(1, 8),)), path)


def test_a_saved_notebook_needs_no_kernel(lab: Lab) -> None:
    """The weights are drawn; their values, which only the kernel can read, are politely declined."""
    make_checkpoint.gguf_file(lab.server.root / "kept.gguf")
    path = "kept.ipynb"
    Report(shown(lab, path, "%haoline kept.gguf --hardware rtx-4090"))
    lab.save(path)
    lab.close(path)
    lab.reload()
    text = (lab.server.root / path).read_text()
    (lab.server.root / "kept-stranger.ipynb").write_text(text.replace("%load_ext", "# not signed\\n%load_ext"))
    lab.page.evaluate(
        """path => { void jupyterapp.commands.execute(
            'docmanager:open', {path, kernelPreference: {shouldStart: false, canStart: false}}) }""",
        "kept-stranger.ipynb",
    )
    lab.panel_ready("kept-stranger.ipynb")
    report = Report(lab.output("kept-stranger.ipynb", 1))
    expect(report.root.get_by_test_id("haoline-architecture")).to_contain_text("qwen2")
    assert len(report.nodes()) > 3
    report.search("blk.0.ffn_down")
    expect(report.root.get_by_test_id("haoline-values-status")).to_contain_text("run the cell")
    lab.screenshot("formats-saved")
