"""What is summed up per channel of a pair of tensors."""

SIGNAL, DOT, NOISE, PEAK, COUNT, LOW, HIGH = range(7)
"""Rows of the sums: of f², f·(f-v), (f-v)²; the greatest |f-v|; the elements that are finite on both sides; the least
and the greatest finite f."""
ROWS = 7
