"""What matching compares before and after it infers: inputs, outputs, stored operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.matching import blocked_names
from haoline_analysis.quantization.matching.families import ACTIVATIONS, CONTRACTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Graph, Node


def ports(float_model: Model, variant: Model) -> tuple[dict[str, str], dict[str, str]]:
    """Names of inputs and outputs of the float model, and what the variant calls them.

    By name; where names differ by position.

    Raises:
        ModelError: if there are not as many inputs, or their shapes differ in rank or size.
    """
    inputs = _paired(float_model, float_model.inputs, variant, variant.inputs, "inputs")
    outputs = _paired(float_model, float_model.outputs, variant, variant.outputs, "outputs")
    return inputs, outputs


def _paired(one: Model, rows: Sequence[int], other: Model, others: Sequence[int], what: str) -> dict[str, str]:
    mine, theirs = [one.tensors[row].name for row in rows], [other.tensors[row].name for row in others]
    if set(mine) != set(theirs) and len(mine) != len(theirs):
        raise ModelError(
            f"The models cannot be compared: the float model has the {what} {', '.join(mine) or 'none'}, "
            f"the variant {', '.join(theirs) or 'none'}."
        )
    named = dict(zip(mine, mine, strict=True)) if set(mine) == set(theirs) else {}
    found = named or dict(zip(mine, theirs, strict=True))
    for row in rows:
        name = one.tensors[row].name
        there = next(other.tensors[at].shape for at in others if other.tensors[at].name == found[name])
        if not _fits(one.tensors[row].shape, there):
            raise ModelError(
                f"The models cannot be compared: {what[:-1]} {name!r} has the shape {_text(one.tensors[row].shape)}, "
                f"the variant's {found[name]!r} {_text(there)}."
            )
    return found


def _fits(one: Sequence[object] | None, other: Sequence[object] | None) -> bool:
    if one is None or other is None:
        return True
    sizes = [(a, b) for a, b in zip(one, other, strict=False) if isinstance(a, int) and isinstance(b, int)]
    return len(one) == len(other) and all(a == b for a, b in sizes)


def _text(shape: Sequence[object] | None) -> str:
    return "unknown" if shape is None else "×".join("?" if dim is None else str(dim) for dim in shape) or "scalar"


def hand_over(raw: Engine, running: Engine) -> None:
    """Tell the engine of a variant that runs what is known of the same variant as it is given."""
    _anchor(raw, running)
    share(raw, running)


def share(one: Engine, other: Engine) -> None:
    """Tell an engine what tensors of the same names mean; onnxruntime keeps a name only for the same value."""
    known = {
        one.v.model.tensors[tensor].name: (one.means[value], one.how[value])
        for value, held in enumerate(one.v.values)
        if value in one.means
        for tensor in held.members
        if tensor not in one.v.unscaled
    }
    for value, held in enumerate(other.v.values):
        names = [other.v.model.tensors[tensor].name for tensor in held.members if tensor not in other.v.unscaled]
        found = [known[name] for name in names if name in known]
        if found:
            other.state(value, *_last(other, found))


def _anchor(raw: Engine, running: Engine) -> None:
    """Ops that alone read a constant of one name do the same: onnxruntime keeps the names of most of them."""
    mine, theirs = _by_constant(running.v), _by_constant(raw.v)
    for name, node in mine.items():
        other = theirs.get(name)
        if node is None or other is None or other.row not in raw.pairs or other.family != node.family:
            continue
        if node.family in CONTRACTIONS:
            running.anchors.setdefault(node.row, raw.pairs[other.row])
    blocked_names.anchor(running, raw)


def _by_constant(graph: Graph) -> dict[str, Node | None]:
    """The only node that reads each constant; None where there are several."""
    found: dict[str, Node | None] = {}
    for node in graph.nodes.values():
        for slot in node.slots:
            tensor = graph.model.tensors[graph.op(node).inputs[slot]] if graph.op(node).inputs[slot] >= 0 else None
            if tensor is not None and tensor.weight is not None:
                found[tensor.name] = None if tensor.name in found else node
    return found


def _last(engine: Engine, found: Sequence[tuple[int, str]]) -> tuple[int, str]:
    """The meaning that others become by an activation: onnxruntime may put a quantizer that clips before a name."""
    meant = {meaning for meaning, _ in found}
    for meaning, how in found:
        made = engine.f.producer(meaning)
        if made is not None and made.family in ACTIVATIONS and made.operands[0] in meant - {meaning}:
            return meaning, how
    return found[0]


def holders(engine: Engine) -> dict[int, list[int]]:
    """The variant's values that mean each of the float model's, in execution order."""
    found: dict[int, list[int]] = {}
    for value in sorted(engine.means):
        found.setdefault(engine.means[value], []).append(value)
    return found


def weights(engine: Engine) -> dict[tuple[int, int], tuple[int, int]]:
    """(op row, slot) of the float model's large stored operands -> those of paired ops of the variant."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for mine, row in engine.pairs.items():
        node, other = engine.v.nodes[mine], engine.f.nodes[row]
        for at, value in enumerate(node.operands):
            if at >= len(other.operands) or value < 0 or not engine.v.values[value].fixed:
                continue
            theirs = other.operands[at]
            if theirs >= 0 and engine.f.values[theirs].fixed and engine.agreement.alike(node, at, other, at):
                found.setdefault((row, other.slots[at]), (mine, node.slots[at]))
    return found
