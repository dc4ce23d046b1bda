"""The ops of known families of decoders, for checkpoints that hold weights alone."""

from __future__ import annotations

from haoline_analysis.formats.families.analytic import analytic_model

__all__ = ["analytic_model"]
