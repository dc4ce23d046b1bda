"""Following TorchScript's ``forward`` through its code: calls are entered, branches decided where they can be.

The code is data: it is walked as a syntax tree with tensors and modules standing for themselves. Where a branch hangs
on what only a run can tell, its first side is followed, a loop's body once, and both are said.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError
from haoline_analysis.formats.torch.pickles import Built
from haoline_analysis.formats.torch.script_code import raises, taken_apart
from haoline_analysis.formats.torch.script_ops import ARITHMETIC, ASIDE, FACTORIES, attributes_of, scalar
from haoline_analysis.formats.torch.script_values import UNKNOWN, Flow, Module, Path, flows
from haoline_analysis.formats.torch.walking import state

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.formats.torch.aten import AtenBuilder
    from haoline_analysis.formats.torch.script_code import Code

MAX_STEPS = 2_000_000
MAX_CALLS = 60
MAX_LOOP = 256
"""Rounds of a loop of known length that are followed."""

_PASSED = {"annotate": 1, "unchecked_cast": 1}
_LISTS = frozenset({"torch.jit._pickle.build_tensorlist", "torch.jit._pickle.build_intlist"})
_BUILTIN = ("int", "float", "bool", "str")


class _ReturnError(Exception):
    """A function gives its value."""


@dataclass(slots=True)
class _Frame:
    """The variables of one call."""

    module: Module | None
    names: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)  # names that are taken apart, into how many
    value: Any = None


class ScriptWalk:
    """Fills a builder by following calls."""

    def __init__(
        self, code: Code, builder: AtenBuilder, weight: Callable[[Built, str], Any], constants: list[Any]
    ) -> None:
        """Keep the code, where ops go, and how stored tensors become values."""
        self._code, self._builder, self._weight, self._constants = code, builder, weight, constants
        self._steps = self._depth = 0
        self._states: dict[int, dict[str, Any]] = {}  # of objects of the pickle
        self._taken: dict[int, dict[str, int]] = {}  # of functions, see taken_apart
        self._scope: list[tuple[str, str]] = []
        self.unfollowed: dict[str, list[int]] = {}  # why: rows

    def call(self, module: Module, name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """The result of a method of a module; ``UNKNOWN`` where its code is not there."""
        body = self._code.method(module.owner, name)
        if body is None:
            self._miss(f"calls of {module.kind}.{name}, whose code is not in the archive, are left out")
            return UNKNOWN
        entered = name.startswith("forward") and bool(module.path)
        if entered:
            self._scope.append((module.path, module.kind))
        try:
            return self._function(body, [module, *arguments], keywords, module)
        finally:
            if entered:
                self._scope.pop()

    def _miss(self, why: str) -> None:
        self.unfollowed.setdefault(why, []).append(len(self._builder.ops))

    def _function(
        self, body: ast.FunctionDef, arguments: Sequence[Any], keywords: dict[str, Any], module: Module | None
    ) -> Any:
        if self._depth >= MAX_CALLS:
            raise LimitError(f"the code calls more than {MAX_CALLS} deep")
        self._depth += 1
        if id(body) not in self._taken:
            self._taken[id(body)] = taken_apart(body)
        frame = _Frame(module, parts=self._taken[id(body)])
        frame.names = self._bound(body, arguments, keywords, frame)
        try:
            self._block(body.body, frame)
        except _ReturnError:
            pass
        finally:
            self._depth -= 1
        return frame.value

    def _bound(
        self, body: ast.FunctionDef, arguments: Sequence[Any], keywords: dict[str, Any], frame: _Frame
    ) -> dict[str, Any]:
        names = [item.arg for item in body.args.args]
        defaults = dict(zip(names[::-1], body.args.defaults[::-1], strict=False))
        made = {name: self._value(default, frame) for name, default in defaults.items()}
        return made | dict(zip(names, arguments, strict=False)) | keywords

    # Statements

    def _block(self, statements: Sequence[ast.stmt], frame: _Frame) -> None:
        for statement in statements:
            self._step()
            self._statement(statement, frame)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise LimitError(f"following the code takes more than {MAX_STEPS:,} steps")

    def _statement(self, statement: ast.stmt, frame: _Frame) -> None:
        if isinstance(statement, ast.Assign):
            self._assign(statement.targets[0], statement.value, frame)
        elif isinstance(statement, ast.Return):
            frame.value = self._value(statement.value, frame) if statement.value is not None else None
            raise _ReturnError
        elif isinstance(statement, ast.Expr):
            self._value(statement.value, frame)
        elif isinstance(statement, ast.If):
            self._branch(statement, frame)
        elif isinstance(statement, ast.For):
            self._loop(statement, frame)
        elif isinstance(statement, ast.While):
            self._miss("a loop of unknown length is followed once")
            self._block(statement.body, frame)

    def _assign(self, target: ast.expr, value: ast.expr, frame: _Frame) -> None:
        if isinstance(target, ast.Tuple):
            wanted = len(target.elts)
            given = self._value(value, frame, wanted)
            parts = given if isinstance(given, (list, tuple)) and len(given) == wanted else [given] * wanted
            for name, part in zip(target.elts, parts, strict=True):
                if isinstance(name, ast.Name):
                    frame.names[name.id] = part
        elif isinstance(target, ast.Name):
            frame.names[target.id] = self._value(value, frame, frame.parts.get(target.id, 1))
        else:
            self._value(value, frame)

    def _branch(self, statement: ast.If, frame: _Frame) -> None:
        decided = self._value(statement.test, frame)
        if decided is UNKNOWN or isinstance(decided, (Flow, Module)):
            first, second = raises(statement.body), raises(statement.orelse)
            if first == second:
                self._miss("a branch that hangs on what only a run can tell is followed on its first side")
            decided = not first
        self._block(statement.body if decided else statement.orelse, frame)

    def _loop(self, statement: ast.For, frame: _Frame) -> None:
        over = self._value(statement.iter, frame)
        rounds = list(over)[:MAX_LOOP] if isinstance(over, (list, tuple, range)) and len(over) <= MAX_LOOP else None
        if rounds is None:
            self._miss("a loop of unknown length is followed once")
            rounds = [UNKNOWN]
        for item in rounds:
            if isinstance(statement.target, ast.Name):
                frame.names[statement.target.id] = item
            self._block(statement.body, frame)

    # Expressions

    def _value(self, node: ast.expr, frame: _Frame, wanted: int = 1) -> Any:
        self._step()
        if isinstance(node, ast.Call):
            return self._called(node, frame, wanted)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return frame.names.get(node.id, Path(node.id))
        if isinstance(node, ast.Attribute):
            return self._attribute(self._value(node.value, frame), node.attr)
        if isinstance(node, ast.List):
            return [self._value(item, frame) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return tuple(self._value(item, frame) for item in node.elts)
        if isinstance(node, ast.Subscript):
            return self._item(self._value(node.value, frame), self._value(node.slice, frame))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self._value(node.operand, frame)
            return -value if isinstance(value, (int, float)) else UNKNOWN
        if isinstance(node, ast.IfExp):
            decided = self._value(node.test, frame)
            return self._value(node.orelse if decided is False else node.body, frame)
        return UNKNOWN

    def _item(self, value: Any, place: Any) -> Any:
        if isinstance(value, (list, tuple)) and isinstance(place, int) and -len(value) <= place < len(value):
            return value[place]
        return value if isinstance(value, Flow) else UNKNOWN

    def _attribute(self, value: Any, name: str) -> Any:
        """An attribute of a module, a constant of the archive, or a longer dotted name."""
        if isinstance(value, Module):
            return self._held(value, name)
        if isinstance(value, Path):
            place = name.removeprefix("c")
            if (
                value.text == "CONSTANTS"
                and place.isdecimal()
                and len(place) < 10
                and int(place) < len(self._constants)
            ):
                return self._constants[int(place)]
            return Path(f"{value.text}.{name}")
        return UNKNOWN

    def _held(self, module: Module, name: str) -> Any:
        attributes = self._states.get(id(module.value))
        if attributes is None:
            attributes = self._states[id(module.value)] = state(module.value)
        if name not in attributes:
            return UNKNOWN
        path = f"{module.path}.{name}" if module.path else name
        return self._stored(attributes[name], path)

    def _stored(self, found: Any, path: str) -> Any:
        if not isinstance(found, Built):
            return found if found is None or isinstance(found, (bool, int, float, str)) else UNKNOWN
        if found.path.startswith("__torch__."):
            return Module(found, path)
        if found.path in _LISTS and found.arguments:
            inner = found.arguments[0]
            parts = inner if isinstance(inner, (list, tuple)) else [inner]
            return [self._stored(item, f"{path}.{place}") for place, item in enumerate(parts[:MAX_LOOP])]
        return self._weight(found, path)

    def _called(self, node: ast.Call, frame: _Frame, wanted: int) -> Any:
        arguments = [self._value(item, frame) for item in node.args]
        keywords = {item.arg: self._value(item.value, frame) for item in node.keywords if item.arg is not None}
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, frame)
            if isinstance(owner, Module):
                return self.call(owner, node.func.attr, arguments, keywords)
            target = self._attribute(owner, node.func.attr)
        else:
            target = self._value(node.func, frame)
        return self._by_name(target.text, arguments, keywords, wanted) if isinstance(target, Path) else UNKNOWN

    def _by_name(self, path: str, arguments: list[Any], keywords: dict[str, Any], wanted: int) -> Any:
        if path in _PASSED and len(arguments) > 1:
            return arguments[1]
        if path == "getattr" and len(arguments) == 2 and isinstance(arguments[0], Module):
            return self._held(arguments[0], str(arguments[1]))
        if path == "range":
            whole = all(isinstance(item, int) and abs(item) < 1 << 40 for item in arguments) and 0 < len(arguments) < 4
            return range(*arguments) if whole and arguments[-1] != 0 else UNKNOWN
        if path in _BUILTIN:
            return arguments[0] if arguments and isinstance(arguments[0], (bool, int, float, str)) else UNKNOWN
        function = self._code.functions.get(path)
        if function is not None:
            return self._function(function, arguments, keywords, None)
        if path.startswith(("torch.", "ops.")):
            return self._op(path, arguments, keywords, wanted)
        return UNKNOWN

    def _op(self, path: str, arguments: list[Any], keywords: dict[str, Any], wanted: int) -> Any:
        library, _, name = path.removeprefix("torch.").removeprefix("ops.").rpartition(".")
        inputs = flows([*arguments, *keywords.values()])
        if name == "append" and len(arguments) == 2 and isinstance(arguments[0], list):
            arguments[0].append(arguments[1])
            return arguments[0]
        if name in ASIDE or not (inputs or name in FACTORIES):
            if name not in ASIDE and name not in ARITHMETIC and any(item is UNKNOWN for item in arguments):
                self._miss("ops whose arguments only a run could tell are left out")
            return scalar(name, arguments)
        in_place = name.endswith("_") and not name.endswith("__")
        plain = name[:-1] if in_place else name
        attributes = attributes_of(plain, arguments, keywords) | ({"in_place": True} if in_place else {})
        kind = f"{library}.{plain}" if library not in {"", "aten", "prim"} else plain
        label = f"{plain}_{len(self._builder.ops)}"
        outputs = [(f"{label}.{place}" if wanted > 1 else label, None, None) for place in range(min(wanted, 64))]
        made = self._builder.op(kind, inputs, outputs, attributes, self._scope, label)
        return [Flow(tensor) for tensor in made] if wanted > 1 else Flow(made[0])
