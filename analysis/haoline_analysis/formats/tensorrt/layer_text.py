"""Layers as TensorRT prints them in logs: a line for each, in one of two forms.

``Name: …, LayerType: …, Inputs: [ { Name: …, Dimensions: […], Format/Datatype: … }], Outputs: […], …`` is the engine
inspector's; ``Layer(CaskConvolution): …, Tactic: 0x…, x (Float[1,3,8,8]) -> y (Float[1,8,8,8])`` the builder's.
"""

from __future__ import annotations

import json
import re
from typing import Any

from haoline_analysis.formats.tensorrt.layers import Layer, Value, read_layer
from haoline_analysis.formats.tensorrt.layouts import Layout, element_type

INSPECTED = "Name: "
BUILT = "Layer("

_KEY = re.compile(r"(?:^|, )([A-Z][A-Za-z0-9]*): ?")
_TENSOR = re.compile(r"(\w{1,32})[\[(]([-0-9,:]{0,400})[\])][\])](?:, |$)")
_SIZE = re.compile(r"-?[0-9]{1,18}")
_HAS_LISTS = ", Inputs: ["


def read_line(line: str) -> Layer | None:
    """The layer of a line; None for a line that is none."""
    if line.startswith(INSPECTED) and ", LayerType: " in line:
        return _inspected(line)
    if line.startswith(BUILT) and "): " in line:
        return _built(line)
    return None


def _inspected(line: str) -> Layer:
    name, _, rest = line.removeprefix(INSPECTED).partition(", LayerType: ")
    kind, _, rest = rest.partition(_HAS_LISTS)
    inputs, _, rest = rest.partition("], Outputs: [")
    outputs, after = _split_outputs(rest)
    entry: dict[str, Any] = {"Name": name, "LayerType": kind.partition(",")[0], **_attributes(after)}
    entry |= {"Inputs": _ports(inputs), "Outputs": _ports(outputs)}
    return read_layer(entry, f"the layer {name[:80]!r}")


def _split_outputs(rest: str) -> tuple[str, str]:
    """The text inside the list of outputs, and what follows it."""
    if rest.startswith("]"):
        return "", rest[1:].removeprefix(", ")
    inside, _, after = rest.partition("}]")
    return f"{inside}}}", after.removeprefix(", ")


def _ports(text: str) -> list[dict[str, Any]]:
    found = []
    for part in text.split("{ Name: ")[1:]:
        name, _, rest = part.rpartition(", Dimensions: [")
        dims, _, words = rest.partition("], Format/Datatype: ")
        name, _, location = name.partition(", Location: ")
        words = words.rstrip(", ").rstrip("}").strip()
        found.append({"Name": name, "Location": location, "Dimensions": _sizes(dims), "Format/Datatype": words})
    return found


def _sizes(text: str) -> list[int]:
    """The numbers between commas; ``32:4`` is 32 channels in vectors of four."""
    marks = [_SIZE.match(dim.strip()) for dim in text.split(",")]
    return [int(mark.group()) for mark in marks if mark is not None]


def _attributes(text: str) -> dict[str, Any]:
    """``Key: value`` pairs; lists, objects and numbers are parsed, everything else is text."""
    marks = list(_KEY.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return {mark.group(1): _typed(mark.group(1), text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)}


def _typed(key: str, text: str) -> Any:
    if key == "Metadata" or len(text) > 10_000 or not re.match(r"-?\d|[\[{]", text):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _built(line: str) -> Layer:
    kind, _, rest = line.removeprefix(BUILT).partition("): ")
    name, tactic_there, rest = rest.partition(", Tactic: ")
    tactic, _, tensors = rest.partition(", ")
    reads, _, makes = tensors.partition(" -> ")
    attributes = {"TacticValue": tactic} if tactic_there else {}
    return Layer(name, kind, _tensors(reads), _tensors(makes), attributes=attributes)


def _tensors(text: str) -> tuple[Value, ...]:
    found, start = [], 0
    for mark in _TENSOR.finditer(text):
        name = text[start : mark.start()].removesuffix("[").removesuffix("(").rstrip()
        shape = tuple(None if size < 0 else size for size in _sizes(mark.group(2)))
        found.append(Value(name, shape, mark.group(1), Layout(element_type(mark.group(1)), None)))
        start = mark.end()
    return tuple(found)
