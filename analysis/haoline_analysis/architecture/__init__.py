"""What kind of network a checkpoint holds, from its config, metadata and tensors: the architecture card."""

from __future__ import annotations

from haoline_analysis.architecture.card import Architecture, LayerFacts

__all__ = ["Architecture", "LayerFacts"]
