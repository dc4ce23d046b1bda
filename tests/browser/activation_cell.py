"""What a person sees and does in an activations view."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

_READING = re.compile(r"channel (\d+) · row (\d+) · column (\d+) = (?:≈ )?(\S+)")
_COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
}"""
_CENTRE = """(canvas, [x, y]) => {
  const scale = canvas.width / canvas.clientWidth;
  return [...canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data];
}"""


class ActivationCell:
    """One activations view, wherever on the page it is drawn."""

    def __init__(self, scope: Locator) -> None:
        self.root = scope.get_by_test_id("haoline-activations-view")
        self.graph = self.root.get_by_test_id("haoline-graph")
        expect(self.root.get_by_test_id("haoline-depth")).to_be_visible()
        expect(self.graph.locator("canvas").first).to_be_visible()

    def part(self, name: str) -> Locator:
        """A part of the view by its name."""
        return self.root.get_by_test_id(f"haoline-{name}")

    def nodes(self) -> list[dict[str, Any]]:
        """What the graph draws, in CSS pixels of its canvas."""
        return self.graph.evaluate("root => root.haolineGraph.nodes()")

    def click(self, label: str) -> None:
        """Click the first drawn op whose label begins so."""
        node = next(node for node in self.nodes() if node["label"].startswith(label) and not node["group"])
        at = {"x": node["x"] + node["w"] / 2, "y": node["y"] + node["h"] / 2}
        self.graph.get_by_test_id("haoline-graph-canvas").click(position=at)

    def find(self, op: str) -> None:
        """Go to an op through the search field of the graph."""
        field = self.graph.get_by_test_id("haoline-graph-search")
        field.fill(f"name:={op}")
        field.press("Enter")
        expect(self.part("tensor-head")).to_contain_text(op)

    def wait_maps(self) -> Locator:
        """The grid of channels, once every channel in sight has its picture."""
        maps = self.part("maps")
        expect(maps).to_be_visible()
        expect(maps).to_have_attribute("data-missing", "0")
        return maps

    def colours(self, part: str) -> int:
        """How many colours a picture has."""
        return self.part(part).locator("canvas").first.evaluate(_COLOURS)

    def colour_at(self, part: str, x: float, y: float) -> list[int]:
        """The colour of one pixel, red, green, blue and opacity."""
        return self.part(part).locator("canvas").first.evaluate(_CENTRE, [x, y])

    def reading(self) -> str:
        """What the line below the pictures says."""
        return self.part("reading").inner_text()

    def read_at(self, part: str, x: float, y: float) -> tuple[str, float]:
        """Which element is read where the pointer is, as an index in Python, and its value."""
        for step in range(20):
            self.part(part).hover(position={"x": x + step % 2, "y": y})
            if "=" in self.reading():
                break
            self.root.page.wait_for_timeout(250)
        found = _READING.fullmatch(self.reading())
        assert found, self.reading()
        return f"[0, {found[1]}, {found[2]}, {found[3]}]", float(found[4].replace("−", "-"))
