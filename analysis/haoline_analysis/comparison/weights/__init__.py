"""What two models store, side by side, whatever their formats: a checkpoint and its GGUF, a module and its ONNX."""

from haoline_analysis.comparison.weights.comparing import compare_weights
from haoline_analysis.comparison.weights.result import WeightsComparison

__all__ = ["WeightsComparison", "compare_weights"]
