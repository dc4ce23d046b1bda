"""How a quantized model was made, in full: what it takes to make it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1


@dataclass(frozen=True)
class Calibration:
    """The data that ranges were taken from."""

    count: int
    sha256: str  # of all arrays fed, with names, types and shapes
    origin: str  # "folder images/, 32 images"


@dataclass(frozen=True)
class Recipe:
    """Every option resolved. Options that mean nothing in the scheme are None."""

    scheme: str
    target: str
    weights: str = ""  # element type of weights
    activations: str = ""  # of activations; "" where they stay float
    per_channel: bool | None = None
    symmetric: bool | None = None
    reduce_range: bool | None = None
    method: str | None = None
    percentile: float | None = None
    algorithm: str | None = None
    block_size: int | None = None
    keep_float: tuple[str, ...] = ()
    int16: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    source: str = ""  # name of the float model
    source_sha256: str = ""  # of the model file, then of its external files in the order of their names
    calibration: Calibration | None = None
    versions: Mapping[str, str] = field(default_factory=dict)  # of the packages that made it

    def options(self) -> dict[str, Any]:
        """Keyword arguments of :func:`quantize` that ask for the same."""
        names = ("per_channel", "symmetric", "reduce_range", "method", "percentile", "algorithm", "block_size")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        chosen = {name: list(getattr(self, name)) for name in ("keep_float", "int16", "fixes") if getattr(self, name)}
        return {"scheme": self.scheme, "target": self.target, **given, **chosen}

    def changed(self, **options: Any) -> Recipe:
        """The same with other options."""
        return replace(self, **options)

    def to_json(self) -> str:
        """Readable JSON, which :meth:`from_json` takes back without loss."""
        from haoline_analysis.quantization.quantizers.recipe_json import write

        return write(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Recipe:
        """Read a recipe, which may come from anywhere.

        Raises:
            ModelError: if it is no recipe, or too large to be one; says what is wrong.
        """
        from haoline_analysis.quantization.quantizers.recipe_json import read

        return read(text)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"schema": SCHEMA, "kind": "haoline.recipe", **asdict(self)}
