"""What a person sees and does in a view of a comparison."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
}"""
PICTURE = "canvas => canvas.toDataURL()"
_NUMBER = r"(?:≈ )?([−-]?[\d.]+(?:e[−-]?\d+)?)"
_PLACE = r"channel (\d+) · row (\d+) · column (\d+)"
_READING = re.compile(rf"{_PLACE}: float {_NUMBER}, (?:quantized|variant) {_NUMBER}.*")


class DivergenceCell:
    """One view of a comparison, wherever on the page it is drawn."""

    def __init__(self, scope: Locator) -> None:
        self.root = scope.get_by_test_id("haoline-divergence-view")
        expect(self.part("divergence-summary")).to_be_visible()
        expect(self.graph().locator("canvas").first).to_be_visible()

    def part(self, name: str) -> Locator:
        """A part of the view by its name."""
        return self.root.get_by_test_id(f"haoline-{name}")

    def graph(self, which: int = 0) -> Locator:
        """The graph of the float model (0) or of the variant (1)."""
        return self.root.get_by_test_id("haoline-graph").nth(which)

    def press(self, name: str, within: str | None = None) -> Locator:
        """Click a button by its words."""
        scope = self.part(within) if within else self.root
        button = scope.get_by_role("button", name=name, exact=True).first
        button.click()
        return button

    def tab(self, name: str) -> None:
        """Bring a tab beside the graphs to the front."""
        self.root.get_by_role("tab", name=name, exact=True).click()

    def find(self, op: str) -> None:
        """Go to an op through the search field of the float graph."""
        field = self.graph().get_by_test_id("haoline-graph-search")
        field.fill(f"name:={op}")
        field.press("Enter")
        expect(self.part("inspect-head")).to_contain_text(op)

    def selection(self, which: int = 0) -> list[int]:
        """The ops that are selected in a graph, as rows of its report."""
        state: dict[str, Any] = self.graph(which).evaluate("root => root.haolineGraph.state()")
        return list(state["selection"])

    def picture(self, pane: str = "float") -> Locator:
        """The pictures of a side, once every one in sight is there."""
        grid = self.part(f"pane-{pane}").get_by_test_id("haoline-maps")
        expect(grid).to_be_visible()
        expect(grid).to_have_attribute("data-missing", "0")
        return grid

    def read_at(self, x: float, y: float) -> tuple[str, float, float]:
        """Which element is read where the pointer is, as an index in Python, and both sides' values."""
        said = self.part("compared-reading")
        for step in range(20):
            self.picture().hover(position={"x": x + step % 2, "y": y})
            if "float" in said.inner_text() and ":" in said.inner_text():
                break
            self.root.page.wait_for_timeout(250)
        found = _READING.fullmatch(said.inner_text())
        assert found, said.inner_text()
        float_value, variant = (float(text.replace("−", "-")) for text in found.groups()[3:5])
        return f"[0, {found[1]}, {found[2]}, {found[3]}]", float_value, variant
