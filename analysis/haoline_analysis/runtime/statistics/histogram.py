"""Histograms whose bins grow with the magnitude, on both sides of zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FINE = 8  # bins for each halving of the magnitude, over the upper octaves
_FINE_OCTAVES = 12
_COARSE = 2  # below
_COARSE_OCTAVES = 16


@dataclass(frozen=True, eq=False)
class Histogram:
    """Bins in ascending order, float64 arrays [bins]; zero has a bin of no width of its own.

    A positive bin holds ``low < x <= high``, a negative one ``low <= x < high``; farthest from zero, the edge is the
    greatest or the least element itself. Counts add up to the finite elements; where ``sampled``, that of zeros is
    exact and the others are estimates from a subsample.
    """

    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    sampled: bool = False

    def __len__(self) -> int:
        """Number of bins."""
        return len(self.count)


def histogram_of(ordered: np.ndarray, *, low: float, high: float, finite: int, zeros: int, sampled: bool) -> Histogram:
    """Histogram of a tensor from its finite elements in ascending order, all or a subsample of them."""
    drawn = ordered[ordered != 0].astype(np.float64)
    if finite > zeros and not len(drawn):  # too rare for the subsample
        drawn = np.array([edge for edge in (low, high) if edge != 0])
    weight = (finite - zeros) / len(drawn) if len(drawn) else 0.0
    edges = _edges(max(-low, high)) if finite > zeros else np.zeros(1)
    down = _side(-drawn[drawn < 0][::-1], edges, -low)
    up = _side(drawn[drawn > 0], edges, high)
    middle = (np.zeros(1), np.zeros(1), np.array([float(zeros)])) if zeros else (np.empty(0),) * 3
    return Histogram(
        np.concatenate([-down[1][::-1], middle[0], up[0]]),
        np.concatenate([-down[0][::-1], middle[1], up[1]]),
        np.concatenate([down[2][::-1] * weight, middle[2], up[2] * weight]),
        sampled,
    )


def _edges(largest: float) -> np.ndarray:
    """Magnitudes in ascending order from 0 to a power of two not below ``largest``: the same edges for all tensors."""
    top = np.ceil(np.log2(largest))
    coarse = np.arange(-_COARSE_OCTAVES * _COARSE, 0) / _COARSE - _FINE_OCTAVES
    fine = np.arange(-_FINE_OCTAVES * _FINE, 1) / _FINE
    with np.errstate(over="ignore", under="ignore"):
        return np.concatenate([np.zeros(1), np.exp2(np.concatenate([coarse, fine]) + top)])


def _side(magnitudes: np.ndarray, edges: np.ndarray, largest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Low and high edges and counts of ascending magnitudes, none above ``largest``; no empty bins at the ends."""
    if not len(magnitudes):
        return (np.empty(0),) * 3
    places = np.minimum(np.searchsorted(edges, magnitudes), len(edges) - 1) - 1
    last = max(int(places[-1]), int(np.searchsorted(edges, largest)) - 1)
    count = np.bincount(places, minlength=last + 1).astype(np.float64)
    first = int(places[0])
    highs = np.minimum(edges[first + 1 : last + 2], largest)
    return edges[first : last + 1], highs, count[first:]
