"""Readiness from 0 to 100, what takes it down, and the risk of each op.

Each finding takes a share of what the others leave: ``score = 100 × Π(1 − share)``. A share grows with severity and
with how much of the quantizable ops is concerned, so that neither one finding more, nor a graver one, nor one about
more ops can raise the score. Any error takes more than any warning, any warning more than any information.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.quantization.linter.finding import LintFinding

SHARES = {"error": 0.5, "warning": 0.24, "info": 0.01}
"""Taken by a finding that concerns the whole model; one that concerns next to nothing takes half as much."""
RISKS = {"error": 0.7, "warning": 0.35, "info": 0.05}
"""Added to the risk of an op by each finding that names it."""


def share(finding: LintFinding, quantizable: Collection[int]) -> float:
    """What a finding takes of the score, from 0 to 1."""
    held = sum(row in quantizable for row in finding.ops)
    extent = min(held / len(quantizable), 1.0) if quantizable and finding.ops else 1.0
    return SHARES[finding.severity] * (0.5 + 0.5 * extent)


def score(findings: Sequence[LintFinding], quantizable: Collection[int]) -> int:
    """Readiness from 0 to 100."""
    left = 100.0
    for taken in sorted((share(finding, quantizable) for finding in findings), reverse=True):
        left *= 1.0 - taken
    return int(left + 1e-9)


def breakdown(findings: Sequence[LintFinding], quantizable: Collection[int]) -> pd.DataFrame:
    """One row per finding, the gravest first: ``points`` taken of those ``left`` by the rows above; they add up."""
    import pandas as pd

    rows, left = [], 100.0
    graver = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    for finding in sorted(graver, key=lambda finding: -share(finding, quantizable)):
        before, left = left, left * (1.0 - share(finding, quantizable))
        rows.append((finding.id, finding.severity, finding.title, len(finding.ops), before - left, left))
    return pd.DataFrame(rows, columns=["id", "severity", "title", "ops", "points", "left"])


def risks(findings: Sequence[LintFinding], ops: int) -> tuple[NDArray[np.float64], list[str]]:
    """Risk from 0 to 1 and the ids of its findings for each op: ``1 − Π(1 − risk of the finding)``."""
    safe = np.ones(ops)
    reasons: list[list[str]] = [[] for _ in range(ops)]
    for finding in findings:
        for row in finding.ops:
            safe[row] *= 1.0 - RISKS[finding.severity]
            reasons[row].append(finding.id)
    return 1.0 - safe, [", ".join(dict.fromkeys(names)) for names in reasons]
