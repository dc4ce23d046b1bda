"""Which axis of each tensor holds the channels, and how the tensor is best looked at.

Told from the ops: a convolution writes channels along axis 1, a product with weights along the last; what follows
keeps, moves or loses them.
"""

from __future__ import annotations

from haoline_analysis.runtime.statistics.axes.naming import channel_axes, layouts

__all__ = ["channel_axes", "layouts"]
