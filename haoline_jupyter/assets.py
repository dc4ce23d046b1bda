"""The built front end inside the package."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from haoline_analysis.errors import ModelError
from haoline_analysis.report import ViewAssets

BUILD = "npm ci && npm run build"


class MissingAssetsError(ModelError):
    """The front end has not been built in this source tree."""


@lru_cache
def read(name: str) -> str:
    """The text of a built file.

    Raises:
        MissingAssetsError: naming the build command.
    """
    try:
        return files("haoline_jupyter").joinpath("static", name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingAssetsError(
            f"The front end is not built (no static/{name}); in the source tree run: {BUILD}"
        ) from error


def views() -> ViewAssets:
    """The view bundle.

    Raises:
        MissingAssetsError: naming the build command.
    """
    return ViewAssets(read("views.js"), read("views.css"))
