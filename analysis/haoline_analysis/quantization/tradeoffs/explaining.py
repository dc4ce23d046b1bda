"""The result of a search in words and tables."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.workplace import temporary_path
from haoline_analysis.quantization.tradeoffs.choosing import speed
from haoline_analysis.quantization.tradeoffs.constraints import show
from haoline_analysis.quantization.tradeoffs.mixed_result import MixedPrecision

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.quantization.tradeoffs.building import Builder, Step
    from haoline_analysis.quantization.tradeoffs.mixed import Found
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome

_SAME = "Judged on the calibration data itself: pass inputs=… that were held out."
_SLOW = 1.05


def explained(builder: Builder, found: Found, assumed: str, *, complete: bool) -> MixedPrecision:
    """Everything that was built, the best of it chosen."""
    best = builder.best()
    place = builder.output or temporary_path(f"{Path(builder.source.label).stem}.mixed.onnx")
    model = replace(best.model, path=best.model.save(place))
    return MixedPrecision(
        name=builder.opened.name,
        model=model,
        met=best.meets,
        why=_why(builder, best, assumed),
        outcome=best.outcome,
        steps=_steps(builder.steps),
        alternatives=_alternatives(builder),
        sensitivity=found.sensitivity,
        constraint=builder.wanted,
        islands=tuple(found.islands),
        notes=tuple(_notes(builder, found, complete=complete)),
        complete=complete,
    )


def _steps(steps: list[Step]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_row(step) for step in steps])


def _row(step: Step) -> dict[str, Any]:
    outcome, told = step.outcome, step.prediction
    return {
        "step": step.name,
        "float_ops": len(step.keep_float),
        "int16_ops": len(step.int16),
        "predicted_db": math.nan if told is None else told.sqnr_db,
        "predicted_cosine": math.nan if told is None else told.cosine,
        "predicted_us": step.predicted_us,
        "sqnr_db": outcome.sqnr_db,
        "cosine": outcome.cosine,
        "size_bytes": outcome.size_bytes,
        "size_share": outcome.size_share,
        "p50_us": outcome.p50_us,
        "latency_share": outcome.latency_share,
        "meets": step.meets,
    }


def _alternatives(builder: Builder) -> pd.DataFrame:
    import pandas as pd

    rows = {name: _alternative(builder, each) for name, each in builder.others.items()}
    columns = ["size_bytes", "size_share", "cosine", "sqnr_db", "p50_us", "latency_share", "meets", "told"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _alternative(builder: Builder, found: Outcome | str) -> list[Any]:
    if isinstance(found, str):
        return [math.nan] * 6 + [False, f"failed: {found}"]
    meets = not builder.wanted.failures(found, found.sqnr_db)
    told = f"{_figures(found)}, {'meets' if meets else 'breaks'} the target"
    figures = (found.size_bytes, found.size_share, found.cosine, found.sqnr_db, found.p50_us, found.latency_share)
    return [*figures, meets, told]


def _figures(outcome: Outcome) -> str:
    parts = [
        f"cosine {show('cosine', outcome.cosine)}",
        f"SQNR {show('sqnr_db', outcome.sqnr_db)}",
        f"{outcome.size_share:.0%} of the size",
        *([] if math.isnan(outcome.latency_share) else [f"{speed(outcome.latency_share)} as the float model"]),
    ]
    return ", ".join(parts)


def _why(builder: Builder, best: Step, assumed: str) -> str:
    wanted = ", ".join(map(str, builder.wanted.terms)) or str(builder.wanted)
    kept = f"{len(best.keep_float)} ops kept float" if best.keep_float else "everything quantized"
    if best.int16:
        kept += f", {len(best.int16)} at 16 bits"
    if best.meets:
        return f"{kept[0].upper()}{kept[1:]} keeps {wanted}{assumed}: {_figures(best.outcome)}."
    broken = "; ".join(builder.wanted.failures(best.outcome, best.outcome.sqnr_db))
    return f"No build keeps {wanted}{assumed}. The closest, with {kept}, breaks {broken}: {_figures(best.outcome)}."


def _notes(builder: Builder, found: Found, *, complete: bool) -> list[str]:
    notes = [] if builder.held_out else [_SAME]
    if builder.samples.synthetic or builder.calibration.synthetic:
        notes.append("Synthetic inputs: accuracy on them says little.")
    if found.sensitivity is not None:
        notes += [found.sensitivity.check, *found.sensitivity.notes]
    notes += found.refused
    best = builder.best()
    faster = [n for n, o in builder.others.items() if not isinstance(o, str) and _better(builder, o, best.outcome)]
    if faster:
        notes.append(f"{' and '.join(faster)} keeps the target too and is faster here: consider it instead.")
    if best.outcome.latency_share > _SLOW:
        notes.append("It is slower than the float model on this machine: it only saves space.")
    if not complete:
        notes.append("Interrupted: this is the best of what was built by then.")
    return notes


def _better(builder: Builder, other: Outcome, own: Outcome) -> bool:
    return not builder.wanted.failures(other, other.sqnr_db) and other.latency_share * _SLOW < own.latency_share
