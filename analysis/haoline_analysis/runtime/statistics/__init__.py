"""Statistics of activations: running figures per tensor and channel, and which axis holds the channels."""

from __future__ import annotations

from haoline_analysis.runtime.statistics.axes import channel_axes, layouts
from haoline_analysis.runtime.statistics.elements import StatisticsError
from haoline_analysis.runtime.statistics.fast import warm_up
from haoline_analysis.runtime.statistics.histogram import Histogram
from haoline_analysis.runtime.statistics.tensor_statistics import TensorStatistics
from haoline_analysis.runtime.statistics.together import Together

__all__ = ["Histogram", "StatisticsError", "TensorStatistics", "Together", "channel_axes", "layouts", "warm_up"]
