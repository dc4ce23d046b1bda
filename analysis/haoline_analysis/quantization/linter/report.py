"""What the rules found in a model: findings, score, risk per op, and the forms in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.quantization.linter.finding import LintFinding
    from haoline_analysis.quantization.linter.targets import Target
    from haoline_analysis.report.model_report import ModelReport


@dataclass(eq=False)
class LintReport:
    """Findings about the quantization of a model on a target, worst first, and what they come to."""

    findings: list[LintFinding]
    score: int
    """Readiness from 0 to 100; of a quantized model: soundness."""
    breakdown: pd.DataFrame
    """One row per finding: points taken, in the order they are taken; they and the score add up to 100."""
    target: Target
    report: ModelReport
    """The model's report, with columns ``lint_risk``, ``lint_severity`` and ``lint``."""
    risks: NDArray[np.float64] = field(repr=False)
    reasons: Sequence[str] = field(repr=False)
    quantized: bool = False
    gaps: list[str] = field(default_factory=list)
    """What the rules could not look at."""

    def __post_init__(self) -> None:
        """Put what was found on the op table."""
        import pandas as pd

        from haoline_analysis.report.severity import severity_column

        worst = severity_column(len(self.risks), self.findings)
        add = self.report.add_column
        add(
            "lint_risk",
            pd.Series(self.risks),
            label="Quantization risk",
            aggregate="max",
            scale="linear",
            description="From 0 to 1, by the findings of the quantization rules that name the op.",
            provenance="estimated",
        )
        add(
            "lint_severity",
            pd.Series(worst.values),
            label="Quantization severity",
            aggregate="max",
            scale="ordinal",
            description="The worst of the quantization findings that name the op.",
            provenance="estimated",
        )
        add("lint", [text or None for text in self.reasons], label="Quantization findings", provenance="estimated")

    @property
    def risk(self) -> pd.DataFrame:
        """Ops with findings, riskiest first: ``op``, ``type``, ``risk`` from 0 to 1, ``reasons``."""
        import pandas as pd

        ops = self.report.tables["ops"]
        rows = [row for row in (-self.risks).argsort(kind="stable").tolist() if self.risks[row] > 0]
        return pd.DataFrame(
            {
                "op": [ops["name"].values[row] for row in rows],
                "type": [ops["type"].values[row] for row in rows],
                "risk": self.risks[rows],
                "reasons": [self.reasons[row] for row in rows],
            }
        )

    def options(self, *severities: str) -> dict[str, Any]:
        """The fixes of findings as keyword arguments of ``quantize``: of these severities, else errors and warnings."""
        from haoline_analysis.quantization.linter.finding import options_of

        return options_of(self.findings, severities) if severities else options_of(self.findings)

    def count(self, severity: str) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def summary(self) -> str:
        """A readable text, without control characters."""
        from haoline_analysis.quantization.linter.display import summary

        return summary(self)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """The report as Markdown, also written to ``path`` where given."""
        from haoline_analysis.quantization.linter.display import to_markdown
        from haoline_analysis.report.model_report import written

        return written(to_markdown(self), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """One self-contained HTML page without script, also written to ``path`` where given."""
        from haoline_analysis.quantization.linter.html import page
        from haoline_analysis.report.model_report import written

        return written(page(self), path)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        from haoline_analysis.quantization.linter.display import to_dict

        return to_dict(self)

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Text and static HTML, for any notebook front end."""
        from haoline_analysis.quantization.linter.html import static_html

        return {"text/plain": self.summary(), "text/html": static_html(self)}
