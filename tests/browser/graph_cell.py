"""What a person sees and does in a graph view of its own."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect


class GraphCell:
    """One graph view, wherever on the page it is drawn."""

    def __init__(self, scope: Locator) -> None:
        self.root = scope.get_by_test_id("haoline-graph-view")
        self.graph = self.root.get_by_test_id("haoline-graph")
        expect(self.graph.locator("canvas").first).to_be_visible()

    def nodes(self) -> list[dict[str, Any]]:
        """What the graph draws, in CSS pixels of its canvas."""
        return self.graph.evaluate("root => root.haolineGraph.nodes()")

    def state(self) -> dict[str, Any]:
        """What the view shows, in words."""
        return self.graph.evaluate("root => root.haolineGraph.state()")

    def node(self, label: str) -> dict[str, Any]:
        """A drawn node by the start of its label."""
        return next(node for node in self.nodes() if node["label"].startswith(label))

    def click(self, node: dict[str, Any]) -> None:
        """Click the middle of a node."""
        self.graph.scroll_into_view_if_needed()
        at = {"x": node["x"] + node["w"] / 2, "y": node["y"] + node["h"] / 2}
        self.graph.get_by_test_id("haoline-graph-canvas").click(position=at)

    def pick(self, what: str) -> Locator:
        """One of the choices above the graph: color, edge-color or size."""
        return self.root.get_by_test_id(f"haoline-graph-{what}")
