"""One pass over pairs of tensors in loops compiled by numba: decode, subtract, sum up, per channel.

Sums within a block are float32, between blocks float64. A block whose sums are not finite, or too small for float32,
is gone through again one element at a time in float64, leaving out what is NaN or infinite on either side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

from haoline_analysis.quantization.divergence.metrics.rows import COUNT, DOT, HIGH, LOW, NOISE, PEAK, SIGNAL
from haoline_analysis.quantization.divergence.metrics.runs import RUN

SIGNATURE = (
    "void(int64[::1], int64[::1], int64[::1], float64[:, ::1], int64[:, ::1], int64[::1],"
    " float64[:, ::1], int64[:, ::1])"
)
ODD, CLIPPED, SAME = range(3)
"""Columns of what is counted per tensor: finite on one side only, beyond the grid, not finite alike on both."""
SCALE, ZERO, GRID_LOW, GRID_HIGH = range(4)
"""Columns of what is known of the other tensor's grid."""
FLOAT32, UINT8, INT8, UINT16, INT16 = range(5)
"""Kinds of elements that the other tensor may have."""

_FAR = np.float32(1e9)
_BLOCK = 2048
_SHEET = 16_384
_DEEP = 8
_SHORT = 16
_ABREAST = 64
_TINY, _HUGE = 1e-30, 3.0e38
_FLOAT, _DOUBLE, _INT = np.float32, np.float64, np.int32
_SIGN, _REST = np.int32(31), np.int32(0x7FFFFFFF)

_exact = njit(nogil=True, error_model="numpy")
_reordered = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


def _pointer(kind: Any) -> Any:
    """An address as a pointer, in compiled code."""

    def typed(typing_context: Any, address: Any) -> Any:  # noqa: ARG001
        return types.CPointer(kind)(address), _to_pointer

    return intrinsic(typed)


def _to_pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.inttoptr(args[0], context.get_value_type(signature.return_type))


