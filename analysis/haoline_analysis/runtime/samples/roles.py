"""What each input of a model is for, told from its name, its type and what reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.runtime.samples.layouts import layout_of, role_of
from haoline_analysis.shapes.roles import PAST

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples.ports import Port

_NAMED: tuple[tuple[str, str], ...] = (
    ("flag", r"use_cache|is_training|training_mode"),
    ("mask", r"mask"),
    ("positions", r"pos(ition)?_?ids?|position|cache_position"),
    ("token_types", r"token_?type|segment"),
    ("lengths_less_one", r"seqlens_k"),
    ("total", r"total_(seq(uence)?_?)len"),
    ("timestep", r"time_?steps?$|^t$"),
    ("lengths", r"len(gth)?s?$|^lens?_"),
    ("ids", r"ids|tokens?$|words?"),
)
_INDEXED = frozenset({"timestep", "lengths"})
"""Roles of short names, which are ids where the input indexes a table."""

_PAST = re.compile(r"past|cache|key_values|\bkv\b|mem(s|ory)", re.IGNORECASE)
_AUDIO = re.compile(r"audio|wave|speech|signal|input_values|samples", re.IGNORECASE)


def role_of_port(port: Port, *, indexes: bool) -> str:
    """What an input is for; ``indexes``: whether it indexes a table.

    One of: flag, mask, positions, token_types, lengths, lengths_less_one, total, timestep, ids, past, picture, audio,
    text, integers, numbers.
    """
    name = port.name.split(":", 1)[0].lower()
    if port.dtype == "string":
        return "text"
    if port.is_float:
        return _float_role(port, name)
    named = next((role for role, pattern in _NAMED if re.search(pattern, name)), "")
    if named and not (indexes and named in _INDEXED):
        return named
    if port.dtype == "bool":
        return "mask"
    if port.shape is not None and layout_of(port):
        return "picture"
    return "ids" if indexes else "integers"


def _float_role(port: Port, name: str) -> str:
    if _PAST.search(name) or any(role_of(dim) is PAST for dim in port.shape or ()):
        return "past"
    if re.search(r"mask", name):
        return "mask"
    if re.search(r"time_?steps?$", name):
        return "timestep"
    if layout_of(port):
        return "picture"
    return "audio" if _AUDIO.search(name) else "numbers"
