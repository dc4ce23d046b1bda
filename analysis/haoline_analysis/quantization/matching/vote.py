"""What the numbers say where structure does not: tensors of both models on the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.deployed.sessions import Fixed
from haoline_analysis.quantization.matching.choosing import choose
from haoline_analysis.quantization.matching.orders import orders, turning
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.wire import Changes, changed, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.deployed import Deployed
    from haoline_analysis.quantization.matching.choosing import Choice
    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Graph
    from haoline_analysis.quantization.matching.orders import Order
    from haoline_analysis.runtime.source import ModelSource

ALIKE = 0.9
"""Likeness from which on two tensors may be one: 1 less the energy of their difference as a share of both spreads."""
MARGIN = 0.03
"""How much less alike the next best has to be, or 0.9 of what is left to 1 where that is less."""
FEWEST = 16
"""Elements below which likeness says nothing."""
_SAMPLED = 1 << 14
"""Elements of a tensor that are looked at."""


class Open(NamedTuple):
    """A value of the running graph that nothing is known of, and how to read it."""

    value: int
    choice: Choice


class Turned(NamedTuple):
    """A value of the running graph in another order of axes; None: in its own."""

    value: int
    order: Order | None


def vote(
    engine: Engine,
    deployed: Deployed,
    names_in: Mapping[str, str],
    missing: Sequence[int],
    feeds: Sequence[Mapping[str, np.ndarray]],
    float_values: Sequence[Mapping[str, np.ndarray]] | None,
    source: ModelSource | None,
    *,
    turned: bool = False,
) -> bool:
    """State what unknown values of the running graph mean, as far as their numbers leave no doubt.

    Args:
        engine: what is known.
        deployed: the running variant.
        names_in: the float model's input names -> the variant's.
        missing: tensors of the float model without a counterpart.
        feeds: samples, by the float model's input names.
        float_values: its tensors on them, by name; None: they are computed here.
        source: where its bytes are; None: where it was opened from.
        turned: look at values in orders of axes that the float model's transposes lead to. Nothing else may be
            inferred of what is found so.

    Returns:
        Whether anything new was found.

    Raises:
        ModelError: if one of the models fails.
    """
    unknown, known = _unknown(engine), orders(engine.f.model)
    if turned:
        unknown = [item for item in unknown if _may_turn(engine, item, known, missing)]
    if not unknown or not missing or not feeds:
        return False
    sample = feeds[0]
    rivals = [tensor for tensor in _floats(engine) if tensor >= 0]
    values = float_values[0] if float_values else None
    source = source or _opened_from(engine.f.model)
    if source is None and values is None:
        return False
    floats = _signatures_of_floats(engine.f.model, rivals, sample, values, source)
    there = {names_in.get(name, name): array for name, array in sample.items()}
    wanted = {floats[tensor][0] for tensor in missing if tensor in floats}

    def asked(shape: tuple[int, ...]) -> Sequence[Order | None]:
        return turning(shape, known, wanted) if turned else (None,)

    variant = _signatures_of_variant(engine, deployed, unknown, there, asked)
    return _decide(engine, floats, variant, set(missing))


def _opened_from(model: Model) -> ModelSource | None:
    """Where a model's bytes are; None where it was opened from memory."""
    return None if model.path is None else source_of(model)[0]


def _unknown(engine: Engine) -> list[Open]:
    found = []
    for value, held in enumerate(engine.v.values):
        if value in engine.means or held.fixed or held.op < 0:
            continue
        choice = choose(engine.v, [value])
        if choice is not None and not choice.blocked:
            found.append(Open(value, choice))
    return found


def _may_turn(engine: Engine, item: Open, known: Sequence[Order], missing: Sequence[int]) -> bool:
    """Whether one of the known orders may bring a value into the shape of something missing."""
    shape, wanted = engine.v.shapes[item.choice.tensor], [engine.f.shapes[tensor] for tensor in missing]
    if shape is None or None in shape or any(other is None or None in other for other in wanted):
        return bool(known)  # it takes a run to tell
    return bool(turning(shape, known, wanted))


def _floats(engine: Engine) -> list[int]:
    """One tensor for each value of the float graph that varies."""
    return [held.members[0] for held in engine.f.values if held.members and not held.fixed and held.op >= 0]


Signature = tuple[tuple[int, ...], "NDArray[np.float64]"]
"""Shape, and some elements."""


