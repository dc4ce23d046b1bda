"""The names of ONNX nodes that a layer says it was made from.

TensorRT names a fused layer after what it fused. The forms, as engines of TensorRT 8 to 11 show them:

=======================================================  ====================================================
``Conv_9 + Relu_10``                                     fused one after the other
``Conv_3 + Relu_4 || Conv_0 + Relu_1``                   merged side by side
``PWN(Sigmoid_5, Mul_6)``, ``PWN(PWN(Sigmoid_5), …)``    a pointwise network
``conv1.weight + QuantizeLinear_7 + Conv_9``             with a weight quantized at build time
``{ForeignNode[a...b]}``                                 a region compiled by Myelin, from a to b
``Reformatting CopyNode for Input Tensor 0 to …``        a change of layout or type in front of a layer
``concat_out copy``, ``reshape_after_Gemm_48``           helpers of the builder
``(Unnamed Layer* 306) [Shuffle]``, ``ONNXTRT_…``        helpers of the ONNX parser
``node_linear_myl4_0``, ``__myl_MulSum_myl4_1``          kernels of a Myelin region
``… [profile 1]``                                        the copy for another optimization profile
=======================================================  ====================================================

Since TensorRT 8.6 a layer's ``Metadata`` names its nodes: ``[ONNX Layer: a]``, joined by the separators U+001E and
U+001F.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

OPS, REFORMAT, COPY, HELPER, KERNEL = "ops", "reformat", "copy", "helper", "kernel"
"""What a name is of: ops of the model; a change of layout; a copy; the builder's own shape op; a Myelin kernel."""

_STATED = "[ONNX Layer: "
_ENDS = ("]\x1e", "]\x1f", "][")
_PROFILE = re.compile(r" \[profile (\d{1,9})\]")
_MYELIN = re.compile(r"_myl\d{1,9}_\d{1,9}$")
_HELPER = re.compile(
    r"^(?:copied_)*(?:(?:squeeze|unsqueeze_node|unsqueeze|reshape|shuffle|transpose|cast)_(?:after|before|between)_)+"
)
_REFORMAT = re.compile(r"^Reformatting CopyNode for (?:Network )?(?:Input|Output)(?: Tensor \d{1,6} to)? ")
_JOINS = re.compile(r" (?:\+|\|\|) ")
_REGION = re.compile(r"^\{ForeignNode\[(.*)\]\}$", re.DOTALL)
_PARSER_MADE = ("(Unnamed Layer* ", "ONNXTRT_", "__my", "constant_fold_")


class SourceNames(NamedTuple):
    """What a layer's name and metadata say it was made from."""

    names: tuple[str, ...]  # of nodes, and of weights that are part of it
    regions: tuple[tuple[str, str], ...] = ()  # first and last node of a region
    kind: str = OPS
    stated: bool = False  # by metadata, rather than read off the name
    profile: int = 0  # optimization profile it is the copy for

    def __bool__(self) -> bool:
        """Whether anything is named."""
        return bool(self.names or self.regions)


def source_names(name: str, metadata: str = "") -> SourceNames:
    """What a layer was made from, by its metadata where there is any, else by its name."""
    named = _read_name(name)
    stated = onnx_layers(metadata)
    if not stated:
        return named
    return named._replace(names=stated, regions=(), stated=True)


def onnx_layers(metadata: str) -> tuple[str, ...]:
    """The nodes that a ``Metadata`` names, each once."""
    found = []
    for part in metadata.split(_STATED)[1:]:
        name = part.rstrip("\x1e\x1f").removesuffix("]")
        for end in _ENDS:
            name = name.partition(end)[0]
        if name:
            found.append(name)
    return tuple(dict.fromkeys(found))


def without_profile(name: str) -> tuple[str, int]:
    """A name without the mark of its optimization profile, and the profile (0: the first)."""
    mark = _PROFILE.search(name)
    return (_PROFILE.sub("", name), int(mark.group(1))) if mark else (name, 0)


@lru_cache(maxsize=65536)
def _read_name(name: str) -> SourceNames:
    plain, profile = without_profile(name)
    kind = OPS
    mark = _REFORMAT.match(plain)
    if mark is not None:
        plain, kind = plain[mark.end() :], REFORMAT
    elif plain.endswith(" copy"):
        plain, kind = plain.removesuffix(" copy"), COPY
    names: list[str] = []
    regions: list[tuple[str, str]] = []
    for part in _parts(plain):
        region = _REGION.match(part)
        if region is not None:
            first, _, last = region.group(1).partition("...")
            regions.append((first, last or first))
            continue
        bare = _HELPER.sub("", part)
        if bare != part and kind == OPS and not names:
            kind = HELPER
        without = _MYELIN.sub("", bare)
        if without != bare and kind == OPS:
            kind = KERNEL
        if without and not without.startswith(_PARSER_MADE):
            names.append(without)
    return SourceNames(tuple(dict.fromkeys(names)), tuple(regions), kind, False, profile)


def _parts(name: str) -> list[str]:
    """The names joined by ``+``, ``||`` and, inside ``PWN(…)``, by commas."""
    if "PWN(" not in name:
        return [part for word in _JOINS.split(name) if (part := word.strip())]
    parts: list[str] = []
    current: list[str] = []
    open_brackets: list[bool] = []  # whether each belongs to a PWN
    networks = at = 0
    while at < len(name):
        if name.startswith("PWN(", at):
            open_brackets.append(True)
            networks += 1
            at += 4
            continue
        step = _separator(name, at, networks > 0)
        if step:
            parts.append("".join(current))
            current = []
            at += step
            continue
        character = name[at]
        at += 1
        if character == "(":
            open_brackets.append(False)
        elif character == ")" and open_brackets and open_brackets.pop():
            networks -= 1
            continue
        current.append(character)
    parts.append("".join(current))
    return [part.strip() for part in parts if part.strip()]


def _separator(name: str, at: int, in_network: bool) -> int:
    """Length of the separator that begins here, 0 for none."""
    if name.startswith(" + ", at):
        return 3
    if name.startswith(" || ", at):
        return 4
    return 2 if in_network and name.startswith(", ", at) else 0
