"""Two models side by side: which op of the one is which op of the other, and what changed."""

from haoline_analysis.comparison.comparison import Comparison, compare
from haoline_analysis.comparison.weights import WeightsComparison, compare_weights

__all__ = ["Comparison", "WeightsComparison", "compare", "compare_weights"]
