"""Moves what an exporter computed once for all blocks out of the block it happened to be traced in.

Exporters merge equal computations: the attention mask or the rotary angles of every layer end up in the first
layer alone, which then differs from its twins and would be drawn apart from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op
    from haoline_analysis.structure.tree import ScopeTree

MIN_READERS = 2
"""Other blocks that read a value before it is taken to be common property."""

MAX_OPS = 24
"""Ops that may be moved for one value; more than this is a block's real work."""

MAX_WEIGHT = 1024
"""Elements of the largest constant that common computation may read: more is a layer."""


def hoist_common(model: Model, tree: ScopeTree, op_scope: list[int]) -> None:
    """Move ops whose result several numbered siblings read to the scope around them; changes ``op_scope``."""
    blocks = _blocks(tree)
    for tensor in model.tensors:
        if len(tensor.consumers) > MIN_READERS and tensor.producer >= 0:
            block = blocks[op_scope[tensor.producer]]
            if block > 0 and _readers(block, tensor.consumers, blocks, op_scope, tree) >= MIN_READERS:
                for index in _common_work(model, tensor.producer, block, blocks, op_scope):
                    op_scope[index] = tree.parents[block]


def _blocks(tree: ScopeTree) -> list[int]:
    """The nearest numbered scope around each scope, itself included; 0 where there is none.

    One entry more, for the -1 of ops without a scope.
    """
    blocks = [0] * (len(tree) + 1)
    for scope in range(1, len(tree)):
        numbered = tree.paths[scope][-1:].isdecimal()
        blocks[scope] = scope if numbered else blocks[tree.parents[scope]]
    return blocks


def _readers(block: int, consumers: list[int], blocks: list[int], op_scope: list[int], tree: ScopeTree) -> int:
    """How many siblings of a block read a value of it."""
    around = tree.parents[block]
    readers = {_sibling(blocks[op_scope[index]], around, blocks, tree) for index in consumers}
    return len(readers - {0, block})


def _sibling(block: int, around: int, blocks: list[int], tree: ScopeTree) -> int:
    """The block directly inside ``around`` that a block is or lies in; 0 where there is none."""
    while block > 0 and tree.parents[block] != around:
        block = blocks[tree.parents[block]]
    return block


def _common_work(model: Model, op: int, block: int, blocks: list[int], op_scope: list[int]) -> set[int]:
    """The op and what it rests on inside its block; nothing where that is more than preparation."""
    found, waiting = {op}, [op]
    while waiting:
        current = model.ops[waiting.pop()]
        if len(found) > MAX_OPS or current.bodies or _is_layer(model, current):
            return set()
        for tensor in current.inputs:
            producer = model.tensors[tensor].producer if tensor >= 0 else -1
            if producer >= 0 and producer not in found and blocks[op_scope[producer]] == block:
                found.add(producer)
                waiting.append(producer)
    return found


def _is_layer(model: Model, op: Op) -> bool:
    """Whether an op reads a constant of the size of learned weights."""
    weights = (model.tensors[tensor].weight for tensor in op.inputs if tensor >= 0)
    return any(weight is not None and weight.elements > MAX_WEIGHT for weight in weights)
