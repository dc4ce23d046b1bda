"""The worst finding of each op as a column, so that views can colour, sort and filter by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.finding import SEVERITIES
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.findings import Finding

NAME = "severity"
WORDS = SEVERITIES[::-1]
"""The least first: a group shows the greatest."""


def severity_column(rows: int, findings: Iterable[Finding]) -> Column:
    """The worst severity among the findings that concern each op; missing where there is none."""
    import pandas as pd

    worst = np.full(rows, -1, np.int8)
    for finding in findings:
        ops = np.array([op for op in finding.ops if 0 <= op < rows], dtype=np.intp)
        worst[ops] = np.maximum(worst[ops], WORDS.index(finding.severity))
    values = pd.Categorical.from_codes(worst, categories=pd.Index(WORDS), ordered=True)
    words = "the worst of the findings that concern the op"
    return Column(NAME, values, "Severity", aggregate="max", description=words, scale="ordinal")
