"""Readiness from 0 to 100, what takes it down, and the risk of each op.

Each finding takes a share of what the others leave: ``score = 100 × Π(1 − share)``. A share grows with severity and
with how much of the quantizable ops is concerned, so that neither one finding more, nor a graver one, nor one about
more ops can raise the score. Any error takes more than any warning, any warning more than any information.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.quantization.linter.finding import LintFinding

SHARES = {"error": 0.5, "warning": 0.24, "info": 0.01}
"""Taken by a finding that concerns the whole model; one that concerns next to nothing takes half as much."""
RISKS = {"error": 0.7, "warning": 0.35, "info": 0.05}
"""Added to the risk of an op by each finding that names it."""


Served = Mapping[int, Sequence[int]]
"""By row of a quantizer the ops whose values it rounds, which share what is found of it."""


def reach(finding: LintFinding, served: Served | None = None) -> set[int]:
    """The ops that a finding concerns, those that its quantizers serve with them."""
    shared = served or {}
    return {*finding.ops, *(at for row in finding.ops for at in shared.get(row, ()))}


def share(finding: LintFinding, quantizable: Collection[int], served: Served | None = None) -> float:
    """What a finding takes of the score, from 0 to 1."""
    held = sum(row in quantizable for row in reach(finding, served))
    extent = min(held / len(quantizable), 1.0) if quantizable and finding.ops else 1.0
    return SHARES[finding.severity] * (0.5 + 0.5 * extent)


def score(findings: Sequence[LintFinding], quantizable: Collection[int], served: Served | None = None) -> int:
    """Readiness from 0 to 100."""
    left = 100.0
    for taken in sorted((share(finding, quantizable, served) for finding in findings), reverse=True):
        left *= 1.0 - taken
    return int(left + 1e-9)


def breakdown(
    findings: Sequence[LintFinding], quantizable: Collection[int], served: Served | None = None
) -> pd.DataFrame:
    """One row per finding, the costliest first: ``points`` taken of those ``left`` by the rows above; they add up."""
    import pandas as pd

    rows, left = [], 100.0
    taken = [share(finding, quantizable, served) for finding in findings]
    for at in sorted(range(len(findings)), key=lambda at: -taken[at]):
        finding = findings[at]
        before, left = left, left * (1.0 - taken[at])
        rows.append((finding.id, finding.severity, finding.title, len(finding.ops), before - left, left))
    return pd.DataFrame(rows, columns=["id", "severity", "title", "ops", "points", "left"])


def risks(
    findings: Sequence[LintFinding], ops: int, served: Served | None = None
) -> tuple[NDArray[np.float64], list[str]]:
    """Risk from 0 to 1 and the ids of its findings for each op: ``1 − Π(1 − risk of the finding)``."""
    safe = np.ones(ops)
    reasons: list[list[str]] = [[] for _ in range(ops)]
    for finding in findings:
        for row in reach(finding, served):
            safe[row] *= 1.0 - RISKS[finding.severity]
            reasons[row].append(finding.id)
    return 1.0 - safe, [", ".join(dict.fromkeys(names)) for names in reasons]
