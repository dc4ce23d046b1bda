"""PyTorch: live modules, exported programs and checkpoints."""
