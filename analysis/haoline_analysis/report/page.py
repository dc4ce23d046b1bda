"""One HTML page that holds a report and everything needed to look at it, without a network."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from haoline_analysis.report.formatting import plain
from haoline_analysis.report.static_html import static_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.report.model_report import ModelReport
    from haoline_analysis.report.view_assets import ViewAssets

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)


_providers: list[Callable[[], ViewAssets]] = []


def provide_assets(provider: Callable[[], ViewAssets] | None) -> None:
    """Say where pages get the view bundle from: the engine itself knows no front end. None takes that back."""
    _providers[:] = [] if provider is None else [provider]


def page(
    report: ModelReport,
    assets: ViewAssets | None = None,
    state: Mapping[str, Any] | None = None,
    document: bytes | None = None,
    activations: bytes | None = None,
    fallback: str = "",
    divergence: bytes | None = None,
) -> str:
    """A complete page; interactive where there is a bundle, and readable without script either way.

    ``state`` holds traits of a view (docs/architecture.md): which view it is and what it shows at first.
    ``document`` is the container to draw where it is not just the report's, ``activations`` that of a capture,
    ``divergence`` that of a comparison, ``fallback`` the HTML without script where it is not the report's.
    """
    if assets is None and _providers:
        assets = _providers[0]()
    body = fallback or static_html(report)
    head = f"<style>{_page_style()}</style>"
    if assets is not None:
        state = {"hardware": hardware_choice(report), "tab": report.view, **(state or {})}
        beside = {"activations": activations, "divergence": divergence}
        body = embedded(body, report.id, document or report.to_document(), state, Data(), beside)
        head += bundle_elements(assets)
    # Nothing but what the page carries may load: a name that slipped through could still reach no server.
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{policy}'
        f'<meta name="viewport" content="width=device-width"><title>{escape(plain(report.name))}</title>{head}</head>'
        f"<body>{body}</body></html>\n"
    )


def _page_style() -> str:
    """The page around the report, following the reader's colour scheme."""
    return ":root{color-scheme:light dark}body{margin:16px;background:light-dark(#fff,#0d1117)}"


@lru_cache
def host_script() -> str:
    """The script that draws every report of a page."""
    return files("haoline_analysis.report").joinpath("page_host.js").read_text(encoding="utf-8")


def bundle_elements(assets: ViewAssets) -> str:
    """The view bundle, once per page. As base64 it cannot end its element early; it runs after the body is read."""
    module = base64.b64encode(assets.module.encode()).decode()
    sheet = assets.style.replace("</", "<\\/")
    return (
        f'<style>{sheet}</style><script type="text/plain" id="haoline-views">{module}</script>'
        f'<script type="module">{host_script()}</script>'
    )


class Data:
    """The containers of a page, each in it once however many views show it."""

    def __init__(self) -> None:
        """Nothing is in the page yet."""
        self._names: dict[str, str] = {}

    def put(self, data: bytes, wish: str = "") -> tuple[str, str]:
        """The name of a container in the page, ``wish`` where that is free, and the inert element that holds it.

        There is no element where the page has the container already.
        """
        content = sha256(data).hexdigest()[:32]
        if content in self._names:
            return self._names[content], ""
        name = f"haoline-{content if not wish or f'haoline-{wish}' in self._names.values() else wish}"
        self._names[content] = name
        held = base64.b64encode(data).decode()
        return name, f'<script type="application/octet-stream" id="{escape(name)}">{held}</script>'


def embedded(
    fallback: str,
    report_id: str,
    document: bytes,
    state: Mapping[str, Any],
    page_data: Data,
    beside: Mapping[str, bytes | None] | None = None,
) -> str:
    """A report in a page: its data, the state of its view, and the static form until the bundle draws over it.

    ``beside`` has containers that go with it, by name: ``activations``, ``divergence``.
    """
    name, elements = page_data.put(document, report_id)
    places = f'data-haoline-document="{escape(name)}"'
    for kind, data in (beside or {}).items():
        if data is not None:
            part, element = page_data.put(data)
            elements += element
            places += f' data-haoline-{kind}="{part}"'
    told = escape(json.dumps(state), quote=True)
    return f'{elements}<div {places} data-haoline-state="{told}">{fallback}</div>'


def hardware_choice(report: ModelReport) -> dict[str, object]:
    """The ``hardware`` trait of a view that shows the report."""
    if report.hardware is None:
        return {"profile": None, "count": 1, "precision": None}
    data = report.hardware.as_dict()
    return {"profile": data["profile"]["id"], "count": data["count"], "precision": data["precision"]}
