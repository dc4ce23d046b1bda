"""Reports: columns, totals and findings of one model, and the forms in which they leave the engine."""

from __future__ import annotations

from haoline_analysis.report.analysis import analyze
from haoline_analysis.report.model_report import VIEWS, ModelReport
from haoline_analysis.report.totals import Totals
from haoline_analysis.report.view_assets import ViewAssets

__all__ = ["VIEWS", "ModelReport", "Totals", "ViewAssets", "analyze"]
