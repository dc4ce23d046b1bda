"""What the activations of a model show to be wrong or risky, each with evidence and advice."""

from haoline_analysis.runtime.findings.registry import findings

__all__ = ["findings"]
