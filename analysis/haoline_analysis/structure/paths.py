"""Where an op says it belongs: exporter metadata first, then its name.

A path is its innermost part, linked to the parts around it. Parts are memoised by the text
they come from, so that 25,000 ops with a few thousand modules parse each module once. Texts
come from the file and are bounded: one that is too long or too deep says nothing.
"""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Op

MAX_TEXT = 8192
MAX_PARTS = 48
TORCH_SCOPES = "pkg.torch.onnx.name_scopes"
TORCH_CLASSES = "pkg.torch.onnx.class_hierarchy"
TORCH_NAMESPACE = "namespace"
UNSCOPED = "_empty_nn_module_stack_from_metadata_hook"
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")


class PathPart:
    """One step of a module path: what it is called, in full and in short, its class, and the step around it."""

    __slots__ = ("above", "class_name", "depth", "name", "path", "scope")

    def __init__(self, name: str, path: str, above: PathPart | None = None, class_name: str | None = None) -> None:
        """A part below ``above``; None: the outermost."""
        self.name = name
        self.path = path
        self.above = above
        self.class_name = class_name
        self.depth: int = above.depth + 1 if above is not None else 1
        self.scope = -1  # row in the tree, once it has one

    def chain(self) -> list[PathPart]:
        """All parts, outermost first."""
        parts: list[PathPart] = []
        part: PathPart | None = self
        while part is not None:
            parts.append(part)
            part = part.above
        return parts[::-1]


class PathReader:
    """Reads the module path of ops; remembers every part it has parsed."""

    def __init__(self, ops: list[Op]) -> None:
        """Args: ops: all of them, so that an op called ``a/Sub`` is not taken for a module."""
        self._ops = ops
        self._exported: dict[str, PathPart | None] = {}
        self._modules: dict[tuple[str, ...], PathPart] = {}
        self._named: dict[str, PathPart | None] = {}

    def exported(self, op: Op) -> PathPart | None:
        """The innermost module the torch exporter recorded; its path begins with the root, called "".

        None where it recorded none.
        """
        text = op.metadata.get(TORCH_SCOPES)
        if text:
            prefix = text[: text.rfind(", ")]
            if prefix in self._exported:
                return self._exported[prefix]
            scopes, classes = strings(text), strings(op.metadata.get(TORCH_CLASSES, ""))
        else:
            text = op.metadata.get(TORCH_NAMESPACE)
            if not text or len(text) > MAX_TEXT:
                return None
            prefix = text[: text.rfind("/") + 1]
            if prefix in self._exported:
                return self._exported[prefix]
            pairs = [part.partition(": ") for part in text.split("/")]
            scopes, classes = [name for name, _, _ in pairs], [kind for _, _, kind in pairs]
        found = self._exported[prefix] = self._nested(scopes[:-1], classes)
        return found

    def _nested(self, scopes: list[str], classes: list[str]) -> PathPart | None:
        """Full dotted module names as a path; the last name of an exporter's list, the op itself, is left out."""
        if not scopes or len(scopes) > MAX_PARTS or UNSCOPED in scopes:
            return None
        if len(classes) != len(scopes) + 1:
            classes = [""] * len(scopes)
        if scopes[0]:
            scopes, classes = ["", *scopes], ["", *classes]
        return self._module(tuple(scopes), classes)

    def _module(self, scopes: tuple[str, ...], classes: list[str]) -> PathPart:
        found = self._modules.get(scopes)
        if found is None:
            above = self._module(scopes[:-1], classes) if len(scopes) > 1 else None
            found = _below(above, scopes[-1], classes[len(scopes) - 1] or None)
            self._modules[scopes] = found
        return found

    def named(self, name: str) -> PathPart | None:
        """The module in a hierarchical op name (``/layers.0/attn/MatMul``, ``layers.0.attn.q``); None: a flat name."""
        prefix, slash, _ = name.rpartition("/")
        if not slash:
            prefix, dot, _ = name.rpartition(".")
            if not dot:
                return None
        if prefix in self._named:
            return self._named[prefix]
        found = self._named[prefix] = self._slashed(prefix) if slash else _dotted(prefix, name)
        return found

    @cached_property
    def _op_names(self) -> set[str]:
        return {op.name for op in self._ops}

    def _slashed(self, prefix: str) -> PathPart | None:
        while prefix in self._op_names:
            prefix = prefix.rpartition("/")[0]
        return path_of(prefix, "/", self._named)


def _dotted(prefix: str, name: str) -> PathPart | None:
    return path_of(prefix, ".") if len(name) <= MAX_TEXT and DOTTED.fullmatch(name) else None


def path_of(text: str, separator: str, known: dict[str, PathPart | None] | None = None) -> PathPart | None:
    """Path of a module name; a bare number joins the part before it, so that the blocks of a list are siblings.

    ``known`` remembers paths by text. None where nothing is left, or too much.
    """
    if len(text) > MAX_TEXT or text.count(separator) >= MAX_PARTS:
        return None
    parts = text.split(separator)
    found: PathPart | None = None
    done = ""
    for index, part in enumerate(parts):
        done = f"{done}{separator}{part}" if index else part
        seen = known.get(done) if known is not None else None
        found = seen or _step(found, part, separator)
        if known is not None and found is not None:
            known[done] = found
    return found


def _step(above: PathPart | None, part: str, separator: str) -> PathPart | None:
    if not part:
        return above
    if part.isdigit() and above is not None:
        return PathPart(f"{above.name}.{part}", f"{above.path}.{part}", above.above)
    return PathPart(part, f"{above.path}{separator}{part}" if above is not None else part, above)


def _below(above: PathPart | None, full: str, class_name: str | None) -> PathPart:
    """A module by its full dotted name; what does not lie below the module around it is put there."""
    if above is None or not above.path:
        return PathPart(full, full, above, class_name)
    prefix = f"{above.path}."
    if full.startswith(prefix):
        return PathPart(full[len(prefix) :], full, above, class_name)
    return PathPart(full, prefix + full, above, class_name)


def strings(text: str) -> list[str]:
    """A Python-repr list of strings; empty for anything else."""
    if len(text) > MAX_TEXT:
        return []
    if text[:2] == "['" and text[-2:] == "']" and '"' not in text and "\\" not in text:
        return text[2:-2].split("', '")  # what every exporter writes; the parser is for the rest
    if not text.startswith("[") or text.count("[") > 1 + text.count("'"):
        return []
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
