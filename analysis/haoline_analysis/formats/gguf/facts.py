"""What the metadata of a GGUF file say, as JSON-like facts for display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.gguf.types import FILE_TYPES
from haoline_analysis.formats.gguf.values import LongArray, LongText

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.formats.gguf.values import Value

_TEMPLATE = "tokenizer.chat_template"
_TEMPLATE_CHARS = 20_000
_TEXT_CHARS = 1_000
_SHOWN_ITEMS = 128
_SPECIAL = "tokenizer.ggml."


def format_facts(metadata: Mapping[str, Value]) -> dict[str, Any]:
    """``metadata``, and where there is one ``tokenizer``, ``chat_template`` (text, never rendered), ``file_type``."""
    facts: dict[str, Any] = {
        "metadata": {key: _shown(value) for key, value in metadata.items() if not key.startswith(_TEMPLATE)}
    }
    tokenizer = _tokenizer(metadata)
    if tokenizer:
        facts["tokenizer"] = tokenizer
    template = metadata.get(_TEMPLATE)
    if isinstance(template, (str, LongText)):
        text = template if isinstance(template, str) else template.start
        facts["chat_template"] = text[:_TEMPLATE_CHARS]
    named = file_type(metadata)
    if named is not None:
        facts["file_type"] = named
    return facts


def file_type(metadata: Mapping[str, Value]) -> str | None:
    """The mixture that most tensors follow, such as ``Q4_K_M``; None where the file does not say."""
    code = metadata.get("general.file_type")
    return FILE_TYPES.get(code) if isinstance(code, int) and not isinstance(code, bool) else None


def count(value: Value | None) -> int | None:
    """How many elements an array has; None for what is no array."""
    if isinstance(value, LongArray):
        return value.count
    return len(value) if isinstance(value, tuple) else None


def _shown(value: Value) -> Any:
    if isinstance(value, LongArray):
        return str(value)
    if isinstance(value, tuple):
        return [_shown(item) for item in value] if len(value) <= _SHOWN_ITEMS else f"{len(value):,} numbers"
    if isinstance(value, LongText):
        return str(LongText(value.start[:_TEXT_CHARS], value.nbytes))
    if isinstance(value, str) and len(value) > _TEXT_CHARS:
        return f"{value[:_TEXT_CHARS]}… ({len(value.encode('utf-8', 'replace')):,} bytes)"
    return value


def _tokenizer(metadata: Mapping[str, Value]) -> dict[str, Any]:
    """Its kind, its size, its merges, and the numbers of its special tokens."""
    facts = {
        "kind": metadata.get(f"{_SPECIAL}model"),
        "pre": metadata.get(f"{_SPECIAL}pre"),
        "size": count(metadata.get(f"{_SPECIAL}tokens")),
        "merges": count(metadata.get(f"{_SPECIAL}merges")),
    }
    for key, value in metadata.items():
        if key.startswith(_SPECIAL) and isinstance(value, (int, bool)):
            facts[key.removeprefix(_SPECIAL)] = value
    templates = sorted(key.removeprefix(f"{_TEMPLATE}.") for key in metadata if key.startswith(f"{_TEMPLATE}."))
    if templates:
        facts["chat_templates"] = ", ".join(templates)
    return {key: value for key, value in facts.items() if value is not None}
