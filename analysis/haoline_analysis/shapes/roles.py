"""What a dim stands for, told from its name or its place, and the size it gets when nobody says."""

from __future__ import annotations

import re
from typing import NamedTuple

INTEGERS = frozenset({"int64", "int32"})


class Role(NamedTuple):
    """A meaning of dims with its default size."""

    name: str
    size: int
    why: str


BATCH = Role("batch", 1, "batch dimensions default to 1")
SEQUENCE = Role("sequence", 128, "sequence lengths default to 128")
PAST = Role("past", 0, "a key/value cache starts empty")
TOTAL = Role("total", 128, "the past and the new sequence together")
HEIGHT = Role("height", 224, "image heights default to 224")
WIDTH = Role("width", 224, "image widths default to 224")
CHANNELS = Role("channels", 3, "image channels default to 3")
FRAMES = Role("frames", 16, "frame counts default to 16")
SAMPLES = Role("samples", 16000, "audio defaults to one second at 16 kHz")
OTHER = Role("other", 1, "dimensions of unknown meaning default to 1")

_PATTERNS: tuple[tuple[str, Role], ...] = (
    (r"(n|b|bs|bsz|nb)|.*batch.*|num_images?", BATCH),
    (r".*(hidden|head|embed|feature|vocab|class|_dim$).*", OTHER),
    (r".*total.*|tot|kv_(seq_?)?len.*|.*\+.*", TOTAL),
    (r".*(past|cache).*(seq|len|size).*|past|past_?kv|kv_cache|.*past_?seq.*", PAST),
    (r".*seq.*|s|l|t|len|length|(num_)?tokens?|token_count|enc|dec|.*_len(gth)?|.*_tokens", SEQUENCE),
    (r"height|.*_height|img_h|image_h", HEIGHT),
    (r"width|.*_width|img_w|image_w", WIDTH),
    (r"ch|channels?|(num|in|input|image)_channels", CHANNELS),
    (r".*frames?|time(_?steps?)?|depth", FRAMES),
    (r".*(samples?|audio|wave(form)?|signal).*", SAMPLES),
)


_LETTERS = {"c": CHANNELS, "h": HEIGHT, "w": WIDTH}
"""What single letters mean in an input of three or more dims."""

_MEANINGLESS = re.compile(r"(unk|dim|axis|s|d|u|dyn|dynamic|none|null|.*_dim|.*_axis)?_*\d*|\?|-1|.*[^a-z0-9_].*")
"""Names that exporters make up: only the place tells what they stand for."""


def role_of_name(name: str, rank: int) -> Role | None:
    """The role that a symbol's name tells in an input of ``rank`` dims, None where a tool made the name up."""
    lowered = name.lower()
    if lowered in _LETTERS:
        return _LETTERS[lowered] if rank > 2 else OTHER
    known = next((role for pattern, role in _PATTERNS if re.fullmatch(pattern, lowered)), None)
    return known or (None if _MEANINGLESS.fullmatch(lowered) else OTHER)


def role_of_place(axis: int, shape: tuple[int | str | None, ...], dtype: str) -> Role:
    """The role that a dim's place in its input tells: NCHW images, (batch, sequence[, feature])."""
    rank = len(shape)
    if axis == 0:
        return BATCH
    if rank == 4 and dtype not in INTEGERS:
        return _image_role(axis, shape)
    if rank == 5 and dtype not in INTEGERS:
        return (CHANNELS, FRAMES, HEIGHT, WIDTH)[axis - 1]
    if axis == 1 and (rank == 3 or (rank == 2 and dtype in INTEGERS)):
        return SEQUENCE
    return OTHER


def _image_role(axis: int, shape: tuple[int | str | None, ...]) -> Role:
    channels_last = shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4)
    order = (HEIGHT, WIDTH, CHANNELS) if channels_last else (CHANNELS, HEIGHT, WIDTH)
    return order[axis - 1]
