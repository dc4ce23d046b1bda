"""The loops of :mod:`.batch`, compiled by numba: one pass over each tensor, without the interpreter lock.

Elements are float32 and sums float64, of differences to an element of the same channel: squares of those can neither
overflow nor cancel (no element is farther from the mean than sqrt(n) standard deviations). Loops may be reordered, but
NaN and infinities stay what they are and show in the sums of squares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, types

from haoline_analysis.runtime.statistics.addresses import float_of, pointer
from haoline_analysis.runtime.statistics.reservoir import CAPACITY

SHIFT, LOW, HIGH, TOTAL, SQUARE, ZEROS = range(6)
"""Rows of the sums."""

SIGNATURE = (
    "void(int64[::1], int64[:, ::1], int64[::1], float64[:, ::1], int64[::1],"
    " int64[::1], int64[::1], int64[::1], uint64[::1], float32[:, ::1], boolean[::1])"
)

_BLOCK = 16_384  # elements between two draws: they are still in the cache
_ROWS = 8  # summed up in registers
_SHORT = 16  # elements; shorter rows are taken side by side
_ABREAST = 64  # elements side by side where channels are few
_FLOAT_MAX = float(np.finfo(np.float32).max)
_SIGN, _REST = np.int32(31), np.int32(0x7FFFFFFF)
_GOLDEN, _MIX, _AGAIN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LARGE, _MIDDLE, _SMALL = np.uint64(31), np.uint64(30), np.uint64(27)
_FLOAT, _DOUBLE, _INT = np.float32, np.float64, np.int32

_exact = njit(nogil=True, error_model="numpy")
_fused = njit(nogil=True, error_model="numpy", fastmath={"contract"})
_reordered = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})

_floats, _ints = pointer(types.float32), pointer(types.int32)


@_reordered
def _row(address: Any, size: Any, shift: Any) -> Any:
    """Least and greatest element as ordered bits, sum and sum of squares of differences to ``shift``, zeros."""
    values, bits = carray(_floats(address), (size,), _FLOAT), carray(_ints(address), (size,), _INT)
    low, high, zeros = _REST, ~_REST, _INT(0)
    total, square = 0.0, 0.0
    for i in range(size):
        order = bits[i] ^ ((bits[i] >> _SIGN) & _REST)
        low, high = min(low, order), max(high, order)
        away = _DOUBLE(values[i]) - shift
        total += away
        square += away * away
        zeros = _INT(zeros + _INT(values[i] == _FLOAT(0)))
    return low, high, total, square, zeros


@_exact
def _rows(address: Any, sizes: Any, slot: Any, own: Any, subsample: Any) -> None:
    """Sum up rows of one channel each."""
    outer, channels, inner = sizes[slot, 0], sizes[slot, 1], sizes[slot, 2]
    size, at, drawn = outer * channels * inner, np.int64(0), np.int64(0)
    for _ in range(outer):
        for channel in range(channels):
            for start in range(0, inner, _BLOCK):
                step = min(inner - start, _BLOCK)
                low, high, total, square, zeros = _row(address + 4 * at, step, own[SHIFT, channel])
                own[LOW, channel] = _less(_DOUBLE(float_of(low ^ ((low >> _SIGN) & _REST))), own[LOW, channel])
                own[HIGH, channel] = _more(_DOUBLE(float_of(high ^ ((high >> _SIGN) & _REST))), own[HIGH, channel])
                own[TOTAL, channel] += total
                own[SQUARE, channel] += square
                own[ZEROS, channel] += zeros
                at += step
                if at - drawn >= _BLOCK or at == size:
                    drawn = _draw(address, size, drawn, at, slot, subsample)


@_exact
def _less(one: Any, other: Any) -> Any:
    return one if one < other else other  # noqa: FURB136 - numba's min looks for NaN, which is slow


@_exact
def _more(one: Any, other: Any) -> Any:
    return one if one > other else other  # noqa: FURB136


@_exact
def _zero(value: Any) -> Any:
    return _INT(value == _FLOAT(0))


@_fused
def _down(address: Any, rows: Any, lanes: Any, sums: Any) -> None:
    """Sum up lanes that lie side by side, a few rows at a time, so that sums are seldom read and written."""
    shifts, low, high = sums[SHIFT], sums[LOW], sums[HIGH]
    total, square, zeros = sums[TOTAL], sums[SQUARE], sums[ZEROS]
    for row in range(0, rows - _ROWS + 1, _ROWS):
        values = carray(_floats(address + 4 * row * lanes), (_ROWS, lanes), _FLOAT)
        for i in range(lanes):
            shift, least, most = shifts[i], values[0, i], values[0, i]
            none, away, squared = _INT(0), 0.0, 0.0
            for k in range(_ROWS):
                value = values[k, i]
                least, most = _less(value, least), _more(value, most)
                none += _zero(value)
                difference = _DOUBLE(value) - shift
                away += difference
                squared += difference * difference
            low[i], high[i] = _less(_DOUBLE(least), low[i]), _more(_DOUBLE(most), high[i])
            zeros[i] += none
            total[i] += away
            square[i] += squared
    for row in range(rows // _ROWS * _ROWS, rows):
        _line(address + 4 * row * lanes, lanes, sums)


@_fused
def _line(address: Any, lanes: Any, sums: Any) -> None:
    """Sum up one row of lanes, or the beginning of one."""
    values = carray(_floats(address), (lanes,), _FLOAT)
    for i in range(lanes):
        sums[LOW, i] = _less(_DOUBLE(values[i]), sums[LOW, i])
        sums[HIGH, i] = _more(_DOUBLE(values[i]), sums[HIGH, i])
        sums[ZEROS, i] += _zero(values[i])
        away = _DOUBLE(values[i]) - sums[SHIFT, i]
        sums[TOTAL, i] += away
        sums[SQUARE, i] += away * away


@_exact
def _columns(address: Any, sizes: Any, slot: Any, own: Any, subsample: Any) -> None:
    """Sum up channels that lie side by side, or rows too short to be taken one by one."""
    outer, channels, inner = sizes[slot, 0], sizes[slot, 1], sizes[slot, 2]
    before = max(1, min(outer, _ABREAST // (channels * inner)))
    if before == inner == 1:
        _sheet(address, outer * channels, channels, slot, own, subsample)
        return
    sums = np.empty((6, before * channels * inner))
    at = np.int64(0)
    for _ in range(before):
        for channel in range(channels):
            for _ in range(inner):
                _empty(sums, at, own[SHIFT, channel])
                at += 1
    _sheet(address, outer * channels * inner, at, slot, sums, subsample)
    at = np.int64(0)
    for _ in range(before):
        for channel in range(channels):
            for _ in range(inner):
                _fold(own, channel, sums, at)
                at += 1


@_exact
def _sheet(address: Any, size: Any, lanes: Any, slot: Any, sums: Any, subsample: Any) -> None:
    """Sum up lanes that lie side by side; the last row may be short."""
    step = max(1, _BLOCK // lanes // _ROWS) * _ROWS
    drawn, rows = np.int64(0), size // lanes
    for row in range(0, rows, step):
        some = min(step, rows - row)
        _down(address + 4 * row * lanes, some, lanes, sums)
        drawn = _draw(address, size, drawn, (row + some) * lanes, slot, subsample)
    if rows * lanes < size:
        _line(address + 4 * rows * lanes, size - rows * lanes, sums)
        _draw(address, size, drawn, size, slot, subsample)


@_exact
def _empty(sums: Any, at: Any, shift: Any) -> None:
    """Sums of no elements."""
    sums[SHIFT, at], sums[LOW, at], sums[HIGH, at] = shift, np.inf, -np.inf
    sums[TOTAL, at], sums[SQUARE, at], sums[ZEROS, at] = 0, 0, 0


@_exact
def _fold(sums: Any, at: Any, more: Any, place: Any) -> None:
    """Add sums about the same shift."""
    sums[LOW, at] = _less(more[LOW, place], sums[LOW, at])
    sums[HIGH, at] = _more(more[HIGH, place], sums[HIGH, at])
    sums[TOTAL, at] += more[TOTAL, place]
    sums[SQUARE, at] += more[SQUARE, place]
    sums[ZEROS, at] += more[ZEROS, place]


@_exact
def _random(numbers: Any, slot: Any) -> Any:
    """The next of a tensor's random numbers (splitmix64)."""
    numbers[slot] += _GOLDEN
    number = numbers[slot]
    number = (number ^ (number >> _MIDDLE)) * _MIX
    number = (number ^ (number >> _SMALL)) * _AGAIN
    return number ^ (number >> _LARGE)


