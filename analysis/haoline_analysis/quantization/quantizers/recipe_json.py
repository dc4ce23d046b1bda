"""Recipes as JSON: strict, bounded, since a recipe file may come from anywhere."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.fixes import fix_names
from haoline_analysis.quantization.quantizers.recipe import SCHEMA, Calibration, Recipe
from haoline_analysis.quantization.quantizers.schemes import ALGORITHMS, METHODS, SCHEMES, TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 8 << 20
MAX_NAMES = 200_000
MAX_NAME = 4096

_TYPES = ("", "int8", "uint8", "int16", "uint16", "int4", "float16")
_SHA = re.compile(r"[0-9a-f]{64}")


def write(recipe: Recipe) -> str:
    """JSON with two spaces of indent."""
    return json.dumps({**recipe.as_dict(), "versions": dict(recipe.versions)}, indent=2, ensure_ascii=False) + "\n"


def read(text: str | bytes) -> Recipe:
    """The recipe in a JSON text.

    Raises:
        ModelError: if it is none.
    """
    if len(text) > MAX_BYTES:
        raise ModelError(f"{len(text):,} characters are no recipe.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The recipe is no JSON: {error}.") from error
    if not isinstance(found, dict) or found.get("kind") != "haoline.recipe":
        raise ModelError("This JSON is no recipe: it has no kind 'haoline.recipe'.")
    if found.get("schema") != SCHEMA:
        raise ModelError(f"The recipe is of schema {found.get('schema')!r}; this version reads schema {SCHEMA}.")
    values = {name: value for name, value in found.items() if name not in {"schema", "kind"}}
    unknown = sorted(set(values) - set(_CHECKS))
    if unknown or "scheme" not in values:
        what = f"has unknown fields {', '.join(unknown[:5])}" if unknown else "names no scheme"
        raise ModelError(f"The recipe {what}.")
    return Recipe(**{name: _CHECKS[name](name, value) for name, value in values.items()})


def _wrong(name: str, value: Any) -> ModelError:
    return ModelError(f"The recipe's {name} is no such thing: {str(value)[:60]!r}.")


def _one_of(*words: str | None) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        if value not in words or isinstance(value, bool):
            raise _wrong(name, value)
        return value

    return check


def _switch(name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value)
    return value


def _number(low: float, high: float, kind: type[int] | type[float]) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or not low <= value <= high:
            raise _wrong(name, value)
        return kind(value)

    return check


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise _wrong(name, value)
    return value


def _sha(name: str, value: Any) -> str:
    if value != "" and not (isinstance(value, str) and _SHA.fullmatch(value)):
        raise _wrong(name, value)
    return str(value)


def _names(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_NAMES:
        raise _wrong(name, value)
    return tuple(_text(name, each) for each in value)


def _fixes(name: str, value: Any) -> tuple[str, ...]:
    return tuple(_one_of(*fix_names())(name, each) for each in _names(name, value))


def _calibration(name: str, value: Any) -> Calibration | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"count", "sha256", "origin"}:
        raise _wrong(name, value)
    count = _number(1, 1 << 40, int)(f"{name}.count", value["count"])
    return Calibration(count, _sha(f"{name}.sha256", value["sha256"]), _text(f"{name}.origin", value["origin"]))


def _versions(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > 64:
        raise _wrong(name, value)
    return {_text(name, key): _text(name, each) for key, each in value.items()}


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "scheme": _one_of(*SCHEMES),
    "target": _one_of(*TARGETS),
    "weights": _one_of(*_TYPES),
    "activations": _one_of(*_TYPES),
    "per_channel": _switch,
    "symmetric": _switch,
    "reduce_range": _switch,
    "method": _one_of(None, *METHODS),
    "percentile": _number(50, 100, float),
    "algorithm": _one_of(None, *ALGORITHMS),
    "block_size": _number(16, 1024, int),
    "keep_float": _names,
    "int16": _names,
    "fixes": _fixes,
    "source": _text,
    "source_sha256": _sha,
    "calibration": _calibration,
    "versions": _versions,
}
