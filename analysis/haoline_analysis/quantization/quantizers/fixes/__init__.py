"""Changes to a float model that make it quantize better and leave what it computes alone."""

from haoline_analysis.quantization.quantizers.fixes.registry import FIXES, apply_fixes, fix_names

__all__ = ["FIXES", "apply_fixes", "fix_names"]
