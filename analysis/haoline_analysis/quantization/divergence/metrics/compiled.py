"""One pass over pairs of tensors in loops compiled by numba: decode, subtract, sum up per channel, count into bins.

Sums within a block are float32, between blocks float64. A block whose sums are not finite, or too small for float32,
is gone through again one element at a time in float64, leaving out what is NaN or infinite on either side.

All of it stands in one file on purpose: machine code is kept on disk, and numba makes it anew when the file of the
outermost function changes, not when one that it calls does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import carray, njit, types

from haoline_analysis.quantization.divergence.metrics.layout import (
    BINS_FIRST,
    BINS_MANY,
    BINS_SCALE,
    BINS_STEP,
    CLIPPED,
    COUNT,
    COUNTED,
    CROSSED,
    DOT,
    FLOAT32,
    GRID_HIGH,
    GRID_LOW,
    HIGH,
    INT8,
    INT16,
    LOW,
    NOISE,
    ODD,
    PEAK,
    RUN,
    SAME,
    SCALE,
    SIGNAL,
    UINT8,
    UINT16,
    ZERO,
)
from haoline_analysis.runtime.statistics.addresses import bits_of, float_of, pointer

SIGNATURE = (
    "void(int64[::1], int64[::1], int64[::1], float64[:, ::1], int64[:, ::1], int64[::1],"
    " float64[:, ::1], float64[:, ::1], int64[:, ::1], int64[::1], float64[:, ::1])"
)
COUNT_SIGNATURE = (
    "void(int64[::1], int64[::1], int64[::1], float64[:, ::1], int64[:, ::1], int64[::1], float64[:, ::1])"
)

_FAR = np.float32(1e9)
_BLOCK = 2048  # elements of one channel whose sums are float32
_SHORT, _ABREAST = 16, 64  # shorter rows of a channel are taken side by side, so many elements where channels are few
_DEEP, _SHEET = 8, 256  # rows at a time, and rows whose sums are float32, where channels lie side by side
_WIDE, _LONG = 16, 1024
_TINY, _HUGE = 1e-30, 3.0e38
_WORD, _LINE = 8, _LONG // 8  # bytes of a word, words of a line of a tile
_S8, _S16, _S32 = np.uint64(8), np.uint64(16), np.uint64(32)
_M8, _M16, _M32 = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF), np.uint64(0x00000000FFFFFFFF)
_FLOAT, _DOUBLE, _INT = np.float32, np.float64, np.int32
_SIGN, _REST = np.int32(31), np.int32(0x7FFFFFFF)

_exact = njit(nogil=True, error_model="numpy")
_inlined = njit(nogil=True, error_model="numpy", inline="always")
_reordered = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
_ordered = njit(nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})  # a block with NaN is not used


_floats, _doubles, _octets = (pointer(kind) for kind in (types.float32, types.float64, types.uint64))
_bytes, _signed, _words, _shorts = (pointer(kind) for kind in (types.uint8, types.int8, types.uint16, types.int16))


@_ordered
def _less(one: Any, other: Any) -> Any:
    return one if one < other else other  # noqa: FURB136 - numba's min looks for NaN, which is slow


@_ordered
def _more(one: Any, other: Any) -> Any:
    return one if one > other else other  # noqa: FURB136


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
def _spread(codes: Any, size: Any, scale: Any, zero: Any, tile: Any) -> None:
    """Integers [positions, channels] as reals [channels, positions]."""
    channels, step, some, pitch = size
    for i in range(step):
        for k in range(some):
            tile[k * pitch + i] = _FLOAT(_INT(codes[i * channels + k]) - zero) * scale


@_inlined
def _mixed(one: Any, other: Any, shift: Any, mask: Any) -> Any:
    """Exchange the upper parts of one word's fields with the lower parts of another's."""
    moved = ((one >> shift) ^ other) & mask
    return one ^ (moved << shift), other ^ moved


@_inlined
def _square(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> Any:
    """Eight rows of eight bytes as their columns (Hacker's Delight, 7-3)."""
    a, b = _mixed(a, b, _S8, _M8)
    c, d = _mixed(c, d, _S8, _M8)
    e, f = _mixed(e, f, _S8, _M8)
    g, h = _mixed(g, h, _S8, _M8)
    a, c = _mixed(a, c, _S16, _M16)
    b, d = _mixed(b, d, _S16, _M16)
    e, g = _mixed(e, g, _S16, _M16)
    f, h = _mixed(f, h, _S16, _M16)
    a, e = _mixed(a, e, _S32, _M32)
    b, f = _mixed(b, f, _S32, _M32)
    c, g = _mixed(c, g, _S32, _M32)
    d, h = _mixed(d, h, _S32, _M32)
    return a, b, c, d, e, f, g, h


@_exact
def _squares(words: Any, size: Any, turned: Any) -> None:
    """Bytes [positions, channels] as [channels, positions], eight by eight."""
    channels, step, some, pitch = size
    wide, line = channels // _WORD, pitch // _WORD
    for i in range(0, step, _WORD):
        for k in range(0, some, _WORD):
            at = i * wide + k // _WORD
            a, b, c, d, e, f, g, h = _square(
                words[at],
                words[at + wide],
                words[at + 2 * wide],
                words[at + 3 * wide],
                words[at + 4 * wide],
                words[at + 5 * wide],
                words[at + 6 * wide],
                words[at + 7 * wide],
            )
            to = k * line + i // _WORD
            turned[to], turned[to + line], turned[to + 2 * line], turned[to + 3 * line] = a, b, c, d
            to += 4 * line
            turned[to], turned[to + line], turned[to + 2 * line], turned[to + 3 * line] = e, f, g, h


@_exact
def _turned(address: Any, at: Any, size: Any, kind: Any, scale: Any, zero: Any, room: Any) -> None:
    """A tile of a tensor whose channels come last, from element ``at`` on, as float32 with positions last."""
    channels, step, some, pitch = size
    tile, words = room
    count = (step - 1) * channels + some
    if (kind in (UINT8, INT8)) and channels % _WORD == 0 and some % _WORD == 0:
        whole = step // _WORD * _WORD
        _squares(carray(_octets(address + at), (count // _WORD,), np.uint64), (channels, whole, some, pitch), words)
        turned = carray(_bytes(np.int64(words.ctypes.data)), (_WIDE * _LONG,), np.uint8)
        codes = carray(_bytes(address + at), (count,), np.uint8)
        for i in range(whole, step):
            for k in range(some):
                turned[k * pitch + i] = codes[i * channels + k]
        _decode(np.int64(words.ctypes.data), 0, some * pitch, kind, scale, zero, tile)
    elif kind == UINT8:
        _spread(carray(_bytes(address + at), (count,), np.uint8), size, scale, zero, tile)
    elif kind == INT8:
        _spread(carray(_signed(address + at), (count,), np.int8), size, scale, zero, tile)
    elif kind == UINT16:
        _spread(carray(_words(address + 2 * at), (count,), np.uint16), size, scale, zero, tile)
    elif kind == INT16:
        _spread(carray(_shorts(address + 2 * at), (count,), np.int16), size, scale, zero, tile)
    else:
        values = carray(_floats(address + 4 * at), (count,), _FLOAT)
        for k in range(0, some - 3, 4):  # a few side by side, so that a line of the cache is read once
            for i in range(step):
                place = i * channels + k
                tile[k * pitch + i] = values[place]
                tile[(k + 1) * pitch + i] = values[place + 1]
                tile[(k + 2) * pitch + i] = values[place + 2]
                tile[(k + 3) * pitch + i] = values[place + 3]
        for k in range(some // 4 * 4, some):
            for i in range(step):
                tile[k * pitch + i] = values[i * channels + k]


@_reordered
def _row(values: Any, others: Any, size: Any) -> Any:
    """Sums of squares, of products with the difference, of squared differences; peak and both ends as integers."""
    signal, dot, noise = _FLOAT(0), _FLOAT(0), _FLOAT(0)
    peak, least, most = _INT(0), _REST, ~_REST
    for i in range(size):
        value = values[i]
        apart = value - others[i]
        signal += value * value
        dot += value * apart
        noise += apart * apart
        peak = max(peak, bits_of(apart) & _REST)
        order = bits_of(value) ^ ((bits_of(value) >> _SIGN) & _REST)  # integers of the same order
        least, most = min(least, order), max(most, order)
    return signal, dot, noise, peak, least, most


@_exact
def _number(order: Any) -> Any:
    """The float that stands at a place in the order of :func:`_row`."""
    return float_of(order ^ ((order >> _SIGN) & _REST))


@_exact
def _beyond(values: Any, size: Any, low: Any, high: Any) -> Any:
    """How many values are beyond the ends of the grid."""
    found = _INT(0)
    for i in range(size):
        found = _INT(found + _INT(values[i] < low) + _INT(values[i] > high))
    return found


@_exact
def _usual(signal: Any, noise: Any, peak: Any) -> Any:
    """Whether float32 was wide enough for a sum of squares."""
    return signal < _HUGE and noise < _HUGE and (signal >= _TINY or signal == 0) and (noise >= _TINY or peak == 0)


@_exact
def _put(sums: Any, at: Any, found: Any, count: Any) -> None:
    """Add sums of so many elements."""
    signal, dot, noise, peak, least, most = found
    sums[at, SIGNAL] += signal
    sums[at, DOT] += dot
    sums[at, NOISE] += noise
    sums[at, COUNT] += count
    sums[at, PEAK] = _more(_DOUBLE(peak), sums[at, PEAK])
    sums[at, LOW] = _less(_DOUBLE(least), sums[at, LOW])
    sums[at, HIGH] = _more(_DOUBLE(most), sums[at, HIGH])


@_exact
def _careful(value: Any, other: Any, channel: Any, sums: Any, totals: Any, counts: Any, slot: Any) -> None:
    """Add one element in float64."""
    if np.isfinite(value) and np.isfinite(other):
        apart = value - other
        found = (value * value, value * apart, apart * apart, abs(apart), value, value)
        _put(sums, channel, found, 1)
        _put(totals, slot, found, 1)
    elif value == other or (np.isnan(value) and np.isnan(other)):
        counts[slot, SAME] += 1
    else:
        counts[slot, ODD] += 1


@_exact
def _block(values: Any, others: Any, size: Any, channel: Any, ends: Any, into: Any) -> None:
    """Add a block of one channel."""
    sums, totals, counts, slot = into
    signal, dot, noise, peak, low, high = _row(values, others, size)
    least, most = _number(low), _number(high)
    if _usual(signal, noise, peak):
        found = (_DOUBLE(signal), _DOUBLE(dot), _DOUBLE(noise), float_of(peak), least, most)
        _put(sums, channel, found, size)
        _put(totals, slot, found, size)
        if not (least >= ends[0] and most <= ends[1]):
            counts[slot, CLIPPED] += _beyond(values, size, ends[0], ends[1])
        return
    counts[slot, CLIPPED] += _beyond(values, size, ends[0], ends[1])
    for i in range(size):
        _careful(_DOUBLE(values[i]), _DOUBLE(others[i]), channel, sums, totals, counts, slot)


@_exact
def _rows(pair: Any, size: Any, grid: Any, first: Any, into: Any) -> None:
    """Sum up rows of one channel each."""
    address, other, kind = pair
    outer, channels, inner = size
    scale, zero, ends = grid
    made, at = np.empty(_BLOCK, _FLOAT), np.int64(0)
    for _ in range(outer):
        for channel in range(first, first + channels):
            for start in range(0, inner, _BLOCK):
                step = min(inner - start, _BLOCK)
                values = carray(_floats(address + 4 * at), (step,), _FLOAT)
                if kind == FLOAT32:
                    _block(values, carray(_floats(other + 4 * at), (step,), _FLOAT), step, channel, ends, into)
                else:
                    _decode(other, at, step, kind, scale, zero, made)
                    _block(values, made, step, channel, ends, into)
                at += step


@_exact
def _tiles(pair: Any, size: Any, grid: Any, first: Any, into: Any) -> None:
    """Sum up rows of one channel each, beside a tensor whose channels come last."""
    address, other, kind = pair
    outer, channels, inner = size
    scale, zero, ends = grid
    room = (np.empty(_WIDE * _LONG, _FLOAT), np.empty(_WIDE * _LINE, np.uint64))
    tile = np.int64(room[0].ctypes.data)
    for part in range(outer):
        for start in range(0, inner, _LONG):
            step = min(inner - start, _LONG)
            pitch = (step + _WORD - 1) // _WORD * _WORD
            for left in range(0, channels, _WIDE):
                some = min(channels - left, _WIDE)
                place = (part * inner + start) * channels + left
                _turned(other, place, (channels, step, some, pitch), kind, scale, zero, room)
                for k in range(some):
                    at = (part * channels + left + k) * inner + start
                    values = carray(_floats(address + 4 * at), (step,), _FLOAT)
                    others = carray(_floats(tile + 4 * k * pitch), (step,), _FLOAT)
                    _block(values, others, step, first + left + k, ends, into)


@_reordered
def _down(values: Any, others: Any, lanes: Any, own: Any, peaks: Any) -> None:
    """Sum up ``_DEEP`` rows of lanes that lie side by side."""
    signals, dots, noises, leasts, mosts = own[0], own[1], own[2], own[3], own[4]
    for i in range(lanes):
        signal, dot, noise, peak = signals[i], dots[i], noises[i], peaks[i]
        least, most = leasts[i], mosts[i]
        for k in range(_DEEP):
            value = values[k, i]
            apart = value - others[k, i]
            signal += value * value
            dot += value * apart
            noise += apart * apart
            peak = max(peak, bits_of(apart) & _REST)
            least, most = _less(value, least), _more(value, most)
        signals[i], dots[i], noises[i], peaks[i] = signal, dot, noise, peak
        leasts[i], mosts[i] = least, most


@_reordered
def _line(values: Any, others: Any, lanes: Any, own: Any, peaks: Any) -> None:
    """Sum up one row of lanes."""
    for i in range(lanes):
        value = values[i]
        apart = value - others[i]
        own[0, i] += value * value
        own[1, i] += value * apart
        own[2, i] += apart * apart
        own[3, i], own[4, i] = _less(value, own[3, i]), _more(value, own[4, i])
        peaks[i] = max(peaks[i], bits_of(apart) & _REST)


@_exact
def _sheet(pair: Any, at: Any, lanes: Any, rows: Any, grid: Any, made: Any, own: Any, peaks: Any) -> None:
    """Sum up rows of lanes from element ``at`` on."""
    address, other, kind = pair
    scale, zero, _ = grid
    own[:3] = 0
    own[3], own[4] = np.inf, -np.inf
    peaks[:] = 0
    row = 0
    while row < rows:
        deep = _DEEP if rows - row >= _DEEP else 1
        place, size = at + row * lanes, deep * lanes
        values = carray(_floats(address + 4 * place), (deep, lanes), _FLOAT)
        others = made[:size].reshape((deep, lanes))
        if kind == FLOAT32:
            others = carray(_floats(other + 4 * place), (deep, lanes), _FLOAT)
        else:
            _decode(other, place, size, kind, scale, zero, made)
        if deep == _DEEP:
            _down(values, others, lanes, own, peaks)
        else:
            _line(values[0], others[0], lanes, own, peaks)
        row += deep


@_exact
def _columns(pair: Any, size: Any, grid: Any, first: Any, into: Any) -> None:
    """Sum up channels that lie side by side."""
    sums, totals, counts, slot = into
    outer, channels, inner = size
    _, _, ends = grid
    width = channels * inner
    most = max(1, min(outer, _ABREAST // width)) * width
    made, own, peaks = np.empty(_DEEP * most, _FLOAT), np.empty((5, most), _FLOAT), np.empty(most, _INT)
    total, at = outer * width, np.int64(0)
    while at < total:
        lanes = most if total - at >= most else width
        rows = min((total - at) // lanes, _SHEET)
        _sheet(pair, at, lanes, rows, grid, made, own, peaks)
        clipped = False
        for lane in range(lanes):
            channel = first + lane // inner % channels
            clipped |= not (own[3, lane] >= ends[0] and own[4, lane] <= ends[1])
            if _usual(own[0, lane], own[2, lane], peaks[lane]):
                parts = _DOUBLE(own[0, lane]), _DOUBLE(own[1, lane]), _DOUBLE(own[2, lane])
                found = (*parts, float_of(peaks[lane]), own[3, lane], own[4, lane])
                _put(sums, channel, found, rows)
                _put(totals, slot, found, rows)
            else:
                clipped = True
                _lane(pair, at + lane, lanes, rows, grid, channel, into)
        if clipped:
            values = carray(_floats(pair[0] + 4 * at), (rows * lanes,), _FLOAT)
            counts[slot, CLIPPED] += _beyond(values, rows * lanes, ends[0], ends[1])
        at += rows * lanes


@_exact
def _lane(pair: Any, at: Any, lanes: Any, rows: Any, grid: Any, channel: Any, into: Any) -> None:
    """Add one lane element by element."""
    sums, totals, counts, slot = into
    address, other, kind = pair
    one = np.empty(1, _FLOAT)
    for row in range(rows):
        place = at + row * lanes
        _decode(other, place, 1, kind, grid[0], grid[1], one)
        value = carray(_floats(address + 4 * place), (1,), _FLOAT)[0]
        _careful(_DOUBLE(value), _DOUBLE(one[0]), channel, sums, totals, counts, slot)


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


@_exact
def _count(pair: Any, size: Any, grid: Any, bins: Any, place: Any, made: Any, held: Any) -> None:
    """Count short runs of both tensors; which of the other's elements belongs to which makes no difference."""
    address, other, kind = pair
    many, step = np.int64(place[BINS_MANY]), np.int64(place[BINS_STEP])
    scale, first, last = _FLOAT(place[BINS_SCALE]), _INT(place[BINS_FIRST]), _INT(many - 1)
    own = carray(_doubles(bins), (2, many), _DOUBLE)
    for at in range(0, size, step):
        some = min(RUN, size - at)
        _bin(carray(_floats(address + 4 * at), (some,), _FLOAT), some, scale, first, last, 0, held, own)
        _decode(other, at, some, kind, grid[0], grid[1], made)
        _bin(made, some, scale, first, last, 1, held, own)


def measure(
    addresses: Any,
    others: Any,
    kinds: Any,
    grids: Any,
    sizes: Any,
    firsts: Any,
    sums: Any,
    totals: Any,
    counts: Any,
    bins: Any,
    places: Any,
) -> None:
    """Add one sample of many tensors; what is counted and where is in :mod:`.layout`.

    Args:
        addresses: [tensors] of the float model's float32 elements in C order.
        others: [tensors] addresses of the other elements, in the same order or with channels last.
        kinds: [tensors] what the others are.
        grids: [tensors, 4] scale, zero point, least and greatest real of the grid; infinite where there is none.
        sizes: [tensors, 3] elements before, along and after the channel axis, none of them 0.
        firsts: [tensors] where each tensor's channels begin in the sums.
        sums: [channels of all, rows] to add to.
        totals: [tensors, rows] of this sample alone, to add to.
        counts: [tensors, 4] likewise.
        bins: [tensors] addresses of float64 counts [2, bins] to add to, or 0.
        places: [tensors, 4] bins per unit, number of the first bin, number of bins, from which to which element the
            runs that are counted begin. A tensor that reaches beyond its bins is not counted.
    """
    made, held = np.empty(RUN, _FLOAT), np.empty(RUN, _INT)
    for slot in range(len(addresses)):
        kind, crossed = kinds[slot] % CROSSED, kinds[slot] >= CROSSED
        pair = (addresses[slot], others[slot], kind)
        size = (sizes[slot, 0], sizes[slot, 1], sizes[slot, 2])
        ends = (_FLOAT(grids[slot, GRID_LOW]), _FLOAT(grids[slot, GRID_HIGH]))
        grid = (_FLOAT(grids[slot, SCALE]), _INT(grids[slot, ZERO]), ends)
        into = (sums, totals, counts, slot)
        if crossed:
            _tiles(pair, size, grid, firsts[slot], into)
        elif size[1] > 1 and size[2] < _SHORT:
            _columns(pair, size, grid, firsts[slot], into)
        else:
            _rows(pair, size, grid, firsts[slot], into)
        if bins[slot] != 0:
            place = places[slot]
            low, high = totals[slot, LOW] * place[BINS_SCALE], totals[slot, HIGH] * place[BINS_SCALE]
            if low >= place[BINS_FIRST] and high < place[BINS_FIRST] + place[BINS_MANY]:
                _count(pair, size[0] * size[1] * size[2], grid, bins[slot], place, made, held)
                counts[slot, COUNTED] = 1


def count(addresses: Any, others: Any, kinds: Any, grids: Any, sizes: Any, bins: Any, places: Any) -> None:
    """Only count elements into bins, as :func:`measure` does; all bins are there and wide enough."""
    made, held = np.empty(RUN, _FLOAT), np.empty(RUN, _INT)
    for slot in range(len(addresses)):
        pair = (addresses[slot], others[slot], kinds[slot] % CROSSED)
        ends = (_FLOAT(grids[slot, GRID_LOW]), _FLOAT(grids[slot, GRID_HIGH]))
        grid = (_FLOAT(grids[slot, SCALE]), _INT(grids[slot, ZERO]), ends)
        size = sizes[slot, 0] * sizes[slot, 1] * sizes[slot, 2]
        _count(pair, size, grid, bins[slot], places[slot], made, held)


class Kernel(NamedTuple):
    """The two functions as machine code."""

    measure: Any
    count: Any


def built() -> Kernel:
    """``measure`` and ``count`` as machine code, from the cache on disk where there is one."""
    options = {"nogil": True, "error_model": "numpy"}
    loops = ((SIGNATURE, measure), (COUNT_SIGNATURE, count))
    try:
        made = [njit(kind, cache=True, **options)(loop) for kind, loop in loops]
    except Exception:  # noqa: BLE001 - no folder to write to, or what it holds is broken
        made = [njit(kind, **options)(loop) for kind, loop in loops]
    return Kernel(*made)
