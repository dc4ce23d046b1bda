"""What lint would change of a variant that is there: only what is new, and only what can be built."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quantizers"))
from quantizer_models import attention, attention_feeds

from haoline_analysis.quantization import compare, quantize
from haoline_analysis.quantization.quantizers.changes import change_names, changes_in, with_changes
from haoline_analysis.quantization.tradeoffs import suggestions


@pytest.fixture(scope="module")
def model():
    return attention()


def suggested(model, **options):
    made = quantize(model, calibration=attention_feeds(), **options)
    compared = compare(model, made.path, attention_feeds(), latency=False)
    return compared, suggestions(compared, made.recipe.options())


def test_findings_come_with_what_to_change_worst_first(model):
    compared, found = suggested(model)
    mask = next(one for one in found if one["id"] == "mask-sentinel")
    assert (mask["changes"], mask["keep_float"], mask["label"]) == (["clip-mask"], [], "Clip the mask")
    assert all(mask[part] for part in ("title", "evidence", "why", "source"))
    ranks = [("error", "warning").index(one["severity"]) for one in found]
    assert ranks == sorted(ranks)
    rows = compared.report.tables["ops"].rows
    for one in found:
        assert one["keep_float"] or one["int16"] or one["changes"]
        assert all(0 <= row < rows for row in [*one["keep_float"], *one["int16"]])
        assert set(one["changes"]) <= set(change_names())


def test_what_the_variant_has_is_not_suggested_again(model):
    _, before = suggested(model)
    kept = {row for one in before for row in one["keep_float"]}
    names = [model.graph.node[row].name for row in kept]
    _, after = suggested(model, fixes=["clip-mask"], keep_float=names, per_channel=True)
    assert "mask-sentinel" in {one["id"] for one in before}
    assert not {"clip-mask", "per-channel"} & {change for one in after for change in one["changes"]}
    assert kept
    assert not kept & {row for one in after for row in one["keep_float"]}


def test_a_variant_from_elsewhere_gets_them_too(model):
    compared, found = suggested(model)
    assert {one["id"] for one in suggestions(compared, {"scheme": "static-int8"})} >= {one["id"] for one in found}


@pytest.mark.parametrize("scheme", ["dynamic-int8", "fp16", "weights-int4", "static-int8-qoperator"])
def test_only_what_the_scheme_knows_is_suggested(model, scheme):
    data = {"calibration": attention_feeds()} if scheme.startswith("static") else {}
    made = quantize(model, scheme=scheme, **data)
    found = suggestions(compare(model, made.path, attention_feeds(), latency=False), made.recipe.options())
    for change in {change for one in found for change in one["changes"]}:
        again = quantize(model, **with_changes(made.recipe.options(), [change]), **data)
        assert change in changes_in(again.recipe.options())
