"""What a log of trtexec, of the builder or of the engine inspector tells of an engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError
from haoline_analysis.formats.tensorrt import bounded_json as checked
from haoline_analysis.formats.tensorrt.layer_text import read_line
from haoline_analysis.formats.tensorrt.layers import MAX_LAYERS, Layer, read_layers
from haoline_analysis.formats.tensorrt.profile import Profile, printed_profile
from haoline_analysis.formats.tensorrt.statements import MAX_ENTRIES, MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STAMP = re.compile(r"^(?:\[\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\] )?(?:\[(?:TRT|[VIWEF])\] ?){0,3}")
_SECTION = re.compile(r"^=== ([\w ]{1,60}) ===$")
_VERSION = re.compile(
    r"TensorRT version: (\d[\d.]{0,30})|\[TensorRT v(\d{4,8})\]|libnvinfer\w{0,40}\.so\.(\d[\d.]{0,30})"
)
_MEMORY = re.compile(
    r"^(Total Activation|Total Weights|Max Scratch|Total Device Persistent|Total Host Persistent) Memory: (\d{1,18})"
)
_OPEN = re.compile(r'\{\s*"Layers"\s*:')
_NONE = ("", "Disabled", "default", "model")


@dataclass(eq=False)
class Log:
    """What was found in a log; everything may be missing."""

    layers: list[Layer] = field(default_factory=list)
    bindings: list[str] = field(default_factory=list)
    engines: int = 0  # engines that it lists; the last of the most detailed is kept
    profile: Profile | None = None
    version: str | None = None
    builder: dict[str, Any] = field(default_factory=dict)
    device: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)  # bytes


def read_log(text: str) -> Log:
    """Everything a log tells.

    Raises:
        ModelError: if what it holds of an engine is malformed.
    """
    lines = [_STAMP.sub("", line, count=1) for line in text.split("\n")]
    found = Log(profile=printed_profile(lines), version=_version(text))
    for layers, bindings in _engines(text, lines):
        found.engines += 1
        if _detail(layers) >= _detail(found.layers):
            found.layers, found.bindings = layers, bindings
    sections = _sections(lines)
    found.builder = {**sections.get("Model Options", {}), **sections.get("Build Options", {})}
    found.device = _device(sections.get("Device Information", {}))
    for line in lines:
        if mark := _MEMORY.match(line):
            name = mark.group(1).lower().replace("total ", "").replace("max ", "").replace(" ", "_")
            found.memory[f"{name}_bytes"] = int(mark.group(2))
    return found


def _version(text: str) -> str | None:
    """``10.16.1``; trtexec also writes ``101601``, two digits a part."""
    mark = _VERSION.search(text)
    if mark is None:
        return None
    plain, packed, library = mark.groups()
    if packed is None:
        return plain or library
    number = int(packed)
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _detail(layers: Sequence[Layer]) -> int:
    """0 without layers, 1 for names and tensors, 2 for parameters too."""
    return (1 if layers else 0) + any(len(layer.attributes) > 1 for layer in layers)


def _engines(text: str, lines: Sequence[str]) -> Iterator[tuple[list[Layer], list[str]]]:
    """The engines a log lists in text, then those it holds as JSON."""
    yield from _printed(lines)
    decoder = checked.decoder()
    stop = 0
    for mark in _OPEN.finditer(text):
        if mark.start() < stop:  # inside the one before
            continue
        value, stop = checked.first_value(text, mark.start(), "layer information", decoder)
        yield read_layers(value.get("Layers")), names_of(value.get("Bindings", []))


def names_of(value: Any) -> list[str]:
    """The bindings: names of the engine's inputs and outputs.

    Raises:
        MalformedModelError: if they are no list of names.
    """
    return [checked.text(name, "a binding") for name in checked.listing(value, "Bindings")]


def _printed(lines: Sequence[str]) -> Iterator[tuple[list[Layer], list[str]]]:
    layers: list[Layer] = []
    row = 0
    while row < len(lines):
        layer = read_line(lines[row])
        row += 1
        if layer is not None:
            layers.append(layer)
            if len(layers) > MAX_LAYERS:
                raise LimitError(f"the log lists more than {MAX_LAYERS:,} layers")
        elif layers:
            bindings, row = _printed_bindings(lines, row - 1)
            yield layers, bindings
            layers = []
    if layers:
        yield layers, []


def _printed_bindings(lines: Sequence[str], row: int) -> tuple[list[str], int]:
    """The names after ``Bindings:``, which follows the layers after an empty line, and the row behind them."""
    while row < len(lines) and not lines[row].strip():
        row += 1
    if row >= len(lines) or lines[row].strip() != "Bindings:":
        return [], row
    stop = row + 1
    while stop < len(lines) and lines[stop].strip() and not lines[stop].startswith("["):
        stop += 1
    return [line.strip() for line in lines[row + 1 : stop]], stop


def _sections(lines: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Options by section of trtexec's preamble; those that say nothing are left out."""
    found: dict[str, dict[str, Any]] = {}
    current: dict[str, Any] | None = None
    for line in lines:
        mark = _SECTION.match(line)
        if mark is not None:
            current = found.setdefault(mark.group(1), {})
        elif not line.strip():
            current = None
        elif current is not None and len(current) < MAX_ENTRIES:
            key, _, value = line.partition(": ")
            if value.strip() not in _NONE and key != "Output":
                current[key.strip()[:MAX_TEXT]] = value.strip()[:MAX_TEXT]
    for options in found.values():
        if "Model" in options:
            options["Model"] = options["Model"].replace("\\", "/").rsplit("/", 1)[-1]
    return found


def _device(options: dict[str, Any]) -> dict[str, Any]:
    kept = {"Selected Device": "name", "Compute Capability": "compute_capability", "SMs": "multiprocessors"}
    return {name: options[key] for key, name in kept.items() if key in options}
