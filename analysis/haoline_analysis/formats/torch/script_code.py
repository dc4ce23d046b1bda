"""The source code inside a TorchScript archive: classes and functions by name, parsed and never run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.torch.archive import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.formats.storage import Buffer
    from haoline_analysis.formats.torch.archive import Entry

MAX_FILE_BYTES = 1 << 24
MAX_CODE_BYTES = 1 << 26
"""Of all files together."""


@dataclass(slots=True, eq=False)
class Code:
    """What the source defines, by qualified name: ``__torch__.Net``."""

    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    _methods: dict[str, dict[str, ast.FunctionDef]] = field(default_factory=dict)

    def method(self, owner: str, name: str) -> ast.FunctionDef | None:
        """A method of a class."""
        if owner not in self._methods:
            found = self.classes.get(owner)
            parts = found.body if found is not None else []
            self._methods[owner] = {part.name: part for part in parts if isinstance(part, ast.FunctionDef)}
        return self._methods[owner].get(name)

    def names(self, owner: str, register: str) -> frozenset[str]:
        """Names in ``__parameters__`` or ``__buffers__`` of a class."""
        found = self.classes.get(owner)
        for part in found.body if found is not None else []:
            if (
                isinstance(part, ast.Assign)
                and isinstance(part.value, ast.List)
                and _is_name(part.targets[0], register)
            ):
                values = [item.value for item in part.value.elts if isinstance(item, ast.Constant)]
                return frozenset(value for value in values if isinstance(value, str))
        return frozenset()


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def read_code(buf: Buffer, entries: Mapping[str, Entry], root: str) -> Code:
    """Parse all source files of an archive.

    Raises:
        LimitError: if they are too large or nested too deeply.
        MalformedModelError: if one is no Python.
    """
    made, room = Code(), MAX_CODE_BYTES
    folder = f"{root}code/"
    for name, entry in entries.items():
        if not name.startswith(folder) or not name.endswith(".py"):
            continue
        room -= entry.size
        if room < 0:
            raise LimitError(f"the archive holds more than {MAX_CODE_BYTES:,} bytes of source code")
        module = name.removeprefix(folder).removesuffix(".py").replace("/", ".")
        for part in _parsed(unpack(buf, entry, MAX_FILE_BYTES), name).body:
            if isinstance(part, ast.ClassDef):
                made.classes[f"{module}.{part.name}"] = part
            elif isinstance(part, ast.FunctionDef):
                made.functions[f"{module}.{part.name}"] = part
    return made


def _parsed(data: bytes, name: str) -> ast.Module:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in somebody's strings
            return ast.parse(data.decode("utf-8"))
    except (RecursionError, MemoryError) as error:
        raise LimitError(f"{name} nests deeper than can be parsed") from error
    except (SyntaxError, ValueError) as error:
        raise MalformedModelError(f"{name} cannot be parsed: {error}") from error


def taken_apart(body: ast.FunctionDef) -> dict[str, int]:
    """Names that the function takes apart into several, and into how many."""
    return {
        node.value.id: len(node.targets[0].elts)
        for node in ast.walk(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Name)
    }


def raises(statements: Sequence[ast.stmt]) -> bool:
    """Whether a branch ends in an error."""
    return any(
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Call)
        and isinstance(part.value.func, ast.Attribute)
        and part.value.func.attr == "RaiseException"
        for part in statements
    )
