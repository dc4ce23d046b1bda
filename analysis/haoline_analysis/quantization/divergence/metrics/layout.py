"""What is summed up and counted, and where it stands in the arrays of one sample."""

SIGNAL, DOT, NOISE, PEAK, COUNT, LOW, HIGH = range(7)
"""Rows of the sums: of f², f·(f-v), (f-v)²; the greatest |f-v|; the elements that are finite on both sides; the least
and the greatest finite f."""
ROWS = 8
"""One more than there are, so that those of a channel lie in one line of the cache."""

ODD, CLIPPED, SAME, COUNTED = range(4)
"""Columns of the counts: finite on one side only, beyond the grid, not finite alike on both; 1 if bins were filled."""

SCALE, ZERO, GRID_LOW, GRID_HIGH = range(4)
"""Columns of what is known of the other tensor's grid."""

BINS_SCALE, BINS_FIRST, BINS_MANY, BINS_STEP = range(4)
"""Columns of where bins are."""

FLOAT32, UINT8, INT8, UINT16, INT16 = range(5)
"""Kinds of elements that the other tensor may have."""
CROSSED = 8
"""Added to a kind where the other tensor has its channels last."""

MOST = 1024
"""Bins of a histogram, most of them; at least half as many lie within the range of the float tensor. Then no two of 256
levels share one."""
DRAWN, RUN = 4096, 16
"""Elements of one sample of a tensor that are counted into bins, in runs of so many that are spread evenly over it."""
