"""Two models side by side: which op of the one is which op of the other, and what changed."""

from haoline_analysis.comparison.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
