"""Numbers and names as people read them; a number that is not known reads ``n/a``."""

from __future__ import annotations

import math
import re
from typing import Any

UNKNOWN = "n/a"
TIMES = "\N{MULTIPLICATION SIGN}"
_SI = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
# C0 and C1 controls (terminal escapes), line separators, and the marks that reverse or hide text.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPE = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|.)?")

_LOOKED_AT = 10
"""How far beyond the limit text is cleaned: names of megabytes are cut before."""


def plain(text: object, limit: int = 400) -> str:
    """One line without control, escape or direction marks, cut at ``limit`` characters."""
    whole = str(text)
    cleaned = _CONTROL.sub(" ", _ESCAPE.sub("", whole[: _LOOKED_AT * limit]))
    cut = len(cleaned) > limit or len(whole) > _LOOKED_AT * limit
    return cleaned[: limit - 1] + "…" if cut else cleaned


def known(value: Any) -> bool:
    """Whether a value is there: not None, NaN or pandas' NA."""
    if value is None or type(value).__name__ == "NAType":
        return False
    return not (isinstance(value, float) and math.isnan(value))


def digits(value: float) -> str:
    """Three significant digits without an exponent or trailing zeros: ``4.09``, ``25.6``, ``128``."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: Any, unit: str = "") -> str:
    """A count with an SI prefix: ``25.6 M``, ``4.09 GMAC``."""
    if not known(value):
        return UNKNOWN
    for scale, prefix in _SI:
        # 999,500 rounds to three digits as 1 M, not as 1000 k.
        if abs(value) >= scale * 0.9995:
            return f"{digits(value / scale)} {prefix}{unit}"
    return f"{digits(float(value))} {unit}".rstrip()


def nbytes(value: Any) -> str:
    """Bytes with a binary prefix: ``97.5 MiB``."""
    if not known(value):
        return UNKNOWN
    size, prefix = float(value), 0
    while abs(size) >= 1023.5 and prefix < len(_BINARY) - 1:
        size, prefix = size / 1024, prefix + 1
    return f"{digits(size)} {_BINARY[prefix]}"


def duration(microseconds: Any) -> str:
    """A time given in microseconds: ``850 ns``, ``12.3 µs``, ``1.2 ms``, ``2.1 s``."""
    if not known(microseconds):
        return UNKNOWN
    for scale, unit in ((1e6, "s"), (1e3, "ms"), (1.0, "µs")):
        if abs(microseconds) >= scale * 0.9995:
            return f"{digits(microseconds / scale)} {unit}"
    return f"{digits(microseconds * 1e3)} ns"


def percent(fraction: Any) -> str:
    """A fraction as a percentage: ``43.1 %``."""
    return f"{digits(fraction * 100)} %" if known(fraction) else UNKNOWN


def number(value: Any, unit: str = "") -> str:
    """A value by the unit of its column."""
    if unit == "B":
        return nbytes(value)
    if unit == "us":
        return duration(value)
    if unit == "%":
        return percent(value)
    return count(value, unit if unit == "FLOP/B" else "")