@_exact
def _draw(address: Any, size: Any, at: Any, until: Any, slot: Any, subsample: Any) -> Any:
    """Draw one of each ``stride`` elements from ``at`` on that end by ``until``; where the next ones begin."""
    strides, kept, numbers, buffer = subsample
    values = carray(_floats(address), (size,), _FLOAT)
    stride, count = strides[slot], kept[slot]
    if stride == 1:
        for i in range(until - at):
            buffer[slot, count + i] = values[at + i]
        kept[slot] += until - at
        return until
    while at < until and (at + stride <= until or until == size):
        place = at + np.int64(_random(numbers, slot) & np.uint64(stride - 1))
        if place < size:  # the last few may be less than a stride
            buffer[slot, count] = values[place]
            count += 1
        at += stride
    kept[slot] = count
    return at


@_exact
def _make_room(size: Any, slot: Any, subsample: Any) -> None:
    """Double the stride, and let go of one of each two neighbours, until a subsample of so many elements fits in."""
    strides, kept, numbers, buffer = subsample
    while kept[slot] + size // strides[slot] > CAPACITY:
        count, some = kept[slot], 0
        for at in range(0, count, 2):
            place = at + np.int64(_random(numbers, slot) >> np.uint64(63))
            if place < count:
                buffer[slot, some] = buffer[slot, place]
                some += 1
        kept[slot] = some
        strides[slot] *= 2


