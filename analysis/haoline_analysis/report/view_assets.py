"""The built front end that a page of a report carries; made elsewhere and handed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ViewAssets:
    """The built view bundle: an ES module that exports ``draw(element, host)``, and its style sheet."""

    module: str
    style: str
