"""Exports are readable and complete, and nothing of a model file becomes markup in them."""

import base64
import json
import re
from html import unescape
from html.parser import HTMLParser

import mistune
import pytest
from report_models import HOSTILE, hostile, mlp

from haoline_analysis import ModelReport, analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.report import ViewAssets, container
from haoline_analysis.report.curve import thin
from haoline_analysis.report.markdown import escape

VIEWS = ViewAssets("export const mountStatic = () => {}; // </script>", ".hl{color:red}")


class Elements(HTMLParser):
    """Every element and attribute that a browser would see."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def evil():
    report = analyze(hostile(), hardware="H100")
    report.add_column(HOSTILE[0], {HOSTILE[2]: HOSTILE[1]}, label=HOSTILE[1])
    return report


def assert_inert(html, scripts=0):
    seen = Elements(html)
    assert seen.tags.count("script") == scripts
    assert not {"img", "iframe", "object", "b<"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]


def test_static_html_shows_hostile_names_as_text(evil):
    bundle = evil._repr_mimebundle_()
    assert_inert(bundle["text/html"])
    assert HOSTILE[0] in "".join(Elements(bundle["text/html"]).text)


def test_the_page_runs_no_script_but_its_own(evil):
    assert_inert(evil.to_html())
    assert_inert(evil.to_html(assets=VIEWS), scripts=3)


def test_the_page_reaches_no_server(evil):
    page = evil.to_html(assets=VIEWS)
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_the_page_carries_the_report_and_the_bundle():
    report = analyze(mlp())
    page = report.to_html(assets=VIEWS)
    data = re.search(r'id="haoline-[0-9a-f]{32}">([^<]*)<', page)[1]
    assert container.decode(base64.b64decode(data))[0]["id"] == report.id
    bundle = re.search(r'id="haoline-views">([^<]*)<', page)[1]
    assert base64.b64decode(bundle).decode() == VIEWS.module


def test_plain_text_cannot_steer_a_terminal(evil):
    text = evil._repr_mimebundle_()["text/plain"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert repr(evil) == text


def test_json_can_stand_inside_a_script_element(evil):
    text = evil.to_json()
    assert not set("<>&") & set(text)
    names = ModelReport.from_json(text).ops["name"].tolist()
    assert HOSTILE[2] in names


def test_markdown_lets_no_markup_through(evil):
    text = evil.to_markdown()
    assert "<" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


@pytest.mark.parametrize("name", ["a|b", "`code`", "**b**", "<i>", "[x](y)", "a\nb", "https://x.test", "# h", "\\|"])
def test_escaped_markdown_reads_as_it_is_written(name):
    html = mistune.create_markdown(plugins=["table", "url", "strikethrough"])(f"x {escape(name)} y")
    assert Elements(html).tags == ["p"]
    # mistune leaves entities to the browser, which reads them as these characters.
    assert unescape("".join(Elements(html).text)).strip() == f"x {name} y".replace("\n", " ")


def test_the_stored_form_is_small_and_says_what_it_leaves_out():
    bundle = analyze(mlp(depth=200))._repr_mimebundle_()
    assert "500 ops of lower cost are left out" in bundle["text/html"]
    assert len(bundle["text/html"]) < 60_000
    assert len(json.dumps(bundle)) < 120_000


def test_the_static_form_is_a_whole_report():
    report = analyze(mlp(depth=4), hardware="H100")
    html = report._repr_mimebundle_()["text/html"]
    for words in (
        "Parameters",
        "Peak activations",
        "Assumptions",
        "Estimated on",
        "H100",
        "Modules",
        "Memory",
        "Layers",
    ):
        assert words in html, words
    assert "\u00d74" in html
    assert "<svg" in html


def test_the_stored_document_is_the_report():
    report = analyze(mlp())
    stored = report._repr_mimebundle_()["application/vnd.haoline.report+json"]
    assert stored["schema"] == 1
    assert container.decode(base64.b64decode(stored["document"]))[0]["id"] == stored["id"] == report.id


def test_thinning_keeps_the_peak():
    import numpy as np

    live = np.ones(10_000)
    live[7777] = 99
    assert len(thin(live)) == 360
    assert thin(live).max() == 99


def test_files_are_written_and_a_bad_place_is_refused(tmp_path):
    report = analyze(mlp(1))
    assert (text := report.to_markdown(tmp_path / "r.md")) == (tmp_path / "r.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    with pytest.raises(ModelError, match="Cannot write"):
        report.to_json(tmp_path / "no" / "folder.json")
