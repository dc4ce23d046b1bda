"""What is summed up per channel of a pair of tensors."""

SIGNAL, DOT, NOISE, PEAK, COUNT = range(5)
"""Rows of the sums: of f², f·(f-v), (f-v)²; the greatest |f-v|; the elements that are finite on both sides."""
ROWS = 5
