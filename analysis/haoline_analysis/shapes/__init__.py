"""Shapes and small constants of a model under a binding of its symbolic dims.

Abstract interpretation in Python: no native shape inference runs on a user's file.
"""

from haoline_analysis.shapes.bindings import symbols
from haoline_analysis.shapes.evaluate import Evaluator, evaluate
from haoline_analysis.shapes.value import Assumption, Evaluation, Signature, Value

__all__ = ["Assumption", "Evaluation", "Evaluator", "Signature", "Value", "evaluate", "symbols"]
