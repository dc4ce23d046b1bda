"""What kind of network a checkpoint holds, from its config, metadata and tensors: the architecture card."""

from __future__ import annotations

from haoline_analysis.architecture.card import Architecture, LayerFacts
from haoline_analysis.architecture.config import from_config

__all__ = ["Architecture", "LayerFacts", "from_config"]
