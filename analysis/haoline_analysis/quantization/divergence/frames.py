"""The frames of a comparison: a row per tensor, per op, per channel, per output, per sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from haoline_analysis.report.tensor_table import shape_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.divergence.outputs import Outputs
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.taking import Taken
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.samples import Samples

SEEN = ("sqnr_db", "cosine", "mse", "max_abs", "relative")
OP_COLUMNS = (
    *("op_type", "category", "scope", "tensor", "matched", "how", "variant_op", "precision"),
    *("sqnr_db", "sqnr_min_db", "sqnr_std_db", "worst_sample", "cosine", "mse", "max_abs", "relative"),
    *("local_sqnr_db", "local_cosine", "local_mse", "weight_sqnr_db", "clipped", "unit"),
)
_NAN = float("nan")


def measured(pairs: Sequence[Pair], taken: Taken, exact: set[str], *, local: bool) -> pd.DataFrame:
    """What was measured of each pair, indexed by tensor."""
    seen, made, spread = taken.seen.totals(), taken.made.totals(), taken.seen.spread
    own = np.array([pair.name in exact for pair in pairs], bool) if local else np.zeros(len(pairs), bool)
    counts, elements = taken.seen.counts, np.maximum(taken.seen.elements, 1)
    gridded = np.array([pair.form is not None for pair in pairs], bool)
    some = taken.seen.elements > 0
    return pd.DataFrame(
        {
            "sqnr_db": seen.sqnr_db,
            "sqnr_min_db": np.where(spread.worst >= 0, spread.least, np.where(seen.exact, np.inf, _NAN)),
            "sqnr_std_db": spread.deviation,
            "worst_sample": pd.array(np.where(spread.worst >= 0, spread.worst, -1)),
            "cosine": seen.cosine,
            "mse": seen.mse,
            "max_abs": seen.max_abs,
            "relative": seen.relative,
            "exact": seen.exact,
            "local_sqnr_db": np.where(own, np.inf, made.sqnr_db),
            "local_cosine": np.where(own, 1.0, made.cosine),
            "local_mse": np.where(own, 0.0, made.mse),
            "local_max_abs": np.where(own, 0.0, made.max_abs),
            "local_exact": own | made.exact,
            "clipped": np.where(gridded & some, counts[:, 1] / elements, _NAN),
            "odd": np.where(some, counts[:, 0], 0),
        },
        index=pd.Index([pair.name for pair in pairs], dtype=object, name="tensor"),
    )


def tensor_frame(
    model: Model,
    pairs: Sequence[Pair],
    found: pd.DataFrame,
    told: Mapping[str, Mapping[str, Any]],
    whys: Mapping[int, str],
) -> pd.DataFrame:
    """One row per comparable tensor in execution order.

    Args:
        model: the float model.
        pairs: tensors that were matched.
        found: what was measured of them.
        told: by column, what else is known of a pair, by tensor name.
        whys: the others, and why.
    """
    matched = {pair.tensor: pair for pair in pairs}
    rows: list[dict[str, Any]] = []
    order = sorted({*matched, *whys}, key=lambda at: (model.tensors[at].producer, at))
    for at in order:
        tensor, pair = model.tensors[at], matched.get(at)
        op = model.ops[tensor.producer] if tensor.producer >= 0 else None
        row = {
            "row": at,
            "op_row": tensor.producer,
            "op": op.name if op is not None else None,
            "op_type": op.type if op is not None else None,
            "matched": pair is not None,
            "how": pair.how if pair is not None else "",
            "why": "" if pair is not None else whys[at],
            "captured": pair.captured if pair is not None else None,
            "variant_row": pair.variant_tensor if pair is not None else -1,
            "variant_op_row": pair.variant_op if pair is not None else -1,
        }
        rows.append(row | {column: values.get(tensor.name) for column, values in told.items()})
    index = pd.Index([model.tensors[at].name for at in order], dtype=object, name="tensor")
    frame = pd.DataFrame(rows, index=index)
    frame = frame[~frame.index.duplicated()]
    joined = frame.join(found)
    return joined.astype({"exact": "boolean", "local_exact": "boolean", "worst_sample": "Int64"})


def op_frame(tensors: pd.DataFrame, report: ModelReport) -> pd.DataFrame:
    """One row per op that makes a comparable tensor: of several, the one that is farthest off."""
    ops = report.tables["ops"]
    known = tensors[tensors["op_row"] >= 0]
    order = known.assign(_rank=known["sqnr_db"].fillna(np.inf)).sort_values(
        ["op_row", "matched", "_rank"], ascending=[True, False, True], kind="stable"
    )
    first = order[~order["op_row"].duplicated()]
    rows = first["op_row"].to_numpy()
    frame = first.reset_index()
    for name in ("category", "scope"):
        values = ops[name].values
        frame[name] = [_word(values[row]) for row in rows]
    frame.index = pd.Index(first["op"].to_numpy(), dtype=object, name="op")
    return frame[list(OP_COLUMNS)]


def _word(value: Any) -> Any:
    return value if isinstance(value, str) else None


def channel_frame(pairs: Sequence[Pair], taken: Taken, exact: set[str], *, local: bool) -> pd.DataFrame:
    """One row per channel, those of one tensor together."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("channel", *CHANNEL_FIGURES)}
    names: list[str] = []
    channels = taken.tally.channels()
    for slot, pair in enumerate(pairs):
        if not taken.seen.channelled(slot):
            continue
        seen, made = taken.seen.figures(slot, channels), taken.made.figures(slot, channels)
        count = len(seen.mse)
        names += [pair.name] * count
        none = np.full(count, np.inf if local and pair.name in exact else np.nan)
        parts["channel"].append(np.arange(count))
        parts["sqnr_db"].append(seen.sqnr_db)
        parts["local_sqnr_db"].append(made.sqnr_db if len(made.sqnr_db) == count and pair.name not in exact else none)
        parts["mse"].append(seen.mse)
        parts["max_abs"].append(seen.max_abs)
    columns = {name: np.concatenate(held) if held else np.zeros(0) for name, held in parts.items()}
    columns["channel"] = columns["channel"].astype(np.int64)
    return pd.DataFrame({"tensor": pd.Series(names, dtype=object), **columns})


