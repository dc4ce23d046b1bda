"""Names to tensors: lexical scopes of graphs, and frames of function calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.model import OMITTED

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.proto import Graph


class UnmadeError(Exception):
    """A name that no node before has made; the nodes may be out of order, or the file is wrong."""

    def __init__(self, name: bytes, root: Scope) -> None:
        """Name what is missing, and the outermost scope in which."""
        super().__init__(name)
        self.name = name
        self.root = root  # tells a function's names from its caller's
        self.reader = ""


class Scope(dict[bytes, int]):
    """Tensor indices by name; a name that is not here is looked up in the enclosing graph."""

    __slots__ = ("outer", "root")

    def __init__(self, outer: Scope | None = None) -> None:
        """Open a scope inside ``outer``, or an outermost one."""
        super().__init__()
        self.outer = outer
        self.root: Scope = self if outer is None else outer.root
        if outer is None:
            self[b""] = OMITTED

    def __missing__(self, name: bytes) -> int:
        """Look further out.

        Raises:
            UnmadeError: if no scope has the name.
        """
        if self.outer is None:
            raise UnmadeError(name, self)
        return self.outer[name]

    def reaches(self, name: bytes) -> bool:
        """Whether this scope or an enclosing one has the name."""
        return name in self or (self.outer is not None and self.outer.reaches(name))


@dataclass(slots=True, eq=False)
class Closure:
    """A graph attribute handed to a function: it reads its names where it was written."""

    graph: Graph
    scope: Scope
    frame: Frame


@dataclass(slots=True, eq=False)
class Frame:
    """A function call in progress, or the model itself (no path)."""

    opsets: dict[str, int]
    path: tuple[str, ...] = ()
    prefix: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    graphs: dict[str, Closure] = field(default_factory=dict)
