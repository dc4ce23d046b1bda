"""How much of a tensor is counted into a histogram."""

DRAWN = 4096
"""Elements of one sample of a tensor that are counted, in short runs that are spread evenly over it."""
RUN = 16
"""Elements of a run: as many as a cache line holds."""
