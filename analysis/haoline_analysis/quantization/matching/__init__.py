"""Which tensor of a variant is which of the float model."""

from haoline_analysis.quantization.matching.comparable import comparable
from haoline_analysis.quantization.matching.match import match
from haoline_analysis.quantization.matching.result import Match, Matching, Unmatched

__all__ = ["Match", "Matching", "Unmatched", "comparable", "match"]
