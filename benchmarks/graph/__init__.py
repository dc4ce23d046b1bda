"""The graph view against PyPI netron and ai-edge-model-explorer, on the same graphs in the same browser."""
