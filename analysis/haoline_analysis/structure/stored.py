"""The module tree of a checkpoint, from the names of its weights.

A number joins the list it counts (``layers.0``). A module that holds nothing but its own weights
(``q_proj.weight``, ``q_proj.bias``) is no scope. The flat names of GGUF blocks (``blk.0.attn_q.weight``) are
grouped by role where a block has enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.roles import role
from haoline_analysis.structure.scopes import Scopes
from haoline_analysis.structure.stored_order import split_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model, Op

MAX_DEPTH = 40
"""Parts of a name below which all belongs to one scope: names come from files."""
CROWDED_BLOCK = 6
"""Weights of a block from which on those of one role make a group."""
_GROUPED = {
    "attention": "attention",
    "feed_forward": "feed_forward",
    "expert": "feed_forward",
    "router": "feed_forward",
    "state_space": "state_space",
}
_BLOCKS = ("blk", "enc.blk", "dec.blk", "v.blk", "a.blk")


class _Group(str):
    """The name of a group that the file does not name."""

    __slots__ = ()


@dataclass(slots=True)
class _Node:
    """A module while the tree grows."""

    name: str
    path: str
    children: dict[str, _Node] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    is_layer: bool = True  # holds nothing but its own weights

    def child(self, name: str) -> _Node:
        found = self.children.get(name)
        if found is None:
            path = f"{self.path}.{name}" if self.path else name
            found = self.children[name] = _Node(name, path)
            self.is_layer = False
        return found


def stored_scopes(model: Model) -> Scopes:
    """The module tree of a model that holds weights; its rows must be in reading order."""
    root = _Node(model.name, "")
    for row, op in enumerate(model.ops):
        node = root
        for part in _module(op.name):
            node = node.child(part)
        node.rows.append(row)
    _simplify(root)
    return _listed(root, model)


def _module(name: str) -> list[str]:
    """The modules around a weight, its own layer included; what the weight is called in it is left out."""
    parts = split_name(name)[:MAX_DEPTH]
    modules = parts[:-1]
    if len(modules) >= 2 and ".".join(modules[:-2]) in _BLOCKS and modules[-2].isdecimal():
        group = _GROUPED.get(_block_role(modules[-1]))
        return [*modules[:-1], _Group(group), modules[-1]] if group else modules
    return modules


def _block_role(layer: str) -> str:
    """The role of a GGUF layer; its norm goes where it normalises."""
    for prefix, name in (("attn", "attention"), ("ffn", "feed_forward"), ("ssm", "state_space")):
        if layer.startswith(prefix):
            return name
    return role(layer)


def _simplify(node: _Node) -> None:
    """Dissolve layers, lists and chains, from the leaves up."""
    for child in node.children.values():
        _simplify(child)
    made: dict[str, _Node] = {}
    for child in node.children.values():
        if isinstance(child.name, _Group):
            made[child.path] = child
        elif child.is_layer:
            node.rows += child.rows
        elif _is_list(child):
            made |= {item.path: _renamed(item, f"{child.name}.{item.name}") for item in child.children.values()}
        else:
            made[child.path] = _lifted(child)
    node.children = made
    node.rows.sort()
    groups = [child for child in made.values() if isinstance(child.name, _Group)]
    if groups and len(node.rows) + sum(len(child.rows) for child in groups) < CROWDED_BLOCK:
        for child in groups:
            node.rows += child.rows
            del made[child.path]
        node.rows.sort()


def _is_list(node: _Node) -> bool:
    """Whether a module does nothing but count others."""
    counting = bool(node.children) and all(child.name.isdecimal() for child in node.children.values())
    return counting and not node.rows and not node.name.isdecimal()


def _renamed(node: _Node, name: str) -> _Node:
    node.name = name
    return node


def _lifted(node: _Node) -> _Node:
    """A module that holds nothing but one other is told with it."""
    if node.rows or len(node.children) != 1:
        return node
    only = next(iter(node.children.values()))
    return _renamed(only, f"{node.name}.{only.name}")


def _first(node: _Node) -> int:
    """The first row in a subtree."""
    return min([*node.rows[:1], *(_first(child) for child in node.children.values())], default=1 << 60)


def _listed(root: _Node, model: Model) -> Scopes:
    """The tree as lists, parents before children, siblings by their first weight."""
    nodes: list[_Node] = []
    parents: list[int] = []
    op_scope = np.zeros(len(model.ops), np.int32)
    stack = [(root, -1)]
    while stack:
        node, parent = stack.pop()
        here = len(nodes)
        nodes.append(node)
        parents.append(parent)
        op_scope[node.rows] = here
        below = sorted(node.children.values(), key=_first, reverse=True)
        stack += [(child, here) for child in below]
    return Scopes(
        path=[node.path for node in nodes],
        name=[str(node.name) for node in nodes],
        parent=np.asarray(parents, np.int32),
        class_name=[None] * len(nodes),
        structure=_classes(nodes, parents, model),
        op_scope=op_scope,
        source="names" if len(nodes) > 1 else "none",
    )


def _classes(nodes: Sequence[_Node], parents: Sequence[int], model: Model) -> np.ndarray:
    """Class per scope: equal where the weights have the same names, types and shapes, and so have those below."""
    below: list[list[int]] = [[] for _ in nodes]
    classes = [0] * len(nodes)
    known: dict[tuple[object, ...], int] = {}
    for scope in range(len(nodes) - 1, -1, -1):  # children follow their parents
        held = tuple(_look(model, model.ops[row]) for row in nodes[scope].rows)
        inner = tuple((_unnumbered(nodes[child].name), classes[child]) for child in reversed(below[scope]))
        classes[scope] = known.setdefault((held, inner), len(known))
        if parents[scope] >= 0:
            below[parents[scope]].append(scope)
    return np.asarray(classes, np.int32)


def _unnumbered(name: str) -> str:
    return ".".join("#" if part.isdecimal() else part for part in name.split("."))


def _look(model: Model, op: Op) -> tuple[object, ...]:
    """What makes two weights look the same: their own names, types, shapes and packing."""
    parts: list[object] = [op.type, _unnumbered(".".join(split_name(op.name)[-2:]))]
    for tensor in op.inputs:
        weight = model.tensors[tensor].weight
        if weight is not None:
            parts += [weight.dtype, weight.shape, weight.packing.text if weight.packing else None]
    return tuple(parts)
