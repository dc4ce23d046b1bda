"""The local graph: every op of the deployed variant fed with the float model's tensors (teacher forcing)."""

from __future__ import annotations

from haoline_analysis.quantization.divergence.local.failing import run_most
from haoline_analysis.quantization.divergence.local.graph import Known, LocalGraph, build_local

__all__ = ["Known", "LocalGraph", "build_local", "run_most"]
