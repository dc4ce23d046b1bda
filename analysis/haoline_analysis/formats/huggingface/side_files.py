"""The small JSON files beside a checkpoint: config, generation, quantization, chat template."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.huggingface.inside import find_inside
from haoline_analysis.formats.safetensors.scan import Scanner
from haoline_analysis.formats.storage import FileStorage
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 4 << 20
"""Configurations with a label for each of ten thousand classes are the largest: half a megabyte."""
MAX_TEMPLATE = 20_000
"""Characters of a chat template that are shown."""
_SHOWN_ITEMS = 64
_SHOWN_TEXT = 2_000

_QUANTIZATION = ("hf_quant_config.json", "quantize_config.json", "quant_config.json")


@dataclass(slots=True)
class SideFiles:
    """What is beside; an absent file is an empty mapping."""

    config: dict[str, Any] = field(default_factory=dict)
    generation: dict[str, Any] = field(default_factory=dict)
    quantization: dict[str, dict[str, Any]] = field(default_factory=dict)  # by file name
    chat_template: str | None = None
    gaps: list[Gap] = field(default_factory=list)


def read_side_files(folder: Path) -> SideFiles:
    """Read what is there; a file that cannot be read is a gap."""
    found = SideFiles()
    found.config = _object(folder, "config.json", found.gaps) or _object(folder, "adapter_config.json", found.gaps)
    found.generation = _object(folder, "generation_config.json", found.gaps)
    for name in _QUANTIZATION:
        read = _object(folder, name, found.gaps)
        if read:
            found.quantization[name] = read
    found.chat_template = _template(folder, found.gaps)
    return found


def _object(folder: Path, name: str, gaps: list[Gap]) -> dict[str, Any]:
    try:
        value = read_json(folder, name)
    except ModelError as error:
        gaps.append(Gap(f"{name} is not used: {error}"))
        return {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        gaps.append(Gap(f"{name} is not used: it holds no JSON object."))
        return {}
    return value


def read_json(folder: Path, name: str) -> Any:
    """The value in a small JSON file of the folder; None if there is no such file.

    Raises:
        ModelError: if it is too large, no JSON, nests too deep, or is outside the folder.
    """
    text = read_text(folder, name)
    if text is None:
        return None
    return parse_json(text.encode(), name)


def parse_json(data: bytes, what: str) -> Any:
    """The value of a JSON text that has been bounded in size.

    Raises:
        ModelError: if it is no JSON, or nests deeper than a scanner goes.
    """
    Scanner(data, what).skip()
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"it is no valid JSON: {error}") from error


def read_text(folder: Path, name: str) -> str | None:
    """The text of a small file of the folder; None if there is no such file.

    Raises:
        ModelError: if it is larger than ``MAX_BYTES``, or outside the folder.
    """
    path = find_inside(folder, name)
    if path is None:
        return None
    storage = FileStorage(path)
    if storage.size > MAX_BYTES:
        raise ModelError(f"it has {storage.size:,} bytes, more than the {MAX_BYTES:,} that are read")
    return storage.read(0, storage.size).tobytes().decode("utf-8-sig", errors="replace") if storage.size else ""


def _template(folder: Path, gaps: list[Gap]) -> str | None:
    """The chat template, as text; it is never rendered."""
    try:
        text = read_text(folder, "chat_template.jinja")
    except ModelError:
        text = None
    if text is None:
        text = _template_in(_object(folder, "tokenizer_config.json", gaps).get("chat_template"))
    return None if text is None else text[:MAX_TEMPLATE]


def _template_in(value: Any) -> str | None:
    if isinstance(value, list):  # several, by name
        named = {item.get("name"): item.get("template") for item in value if isinstance(item, dict)}
        value = named.get("default", next(iter(named.values()), None))
    return value if isinstance(value, str) else None


def trimmed(value: Any, depth: int = 0) -> Any:
    """A JSON value short enough to show: long lists, texts and deep levels are cut, and say so."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_TEXT else value[:_SHOWN_TEXT] + "…"
    if isinstance(value, (list, dict)) and depth > 6:
        return "…"
    if isinstance(value, list):
        kept = [trimmed(item, depth + 1) for item in value[:_SHOWN_ITEMS]]
        return kept if len(value) <= _SHOWN_ITEMS else [*kept, f"… {len(value) - _SHOWN_ITEMS} more"]
    if isinstance(value, dict):
        items = list(value.items())[: 4 * _SHOWN_ITEMS]
        return {str(key)[:200]: trimmed(item, depth + 1) for key, item in items}
    return value
