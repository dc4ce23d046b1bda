"""How far one tensor is from another: sums over samples, per channel, and figures made of them."""

from __future__ import annotations

from haoline_analysis.quantization.divergence.metrics.bins import Bins
from haoline_analysis.quantization.divergence.metrics.fast import warm_up
from haoline_analysis.quantization.divergence.metrics.figures import Figures, figures_of
from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job
from haoline_analysis.quantization.divergence.metrics.tally import Tally

__all__ = ["Bins", "Figures", "Grid", "Job", "Tally", "figures_of", "warm_up"]
