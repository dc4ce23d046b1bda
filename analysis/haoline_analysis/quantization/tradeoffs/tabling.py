"""From what was measured to the table of variants."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.tradeoffs.choosing import best_db, choose, front, with_default
from haoline_analysis.quantization.tradeoffs.variants_result import FLOAT, Variants

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.quantization.quantizers import QuantizedModel
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome


@dataclass
class Made:
    """What is finished so far."""

    models: dict[str, QuantizedModel] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    complete: bool = True


def float_outcome(pair: Outcome) -> Outcome:
    """The float model against itself."""
    return replace(
        pair,
        size_bytes=pair.float_bytes,
        cosine=1.0,
        cosine_min=1.0,
        sqnr_db=math.inf,
        top1=1.0 if not math.isnan(pair.top1) else math.nan,
        p50_us=pair.float_p50_us,
        p95_us=pair.float_p95_us,
        worst="",
    )


def result(name: str, made: Made, wanted: Constraint, notes: list[str]) -> Variants:
    """Everything that was finished, with a recommendation."""
    import pandas as pd

    quantized = {key: each for key, each in made.outcomes.items() if key != FLOAT}
    choice = choose(quantized, wanted)
    kept, _ = with_default(wanted)  # what the recommendation goes by
    best = best_db(quantized.values())
    order = [*([FLOAT] if FLOAT in made.outcomes else []), *quantized]
    beaten = front({key: made.outcomes[key] for key in order})
    rows = [_row(key, made, kept, best, key in beaten) for key in order]
    table: pd.DataFrame = pd.DataFrame(rows, columns=_COLUMNS).set_index("variant")
    return Variants(
        name=name,
        table=table,
        models=made.models,
        failed=made.failed,
        front=tuple(beaten),
        recommended=choice.name,
        why=choice.why,
        constraint=wanted,
        complete=made.complete,
        notes=tuple(notes),
    )


_FIGURES = ("size_bytes", "size_share", "cosine", "cosine_min", "sqnr_db", "top1", "p50_us", "p95_us", "latency_share")
_COLUMNS = ["variant", "scheme", *_FIGURES, "front", "meets", "breaks", "note"]


def _row(name: str, made: Made, wanted: Constraint, best: float, beaten: bool) -> dict[str, Any]:
    outcome = made.outcomes[name]
    broken = wanted.failures(outcome, best)
    model = made.models.get(name)
    return {
        "variant": name,
        "scheme": "" if model is None else model.recipe.scheme,
        **{figure: float(getattr(outcome, figure)) for figure in _FIGURES},
        "front": beaten,
        "meets": not broken,
        "breaks": "; ".join(broken),
        "note": "" if model is None else " ".join(model.notes),
    }
