"""What stands in the way of quantizing a model, or went wrong when it was: rules, score and advice, without a run."""

from haoline_analysis.quantization.linter.finding import Fix, LintFinding, options_of
from haoline_analysis.quantization.linter.linting import lint
from haoline_analysis.quantization.linter.report import LintReport
from haoline_analysis.quantization.linter.targets import TARGETS, Target

__all__ = ["TARGETS", "Fix", "LintFinding", "LintReport", "Target", "lint", "options_of"]