CHANNEL_FIGURES = ("sqnr_db", "local_sqnr_db", "mse", "max_abs")


def output_frame(outputs: Outputs) -> pd.DataFrame:
    """One row per output of the model, indexed by name."""
    totals = outputs.tally.totals()
    told = list(outputs.told.values())
    columns: dict[str, Any] = {name: getattr(totals, name) for name in SEEN}
    columns["top1_agreement"] = [one.top1_agreement for one in told]
    columns["kl"] = [one.kl for one in told]
    columns["task"] = [one.task for one in told]
    return pd.DataFrame(columns, index=pd.Index(list(outputs.told), dtype=object, name="output"))


def sample_frame(outputs: Outputs, samples: Samples, done: int) -> pd.DataFrame:
    """One row per sample: the worst cosine and SQNR of its outputs."""
    rows = []
    for index in range(done):
        cosines = [one.cosine.get(index, _NAN) for one in outputs.told.values()]
        sqnrs = [one.sqnr_db.get(index, _NAN) for one in outputs.told.values()]
        rows.append((samples.label(index), _least(cosines), _least(sqnrs)))
    return pd.DataFrame(rows, columns=["label", "cosine", "sqnr_db"])


def _least(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return min(known, default=_NAN)


def unmatched_frame(tensors: pd.DataFrame) -> pd.DataFrame:
    """Tensors without a counterpart, and why."""
    alone = tensors[~tensors["matched"].astype(bool)]
    return alone.reset_index()[["tensor", "op", "why"]]


def shapes_of(pairs: Sequence[Pair], taken: Taken) -> dict[str, str]:
    """Shapes of float tensors in the first sample, as text."""
    return {pairs[slot].name: shape_text(shape) or "scalar" for slot, shape in taken.shapes.items()}
