"""A stored capture may come from anywhere: what it states is taken for what it is, or refused in one sentence."""

from __future__ import annotations

import json
import shutil

import capture_models as models
import pytest

from haoline_analysis import ModelError
from haoline_analysis.runtime import capture, reopen

pytest.importorskip("onnxruntime")

STRANGE = (None, [], {}, "<b>", -1, 1.5, [None], {"a": []})


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored") / "capture"
    capture(models.DIGITS, models.digits(2), mode="stored", folder=folder)
    return folder


@pytest.fixture
def changed(stored, tmp_path):
    """Makes a copy of the capture whose manifest was changed."""

    def change(edit):
        folder = tmp_path / "changed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(stored, folder)
        manifest = json.loads((folder / "activations.json").read_text())
        edit(manifest)
        (folder / "activations.json").write_text(json.dumps(manifest))
        return folder

    return change


def used(folder):
    """Everything that a reader may ask a reopened capture for."""
    report = reopen(folder)
    report.to_html()
    report._repr_mimebundle_()
    for name in report.tensors.index:
        report.layout(name), report.channel_axis(name), report.load(name), report.histogram(name)
    return [(sample.picture, sample.feeds, sample.label) for sample in report.samples]


def used_or_refused(folder):
    try:
        used(folder)
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it may as well be taken


def test_strange_values_in_the_header(stored, changed):
    for name in json.loads((stored / "activations.json").read_text())["header"]:
        for value in STRANGE:
            used_or_refused(changed(lambda manifest, name=name, value=value: manifest["header"].update({name: value})))


def test_what_the_header_lacks_is_named(stored, changed):
    for name in ("labels", "layouts", "done", "check", "id"):
        with pytest.raises(ModelError, match=rf"is damaged: '{name}' is missing"):
            reopen(changed(lambda manifest, name=name: manifest["header"].pop(name)))


def test_columns_that_are_others(stored, changed):
    tables = json.loads((stored / "activations.json").read_text())["tables"]
    others = [tables["tensors"]["tensor"], tables["channels"]["channel"], tables["histograms"]["low"]]
    for table in ("tensors", "channels", "histograms", "input 0"):
        for column in tables[table]:
            for other in others:

                def swap(manifest, table=table, column=column, other=other):
                    manifest["tables"][table][column] = other

                used_or_refused(changed(swap))


def test_columns_that_are_missing(stored, changed):
    for table, columns in json.loads((stored / "activations.json").read_text())["tables"].items():
        for column in columns:
            used_or_refused(changed(lambda manifest, table=table, column=column: manifest["tables"][table].pop(column)))


def test_counts_of_samples_agree(changed):
    for name, value in (("done", 1), ("sample_count", 1), ("labels", ["a"]), ("tokens", [])):
        with pytest.raises(ModelError, match="number of samples"):
            reopen(changed(lambda manifest, name=name, value=value: manifest["header"].update({name: value})))


def test_as_it_was_it_is_taken(stored):
    assert len(used(stored)) == 2
