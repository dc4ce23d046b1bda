"""From the user's model to one that can be quantized: loaded, of a fit opset, folded, with known shapes."""
