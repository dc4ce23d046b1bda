"""Where a model that was quantized here says so."""

PROVENANCE = "haoline.quantization"
"""Key of its metadata: JSON with the recipe, the hash of the float model, and what was folded into what."""
