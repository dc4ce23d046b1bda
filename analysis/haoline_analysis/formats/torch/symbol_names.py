"""Names of the symbolic dims that torch's tracer invents (``s72``), in the user's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class SymbolNames:
    """From the tracer's symbols to the names that the user gave, or that their place gives."""

    names: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    """Sizes of the named dims in the example inputs."""

    def name_input(self, label: str, shape: Any, wanted: dict[int, str]) -> None:
        """Name the symbols of an input's dims; ``wanted`` are names by axis."""
        for axis, size in enumerate(shape):
            if isinstance(size, int):
                continue
            symbol = str(_expression(size))
            if symbol.isidentifier():
                known = self.names.get(symbol)
                name = known if known and axis not in wanted else wanted.get(axis, f"{label}_dim{axis}")
                self.names[symbol] = name
                hint = getattr(size.node, "hint", None)
                if isinstance(hint, int):
                    self.sizes[name] = hint

    def dim(self, size: Any) -> int | str:
        """A size, or the text of the expression it is."""
        if isinstance(size, int):
            return int(size)
        expression = _expression(size)
        if expression is None:
            return str(size)
        try:
            return int(expression)
        except TypeError:
            pass
        import sympy  # type: ignore[import-untyped]

        taken = [symbol for symbol in expression.free_symbols if str(symbol) in self.names]
        renamed = expression.subs({symbol: sympy.Symbol(self.names[str(symbol)], integer=True) for symbol in taken})
        return str(renamed).replace("PythonMod", "mod").replace("FloorDiv", "floordiv")

    def value(self, value: Any) -> Any:
        """A number, or the text of a symbolic one."""
        return value if isinstance(value, bool | int | float) else self.dim(value)


def _expression(size: Any) -> Any:
    node = getattr(size, "node", None)
    return getattr(node, "expr", None)