def _signature(array: np.ndarray) -> Signature | None:
    """What is compared of a tensor; None for one of few elements, without spread or with values that are not finite."""
    if array.size < FEWEST or array.dtype.kind not in "fiub":
        return None
    step = max(1, array.size // _SAMPLED)
    part = np.ascontiguousarray(array).reshape(-1)[::step].astype(np.float64)
    spread = part.std() if np.all(np.isfinite(part)) else 0.0
    return (array.shape, part) if 0 < spread < np.inf else None


def _signatures_of_floats(
    model: Model,
    tensors: Sequence[int],
    sample: Mapping[str, np.ndarray],
    values: Mapping[str, np.ndarray] | None,
    source: ModelSource | None,
) -> dict[int, Signature]:
    names = {model.tensors[tensor].name: tensor for tensor in tensors}
    given = {name: array for name, array in (values or {}).items() if name in names}
    found = {names[name]: _signature(array) for name, array in given.items()}
    rest = [name for name in names if name not in given]
    if rest and source is not None:
        with source.buffer() as buf:
            data = changed(buf, scan(buf), Changes(outputs=[name.encode() for name in rest]))
        session = Fixed(source, data, "cpu")
        found |= {names[name]: _signature(array) for name, array in _run(session.ort, sample, rest)}
    return {tensor: signature for tensor, signature in found.items() if signature is not None}


def _signatures_of_variant(
    engine: Engine,
    deployed: Deployed,
    unknown: Sequence[Open],
    sample: Mapping[str, np.ndarray],
    asked: Callable[[tuple[int, ...]], Sequence[Order | None]],
) -> dict[Turned, Signature]:
    """Signatures in the orders of axes that are asked for of a shape."""
    model = engine.v.model
    names = {model.tensors[item.choice.tensor].name: item for item in unknown}
    session = deployed.capturing(names)
    found: dict[Turned, Signature] = {}
    for name, array in _run(session.ort, sample, list(names)):
        value, choice = names[name]
        reals = array if choice.form is None else choice.form.dequantize(array)
        reals = reals if choice.transpose is None else reals.transpose(choice.transpose)
        for order in asked(reals.shape):
            signature = _signature(reals if order is None else reals.transpose(order))
            if signature is not None:
                found[Turned(value, order)] = signature
    return found


def _run(session: object, sample: Mapping[str, np.ndarray], names: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    try:
        results = session.run(list(names), dict(sample))  # type: ignore[attr-defined]
    except Exception as error:
        raise ModelError(f"The models cannot be compared by their values: {error}") from error
    return [(name, array) for name, array in zip(names, results, strict=True) if isinstance(array, np.ndarray)]


def _decide(
    engine: Engine, floats: Mapping[int, Signature], variant: Mapping[Turned, Signature], missing: set[int]
) -> bool:
    """Pair what is like each other and like nothing else."""
    wanted = {engine.f.of[tensor] for tensor in missing}
    news = False
    for shape in {signature[0] for signature in variant.values()}:
        rows = [tensor for tensor, signature in floats.items() if signature[0] == shape]
        columns = [column for column, signature in variant.items() if signature[0] == shape]
        if not rows or not columns:
            continue
        table = _likeness([floats[row][1] for row in rows], [variant[column][1] for column in columns])
        does = [_family(engine.f, engine.f.of[row]) for row in rows]
        for i, j in _clear(table, does, [_family(engine.v, column.value) for column in columns]):
            meaning, (value, order) = engine.f.of[rows[i]], columns[j]
            if meaning in wanted and engine.state(value, meaning, "values"):
                news = True
                if order is not None:
                    engine.turned[value] = order
    return news


def _family(graph: Graph, value: int) -> str:
    """What computes a value."""
    node = graph.producer(value)
    return "" if node is None else node.family


def _likeness(some: Sequence[NDArray[np.float64]], others: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """1 for equal tensors, 0 and less for unrelated ones; [some, others]. Scale and offset make a difference."""
    one, other = np.stack(some), np.stack(others)
    spread = one.var(1)[:, None] + other.var(1)[None, :]
    squares = (one**2).mean(1)[:, None] + (other**2).mean(1)[None, :]
    with np.errstate(all="ignore"):
        found: NDArray[np.float64] = 1 - (squares - 2 * (one @ other.T) / one.shape[1]) / spread
    return np.nan_to_num(found, nan=-1.0)


def _clear(table: NDArray[np.float64], does: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Each other's best by a margin; of several equally good ones the only pair that the same operation computes."""
    found = []
    for j in range(table.shape[1]):
        near = _near(table[:, j])
        i = _chosen(near, does, other[j])
        if i >= 0 and _chosen(_near(table[i]), other, does[i]) == j:
            found.append((i, j))
    return found


def _near(likeness: NDArray[np.float64]) -> list[int]:
    """The best, with all that are not clearly worse; none where the best is not good enough."""
    best = float(likeness.max(initial=-1.0))
    if best < ALIKE:
        return []
    return [int(at) for at in np.flatnonzero(best - likeness < np.minimum(MARGIN, (1 - likeness) * 0.9 + 1e-12))]


def _chosen(near: Sequence[int], does: Sequence[str], family: str) -> int:
    """The one that is near, or the one of them that does the same; -1 where that leaves it open."""
    if len(near) > 1:
        near = [at for at in near if does[at] == family]
    return near[0] if len(near) == 1 else -1
