"""The types and memory layouts of engine tensors, from the words that TensorRT has for them.

TensorRT 8 writes prose (``Thirty-two wide channel vectorized row major Int8 format``), TensorRT 10 and 11 a type alone
(``Half``) or the prose. Layouts are named as ``nvinfer1::TensorFormat`` names them: ``CHW``, ``CHW32``, ``HWC8``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

ELEMENTS = {
    "float": "float32",
    "fp32": "float32",
    "tf32": "float32",
    "half": "float16",
    "fp16": "float16",
    "bf16": "bfloat16",
    "bfloat16": "bfloat16",
    "bfloat": "bfloat16",
    "fp8": "float8_e4m3fn",
    "e8m0": "float8_e8m0",
    "fp4": "float4_e2m1",
    "int4": "int4",
    "int8": "int8",
    "uint8": "uint8",
    "int32": "int32",
    "int64": "int64",
    "bool": "bool",
}
"""Our names of the element types, by TensorRT's in lower case."""

SHORT = {
    "float32": "FP32",
    "float16": "FP16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "FP8",
    "float8_e8m0": "E8M0",
    "float4_e2m1": "FP4",
    "int4": "INT4",
    "int8": "INT8",
    "uint8": "UINT8",
    "int32": "INT32",
    "int64": "INT64",
    "bool": "BOOL",
}
"""Precisions as people call them."""

_WIDTHS = {"two": 2, "four": 4, "eight": 8, "sixteen": 16, "thirty-two": 32, "sixty-four": 64}
_WIDE = re.compile(r"([\w-]+?) wide channel vectorized")
_MULTIPLE = re.compile(r"(?:channel|C) % (\d+)")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_SHORT_FORM = re.compile(r"(\w+)(?::(\d+))?$")


class Layout(NamedTuple):
    """A tensor's element type and order in memory; None where the words do not tell."""

    dtype: str | None
    order: str | None

    def __str__(self) -> str:
        """``FP16 HWC8``."""
        return " ".join(part for part in (precision(self.dtype), self.order) if part)


def precision(dtype: str | None) -> str | None:
    """``FP16`` for ``float16``."""
    return None if dtype is None else SHORT.get(dtype, dtype.upper())


def element_type(word: str) -> str | None:
    """Our name of an element type of TensorRT's (``Half``, ``Int8``); None for one that is not known."""
    return ELEMENTS.get(word.strip().lower())


@lru_cache(maxsize=4096)
def read_layout(words: str) -> Layout:
    """What a ``Format/Datatype`` says."""
    short = _SHORT_FORM.match(words.strip())
    if short is not None:
        width = short.group(2)
        return Layout(element_type(short.group(1)), f"CHW{width}" if width else None)
    types = (element_type(word) for word in _WORD.findall(words))
    return Layout(next((found for found in types if found), None), _order(words))


def _order(words: str) -> str | None:
    lower = words.lower()
    volume = "D" if "3 spatial dimensions" in lower else ""
    wide = _WIDE.search(lower)
    if wide is not None:
        width = _WIDTHS.get(wide.group(1))
        return f"C{volume}HW{width}" if width else None
    if "channel major" in lower:
        multiple = _MULTIPLE.search(words)
        return f"{volume}HWC{multiple.group(1) if multiple else ''}"
    return "CHW" if "row major" in lower else None