def _cast(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.bitcast(args[0], context.get_value_type(signature.return_type))


def _as_bits(typing_context: Any, value: Any) -> Any:  # noqa: ARG001
    return types.int32(types.float32), _cast


def _as_float(typing_context: Any, bits: Any) -> Any:  # noqa: ARG001
    return types.float32(types.int32), _cast


_bits_of, _float_of = intrinsic(_as_bits), intrinsic(_as_float)
_floats, _bytes, _signed = _pointer(types.float32), _pointer(types.uint8), _pointer(types.int8)
_words, _shorts = _pointer(types.uint16), _pointer(types.int16)


@_exact
def _scaled(codes: Any, size: Any, scale: Any, zero: Any, made: Any) -> None:
    """Integers as the reals they stand for."""
    for i in range(size):
        made[i] = _FLOAT(_INT(codes[i]) - zero) * scale


@_exact
def _decode(address: Any, at: Any, size: Any, kind: Any, scale: Any, zero: Any, made: Any) -> None:
    """``size`` elements from ``at`` on, as float32."""
    if kind == UINT8:
        _scaled(carray(_bytes(address + at), (size,), np.uint8), size, scale, zero, made)
    elif kind == INT8:
        _scaled(carray(_signed(address + at), (size,), np.int8), size, scale, zero, made)
    elif kind == UINT16:
        _scaled(carray(_words(address + 2 * at), (size,), np.uint16), size, scale, zero, made)
    elif kind == INT16:
        _scaled(carray(_shorts(address + 2 * at), (size,), np.int16), size, scale, zero, made)
    else:
        values = carray(_floats(address + 4 * at), (size,), _FLOAT)
        for i in range(size):
            made[i] = values[i]


@_exact
def _ordered(value: Any) -> Any:
    """A float as an integer of the same order."""
    bits = _bits_of(value)
    return bits ^ ((bits >> _SIGN) & _REST)


@_exact
def _number(order: Any) -> Any:
    """The float that an integer of :func:`_ordered` is."""
    return _DOUBLE(_float_of(order ^ ((order >> _SIGN) & _REST)))


@_reordered
def _row(values: Any, others: Any, size: Any, low: Any, high: Any) -> Any:
    """Sums of squares, of products with the difference, of squared differences; their peak, ends, how many beyond."""
    signal, dot, noise = _FLOAT(0), _FLOAT(0), _FLOAT(0)
    peak, beyond, least, most = _INT(0), _INT(0), _REST, ~_REST
    for i in range(size):
        value = values[i]
        apart = value - others[i]
        signal += value * value
        dot += value * apart
        noise += apart * apart
        peak = max(peak, _bits_of(apart) & _REST)
        order = _ordered(value)
        least, most = min(least, order), max(most, order)
        beyond = _INT(beyond + _INT(value < low) + _INT(value > high))
    return signal, dot, noise, peak, beyond, least, most


@_exact
def _usual(signal: Any, noise: Any, peak: Any) -> Any:
    """Whether float32 was wide enough for a sum of squares."""
    return signal < _HUGE and noise < _HUGE and (signal >= _TINY or signal == 0) and (noise >= _TINY or peak == 0)


@_exact
def _careful(values: Any, others: Any, at: Any, channel: Any, sums: Any, counts: Any, slot: Any) -> None:
    """Add one element in float64."""
    value, other = _DOUBLE(values[at]), _DOUBLE(others[at])
    if np.isfinite(value) and np.isfinite(other):
        apart = value - other
        sums[SIGNAL, channel] += value * value
        sums[DOT, channel] += value * apart
        sums[NOISE, channel] += apart * apart
        sums[PEAK, channel] = max(sums[PEAK, channel], abs(apart))
        sums[COUNT, channel] += 1
        sums[LOW, channel] = min(sums[LOW, channel], value)
        sums[HIGH, channel] = max(sums[HIGH, channel], value)
    elif value == other or (np.isnan(value) and np.isnan(other)):
        counts[slot, SAME] += 1
    else:
        counts[slot, ODD] += 1


@_exact
def _rows(pair: Any, size: Any, grid: Any, first: Any, sums: Any, counts: Any, slot: Any) -> None:
    """Sum up rows of one channel each."""
    address, other, kind = pair
    outer, channels, inner = size
    scale, zero, low, high = _FLOAT(grid[SCALE]), _INT(grid[ZERO]), _FLOAT(grid[GRID_LOW]), _FLOAT(grid[GRID_HIGH])
    made = np.empty(_BLOCK, _FLOAT)
    at = np.int64(0)
    for _ in range(outer):
        for channel in range(first, first + channels):
            for start in range(0, inner, _BLOCK):
                step = min(inner - start, _BLOCK)
                values = carray(_floats(address + 4 * at), (step,), _FLOAT)
                others = made
                if kind == FLOAT32:
                    others = carray(_floats(other + 4 * at), (step,), _FLOAT)
                else:
                    _decode(other, at, step, kind, scale, zero, made)
                signal, dot, noise, peak, beyond, least, most = _row(values, others, step, low, high)
                counts[slot, CLIPPED] += beyond
                if _usual(signal, noise, peak):
                    sums[SIGNAL, channel] += signal
                    sums[DOT, channel] += dot
                    sums[NOISE, channel] += noise
                    sums[PEAK, channel] = max(sums[PEAK, channel], _DOUBLE(_float_of(peak)))
                    sums[COUNT, channel] += step
                    sums[LOW, channel] = min(sums[LOW, channel], _number(least))
                    sums[HIGH, channel] = max(sums[HIGH, channel], _number(most))
                else:
                    for i in range(step):
                        _careful(values, others, i, channel, sums, counts, slot)
                at += step


@_reordered
def _down(values: Any, others: Any, lanes: Any, rows: Any, grid: Any, own: Any, ends: Any) -> Any:
    """Sum up lanes that lie side by side, a few rows at a time; how many values are beyond the grid."""
    low, high = grid
    signals, dots, noises = own[0], own[1], own[2]
    peaks, leasts, mosts = ends[0], ends[1], ends[2]
    beyond = _INT(0)
    for row in range(0, rows - _DEEP + 1, _DEEP):
        some = values[row * lanes : (row + _DEEP) * lanes].reshape((_DEEP, lanes))
        rest = others[row * lanes : (row + _DEEP) * lanes].reshape((_DEEP, lanes))
        for i in range(lanes):
            signal, dot, noise, peak = signals[i], dots[i], noises[i], peaks[i]
            least, most = leasts[i], mosts[i]
            for k in range(_DEEP):
                value = some[k, i]
                apart = value - rest[k, i]
                signal += value * value
                dot += value * apart
                noise += apart * apart
                peak = max(peak, _bits_of(apart) & _REST)
                order = _ordered(value)
                least, most = min(least, order), max(most, order)
                beyond = _INT(beyond + _INT(value < low) + _INT(value > high))
            signals[i], dots[i], noises[i], peaks[i] = signal, dot, noise, peak
            leasts[i], mosts[i] = least, most
    for row in range(rows // _DEEP * _DEEP, rows):
        for i in range(lanes):
            value = values[row * lanes + i]
            apart = value - others[row * lanes + i]
            signals[i] += value * value
            dots[i] += value * apart
            noises[i] += apart * apart
            peaks[i] = max(peaks[i], _bits_of(apart) & _REST)
            leasts[i], mosts[i] = min(leasts[i], _ordered(value)), max(mosts[i], _ordered(value))
            beyond = _INT(beyond + _INT(value < low) + _INT(value > high))
    return beyond


@_exact
def _columns(pair: Any, size: Any, grid: Any, first: Any, sums: Any, counts: Any, slot: Any) -> None:
    """Sum up channels that lie side by side."""
    address, other, kind = pair
    outer, channels, inner = size
    scale, zero, low, high = _FLOAT(grid[SCALE]), _INT(grid[ZERO]), _FLOAT(grid[GRID_LOW]), _FLOAT(grid[GRID_HIGH])
    width = channels * inner
    abreast = max(1, min(outer, _ABREAST // width))
    lanes = abreast * width
    made, own, ends = np.empty(max(_SHEET, lanes), _FLOAT), np.empty((3, lanes), _FLOAT), np.empty((3, lanes), _INT)
    total, at = outer * width, np.int64(0)
    while at < total:
        held = lanes if total - at >= lanes else width
        rows = max(1, min((total - at) // held, _SHEET // held))
        step = rows * held
        values = carray(_floats(address + 4 * at), (step,), _FLOAT)
        others = made
        if kind == FLOAT32:
            others = carray(_floats(other + 4 * at), (step,), _FLOAT)
        else:
            _decode(other, at, step, kind, scale, zero, made)
        own[:] = 0
        ends[0, :], ends[1, :], ends[2, :] = 0, _REST, ~_REST
        counts[slot, CLIPPED] += _down(values, others, held, rows, (low, high), own, ends)
        for lane in range(held):
            channel = first + lane // inner % channels
            if _usual(own[0, lane], own[2, lane], ends[0, lane]):
                sums[SIGNAL, channel] += own[0, lane]
                sums[DOT, channel] += own[1, lane]
                sums[NOISE, channel] += own[2, lane]
                sums[PEAK, channel] = max(sums[PEAK, channel], _DOUBLE(_float_of(ends[0, lane])))
                sums[COUNT, channel] += rows
                sums[LOW, channel] = min(sums[LOW, channel], _number(ends[1, lane]))
                sums[HIGH, channel] = max(sums[HIGH, channel], _number(ends[2, lane]))
            else:
                for row in range(rows):
                    _careful(values, others, row * held + lane, channel, sums, counts, slot)
        at += step


def measure(
    addresses: Any, others: Any, kinds: Any, grids: Any, sizes: Any, firsts: Any, sums: Any, counts: Any
) -> None:
    """Add one sample of many tensors to sums of nothing.

    Args:
        addresses: [tensors] of the float model's float32 elements in C order, or 0 to leave one out.
        others: [tensors] addresses of the other elements, in the same order.
        kinds: [tensors] what the others are, see ``FLOAT32`` and what follows it.
        grids: [tensors, 4] scale, zero point, least and greatest real of the grid; infinite where there is none.
        sizes: [tensors, 3] elements before, along and after the channel axis, none of them 0.
        firsts: [tensors] the first of each tensor's channels among those of all.
        sums: [rows, channels of all], see :mod:`.rows`.
        counts: [tensors, 3] elements that are odd, beyond the grid, not finite alike.
    """
    for slot in range(len(addresses)):
        if addresses[slot] == 0:
            continue
        pair = (addresses[slot], others[slot], kinds[slot])
        size = (sizes[slot, 0], sizes[slot, 1], sizes[slot, 2])
        if size[1] > 1 and size[2] < _SHORT:
            _columns(pair, size, grids[slot], firsts[slot], sums, counts, slot)
        else:
            _rows(pair, size, grids[slot], firsts[slot], sums, counts, slot)


@_exact
def _bin(values: Any, size: Any, scale: Any, first: Any, last: Any, side: Any, places: Any, counts: Any) -> None:
    """Count elements into bins, what is beyond them into the outermost, what is not finite into none."""
    odd = _INT(0)
    for i in range(size):
        scaled = values[i] * scale
        odd = _INT(odd | _INT(not abs(scaled) < _FAR))
        place = _INT(scaled)  # towards zero
        place = _INT(place - _INT(_FLOAT(place) > scaled) - first)
        place = place if place > 0 else _INT(0)
        places[i] = min(last, place)
    if odd == 0:
        for i in range(size):
            counts[side, places[i]] += 1
        return
    for i in range(size):
        scaled = values[i] * scale
        if abs(scaled) < _FAR:
            counts[side, places[i]] += 1
        elif np.isfinite(scaled):
            counts[side, 0 if scaled < 0 else last] += 1


def count(addresses: Any, others: Any, kinds: Any, grids: Any, sizes: Any, places: Any, counts: Any) -> None:
    """Count elements of one sample of many tensors into bins.

    Args:
        addresses: [tensors] of the float model's elements.
        others: [tensors] of the other elements.
        kinds: [tensors] what the others are.
        grids: [tensors, 4] as in :func:`measure`.
        sizes: [tensors, 2] elements, and from which to which the runs that are counted begin.
        places: [tensors, 3] bins per unit, number of the first bin, number of bins.
        counts: [tensors, 2, bins] to add to.
    """
    made, held = np.empty(RUN, _FLOAT), np.empty(RUN, _INT)
    for slot in range(len(addresses)):
        size, step = sizes[slot, 0], sizes[slot, 1]
        scale, first, last = _FLOAT(places[slot, 0]), _INT(places[slot, 1]), _INT(places[slot, 2] - 1)
        grid, zero = _FLOAT(grids[slot, SCALE]), _INT(grids[slot, ZERO])
        address, other, kind, own = addresses[slot], others[slot], kinds[slot], counts[slot]
        for at in range(0, size, step):
            some = min(RUN, size - at)
            values = carray(_floats(address + 4 * at), (some,), _FLOAT)
            _bin(values, some, scale, first, last, 0, held, own)
            _decode(other, at, some, kind, grid, zero, made)
            _bin(made, some, scale, first, last, 1, held, own)


class Kernel(NamedTuple):
    """The two functions as machine code."""

    measure: Any
    count: Any


def built() -> Kernel:
    """``measure`` and ``count`` as machine code, from the cache on disk where there is one."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        made = [njit(kind, cache=True, **options)(loop) for kind, loop in _LOOPS]
    except Exception:  # noqa: BLE001 - no folder to write to, or what it holds is broken
        made = [njit(kind, **options)(loop) for kind, loop in _LOOPS]
    return Kernel(*made)


_LOOPS = (
    (SIGNATURE, measure),
    (
        "void(int64[::1], int64[::1], int64[::1], float64[:, ::1], int64[:, ::1], float64[:, ::1], int64[:, :, ::1])",
        count,
    ),
)
