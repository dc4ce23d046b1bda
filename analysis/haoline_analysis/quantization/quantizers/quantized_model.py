"""A quantized model on disk, with how it was made."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.workplace import external_file, move_into_place, output_path, workplace

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from haoline_analysis.quantization.divergence import DivergenceReport
    from haoline_analysis.quantization.quantizers.recipe import Recipe
    from haoline_analysis.report import ModelReport


@dataclass(eq=False, repr=False)
class QuantizedModel:
    """What :func:`quantize` made. Without an output of its own it lies in a temporary folder: see :meth:`save`."""

    path: Path
    recipe: Recipe
    source: Any
    """The float model, as it was given."""
    source_bytes: int
    notes: tuple[str, ...] = ()

    @cached_property
    def report(self) -> ModelReport:
        """The analysis of the quantized model."""
        from haoline_analysis.report import analyze

        return analyze(str(self.path))

    @property
    def size_bytes(self) -> int:
        """Bytes of the file and of the weights beside it."""
        return sum(path.stat().st_size for path in self._files() if path.exists())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Copy the model to ``path``, its weights beside it where they are apart, and the recipe to ``….recipe.json``.

        Raises:
            ModelError: if that cannot be written.
        """
        place = output_path(path)
        with workplace(place.parent) as folder:
            made = folder / self.path.name
            for file in self._files():
                if file.exists():
                    _copy(file, folder / file.name)
            if made.name != place.name and external_file(made).exists():
                raise ModelError(f"The weights of this model are in {external_file(made).name}: keep {made.name!r}.")
            recipe = folder / "recipe.json"
            recipe.write_text(self.recipe.to_json(), encoding="utf-8")
            recipe.replace(recipe_path(place))
            move_into_place(made, place)
        return place

    def compare(self, inputs: Any = None, **options: Any) -> DivergenceReport:
        """What quantization did to every op: :func:`haoline_analysis.quantization.compare` with the float model."""
        from haoline_analysis.quantization.divergence import compare

        return compare(self.source, str(self.path), inputs, **options)

    def summary(self) -> str:
        """A readable text: sizes, recipe, notes."""
        from haoline_analysis.quantization.quantizers.display import summary

        return summary(self)

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """Text and static HTML, for any notebook front end."""
        from haoline_analysis.quantization.quantizers.display import static_html, summary

        return {"text/plain": summary(self), "text/html": static_html(self)}

    def _files(self) -> tuple[Path, Path]:
        return self.path, external_file(self.path)


def recipe_path(path: Path) -> Path:
    """``model.int8.recipe.json`` beside ``model.int8.onnx``."""
    stem = path.name.removesuffix(".onnx")
    return path.with_name(f"{stem}.recipe.json")


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise ModelError(f"{target.name}: cannot be written: {error.strerror}.") from error
