"""A hand on one graph: real pointer, wheel and keys, and what they did."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

INSIDE = 3
"""Above the lower edge of a group: below its title and its buttons."""
SIGN = 18
"""From the upper right corner of a group to its plus or minus sign, in units of the drawing."""


class GraphHand:
    """One graph on a page. Places are CSS pixels of its canvas."""

    def __init__(self, graph: Locator) -> None:
        self.root = graph
        self.page: Page = graph.page
        self.canvas = graph.get_by_test_id("haoline-graph-canvas")
        expect(self.canvas).to_be_visible()

    def settle(self) -> None:
        """Wait until what moves has arrived."""
        self.page.wait_for_timeout(300)

    def reset(self) -> None:
        """Back to what the view shows by itself, without the keyboard."""
        self.page.keyboard.press("Escape")
        self.root.evaluate(
            """root => {
              root.haolineGraph.setState({expanded: null, focus: "", selection: [], color: "", filter: "",
                                          constants: false, quantizers: true, camera: null});
              document.activeElement?.blur();
            }"""
        )
        for _ in range(3):
            self.root.evaluate("root => root.focus()")
            self.page.keyboard.press("Escape")
        self.root.evaluate("root => root.blur()")
        self.root.scroll_into_view_if_needed()

    def state(self) -> dict[str, Any]:
        """What the view shows, in words."""
        return self.root.evaluate("root => root.haolineGraph.state()")

    def set_state(self, **changed: Any) -> None:
        """Show something else, as a link or Python does."""
        self.root.evaluate("(root, changed) => root.haolineGraph.setState(changed)", changed)

    def emphasised(self) -> list[int] | None:
        """Ops that stand out."""
        return self.root.evaluate("root => root.haolineGraph.emphasised()")

    def nodes(self) -> list[dict[str, Any]]:
        """What is in view."""
        return self.root.evaluate("root => root.haolineGraph.nodes()")

    def labels(self) -> list[str]:
        """What is in view, in words."""
        return [node["label"] for node in self.nodes()]

    def node(self, label: str) -> dict[str, Any]:
        """The first node of a name."""
        return next(node for node in self.nodes() if node["label"] == label)

    def inside(self, label: str) -> tuple[float, float]:
        """A point on a node that is none of its buttons."""
        node = self.node(label)
        return node["x"] + node["w"] / 2, node["y"] + node["h"] - INSIDE

    def scale(self) -> float:
        """Pixels to a unit of the drawing."""
        return float(self.canvas.get_attribute("data-scale") or 0)

    def sign(self, label: str) -> tuple[float, float]:
        """The plus or minus sign of a group."""
        node = self.node(label)
        return node["x"] + node["w"] - SIGN * self.scale(), node["y"] + SIGN * self.scale()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the canvas as a point of the page."""
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y

    def focus(self) -> None:
        """Give the graph the keyboard, as a click on nothing does."""
        self.click_at(8, 300)

    def click(self, label: str, *modifiers: Any, button: Any = "left") -> None:
        """Click a node."""
        self.click_at(*self.inside(label), *modifiers, button=button)

    def click_at(self, x: float, y: float, *modifiers: Any, button: Any = "left") -> None:
        """Click a point."""
        self.page.mouse.move(*self.at(x, y))
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(x, y), button=button)
        for key in modifiers:
            self.page.keyboard.up(key)
        # Two clicks on one spot in a moment would be a double click.
        self.page.wait_for_timeout(400)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *modifiers: Any) -> None:
        """Press, move, let go."""
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=5)
        self.page.mouse.up()
        for key in modifiers:
            self.page.keyboard.up(key)

    def wheel(self, x: float, y: float, dx: float, dy: float, *modifiers: Any) -> None:
        """Turn the wheel over a point."""
        self.page.mouse.move(*self.at(x, y))
        for key in modifiers:
            self.page.keyboard.down(key)
        self.page.mouse.wheel(dx, dy)
        for key in modifiers:
            self.page.keyboard.up(key)
        self.settle()

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def part(self, name: str) -> Locator:
        """A panel around the canvas."""
        return self.root.get_by_test_id(f"haoline-graph-{name}")

    def choose(self, label: str) -> None:
        """Choose from the open menu."""
        self.part("menu").get_by_text(label, exact=False).first.click()
        self.settle()

    def search(self, text: str) -> Locator:
        """Type into the search box."""
        box = self.part("search")
        box.fill(text)
        return box

    def ops_of_type(self, kind: str) -> list[int]:
        """Op rows that a search for a type stands out."""
        self.search(f"type={kind}")
        ops = self.emphasised() or []
        self.search("")
        return ops
