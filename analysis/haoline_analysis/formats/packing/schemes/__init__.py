"""One module per scheme: which tensors it leaves in a file, and what they stand for."""
