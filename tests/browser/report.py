"""What a person sees and does in a report."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

TOGGLE = 13
"""From the top right corner of a block to its plus sign, in pixels at the scale that fits the graph."""


class Report:
    """One report, wherever on the page it is drawn."""

    def __init__(self, scope: Locator) -> None:
        self.root = scope.get_by_test_id("haoline-report")
        expect(self.root.get_by_test_id("haoline-stat-parameters")).to_be_visible()

    def stat(self, name: str) -> str:
        """The text of a headline number."""
        return self.root.get_by_test_id(f"haoline-stat-{name}").inner_text()

    def hardware(self) -> Locator:
        """The device the estimates are for."""
        return self.root.get_by_test_id("haoline-hardware-chip")

    def tab(self, name: str) -> None:
        """Bring a tab to the front."""
        self.root.get_by_test_id(f"haoline-tab-{name}").click()

    def graph(self) -> Locator:
        """The graph of the graph tab, in view and drawn."""
        self.tab("graph")
        graph = self.root.get_by_test_id("haoline-graph")
        graph.scroll_into_view_if_needed()
        expect(graph.get_by_test_id("haoline-graph-canvas")).to_be_visible()
        return graph

    def nodes(self) -> list[dict[str, Any]]:
        """What the graph draws, in CSS pixels of its canvas."""
        return self.graph().evaluate("root => root.haolineGraph.nodes()")

    def expand_first_block(self) -> dict[str, Any]:
        """Open the first block that is closed."""
        block = next(node for node in self.nodes() if node["group"] and not node["expanded"])
        graph = self.graph()
        position = {"x": block["x"] + block["w"] - TOGGLE, "y": block["y"] + TOGGLE}
        graph.get_by_test_id("haoline-graph-canvas").click(position=position)
        graph.page.wait_for_timeout(500)
        return block

    def search(self, text: str) -> None:
        """Search the graph and take the first match."""
        field = self.graph().get_by_test_id("haoline-graph-search")
        field.fill(text)
        field.press("Enter")

    def rows(self) -> Locator:
        """The rows of the layer table that are drawn."""
        self.tab("layers")
        return self.root.get_by_test_id("haoline-table").get_by_role("row")
