"""Bounds of what a header may hold, far above any real model's, so that a hostile one costs little."""

from __future__ import annotations

MAX_PAIRS = 1 << 16
"""Key-value pairs of one file; real ones have a hundred."""

MAX_TENSORS = 1 << 18
"""Tensors of one file; the largest models have some ten thousand."""

MAX_STRINGS = 1 << 22
"""Strings in all arrays of one file, each of which must be walked over; large tokenizers have a million."""

MAX_NAME = 1 << 16
"""Bytes of a key or a tensor's name; the specification allows keys of 65535 bytes and names of 64."""

MAX_TEXT = 1 << 16
"""Bytes kept of one string value; a longer one is cut, and says so."""

MAX_KEPT = 1 << 24
"""Bytes kept of all names and values together; a tokenizer's lists, which are not kept, do not count."""

MAX_DIMS = 8
"""Axes of a tensor; ggml has four."""

MAX_NESTING = 4
"""Arrays within arrays; ggml reads none, the specification allows them."""

MAX_ARRAY = 1024
"""Numbers of an array that are read at once (one per layer); of a longer one only count and size are known."""

MAX_STRING_ARRAY = 64
"""Strings of an array that are read at once (tags, languages)."""

MAX_ALIGNMENT = 1 << 30
"""Bytes that tensors may be aligned to; real files have 32."""