@_exact
def _keep(sums: Any, own: Any, first: Any, channels: Any) -> bool:
    """Add a tensor's sums to those of the samples before; False, and nothing added, where something is not usual."""
    odd: Any = 0
    for i in range(channels):
        usual = (own[LOW, i] > -_FLOAT_MAX) & (own[HIGH, i] < _FLOAT_MAX) & (own[SQUARE, i] < np.inf)
        odd += 1 - np.int64(usual)
    if odd:
        return False
    for i in range(channels):
        sums[SHIFT, first + i] = own[SHIFT, i]
    for i in range(channels):
        sums[LOW, first + i] = _less(own[LOW, i], sums[LOW, first + i])
    for i in range(channels):
        sums[HIGH, first + i] = _more(own[HIGH, i], sums[HIGH, first + i])
    for row in range(TOTAL, ZEROS + 1):
        for i in range(channels):
            sums[row, first + i] += own[row, i]
    return True


@_exact
def _begin(address: Any, sizes: Any, slot: Any, sums: Any, first: Any, known: Any) -> Any:
    """Sums of no elements; what is summed are the differences to the first element of each channel."""
    channels, inner = sizes[slot, 1], sizes[slot, 2]
    values = carray(_floats(address), (channels * inner,), _FLOAT)
    own = np.empty((6, channels))
    for i in range(channels):
        _empty(own, i, sums[SHIFT, first + i] if known else _DOUBLE(values[i * inner]))
    return own


def measure(
    addresses: Any,
    sizes: Any,
    firsts: Any,
    sums: Any,
    samples: Any,
    counts: Any,
    strides: Any,
    kept: Any,
    numbers: Any,
    buffer: Any,
    odd: Any,
) -> None:
    """Take in one sample of many tensors.

    Args:
        addresses: [tensors] of their float32 elements in C order, or 0 to leave one out.
        sizes: [tensors, 3] elements before, along and after the channel axis, none of them 0.
        firsts: [tensors] the first of each tensor's channels among those of all.
        sums: [6, channels of all] running sums, see ``SHIFT`` and what follows it.
        samples: [tensors] taken in so far.
        counts: [tensors] elements of each channel so far.
        strides: [tensors] of the subsamples.
        kept: [tensors] elements in the subsamples.
        numbers: [tensors] states of their random numbers.
        buffer: [tensors, capacity + 1] the subsamples.
        odd: [tensors] set where a tensor has NaN, infinities or elements at the limits: it is not taken in.
    """
    subsample = (strides, kept, numbers, buffer)
    for slot in range(len(addresses)):
        address, first = addresses[slot], firsts[slot]
        odd[slot] = False
        if address == 0:
            continue
        outer, channels, inner = sizes[slot, 0], sizes[slot, 1], sizes[slot, 2]
        _make_room(outer * channels * inner, slot, subsample)
        before = kept[slot]
        own = _begin(address, sizes, slot, sums, first, counts[slot] > 0)
        if inner == 1 or (outer > 1 and inner < _SHORT):
            _columns(address, sizes, slot, own, subsample)
        else:
            _rows(address, sizes, slot, own, subsample)
        if _keep(sums, own, first, channels):
            samples[slot] += 1
            counts[slot] += outer * inner
        else:
            odd[slot] = True
            kept[slot] = before


def built() -> Any:
    """``measure`` as machine code, from the cache on disk where there is one."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(SIGNATURE, cache=True, **options)(measure)
    except Exception:  # noqa: BLE001 - no folder to write to, or what it holds is broken
        return njit(SIGNATURE, **options)(measure)
