"""Why a tensor of the float model is not in the running variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.matching.families import ACTIVATIONS, MOVING, same_kind

if TYPE_CHECKING:
    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Node

NONE = "no counterpart"
HELD = "its counterpart is in a layout that cannot be read"
_LEFT_OUT = "left out: "
_MOST = 64


def fused_away(engine: Engine) -> dict[int, str]:
    """Values of the float graph that lie inside of what the variant's graph does in one op, with the reason."""
    found: dict[int, str] = {}
    known = set(engine.means.values())
    for node in engine.v.nodes.values():
        _padded(engine, node, known, found)
        if not _may_fuse(engine, node):
            continue
        starts = {engine.means[value] for value in node.operands if value in engine.means}
        if node.row in engine.pairs and not engine.fusions.loose(node):
            starts.update(engine.f.nodes[engine.pairs[node.row]].operands)
        for meaning in {engine.means[value] for value in node.outputs if value in engine.means} - starts:
            for inside in _between(engine, meaning, starts, known):
                found.setdefault(inside, _into(engine, node))
    _folded(engine, found)
    _reshaped(engine, known, found)
    return found


def _padded(engine: Engine, node: Node, known: set[int], found: dict[int, str]) -> None:
    """A margin that an op of the variant adds itself."""
    row = engine.pairs.get(node.row)
    data = engine.f.nodes[row].operands[0] if row is not None and node.operands else -1
    made = engine.f.producer(data)
    inside = made is not None and made.family == "Pad" and made.operands[0] == engine.means.get(node.operands[0])
    if inside and data not in known:
        found.setdefault(data, _into(engine, node))


def _reshaped(engine: Engine, known: set[int], found: dict[int, str]) -> None:
    """What only puts known elements into another shape or order, where the variant's graph does without."""
    for node in engine.f.nodes.values():
        if node.family in MOVING and node.operands[0] in known:
            _leave_out(engine, node, known, found)


def follow(engine: Engine, found: dict[int, str]) -> None:
    """Add what moves elements on that were left out on the way, where nothing else is known of it."""
    known = set(engine.means.values())
    for node in engine.f.nodes.values():
        if node.family in MOVING and found.get(node.operands[0], "").startswith(_LEFT_OUT):
            _leave_out(engine, node, known, found)


def _leave_out(engine: Engine, node: Node, known: set[int], found: dict[int, str]) -> None:
    for value in node.outputs:
        if value >= 0 and value not in known:
            found.setdefault(value, f"{_LEFT_OUT}{engine.f.op(node).type} moves elements only")


def _folded(engine: Engine, found: dict[int, str]) -> None:
    """Activations that a quantizer does by the end of its grid."""
    for value, held in enumerate(engine.v.values):
        meaning = engine.means.get(value, -1)
        made = engine.f.producer(meaning) if held.rectified >= 0 else None
        if made is not None and made.family in ACTIVATIONS and made.operands[0] != meaning:
            name = engine.f.op(made).name
            found[made.operands[0]] = f"folded into the quantizer of {name}"


def _may_fuse(engine: Engine, node: Node) -> bool:
    """Whether a node does more than the float op that makes what it makes, all that it works on being known.

    An addition is paired with the convolution that it gives a bias: they are one op there.
    """
    if node.row in engine.pairs and not same_kind(node.family, engine.f.nodes[engine.pairs[node.row]].family):
        return True
    if any(value >= 0 and not _is_known(engine, value) for value in node.operands):
        return False
    if engine.fusions.loose(node):
        return True
    meanings = [engine.means[value] for value in node.outputs if value in engine.means]
    made = [engine.f.producer(meaning) for meaning in meanings]
    return any(other is not None and other.family != node.family for other in made)


def _is_known(engine: Engine, value: int) -> bool:
    """Whether a value of the variant has a meaning, or has it but for a bias."""
    return value in engine.means or value in engine.fusions.biasless or engine.v.values[value].fixed


def _into(engine: Engine, node: Node) -> str:
    return f"fused into {engine.v.op(node).type}"


def _between(engine: Engine, end: int, starts: set[int], known: set[int]) -> set[int]:
    """Values on the way back from ``end`` to known ones; none where the way leads to the inputs instead."""
    found: set[int] = set()
    pending = [end]
    while pending:
        node = engine.f.producer(pending.pop())
        if node is None:
            return set()
        for value in node.operands:
            if value < 0 or value in found or value in known or engine.f.values[value].fixed:
                continue
            if value in starts:
                continue
            found.add(value)
            pending.append(value)
            if len(found) > _MOST:
                return set()
    return found
