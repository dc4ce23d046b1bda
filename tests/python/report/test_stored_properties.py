"""Whatever a checkpoint is called and made of: sums add up, every row has a place, and JSON loses nothing."""

import json

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from report_models import HOSTILE
from stored_models import checkpoint, float_weight, packed_weight
from test_report_round_trip import SCHEMA

from haoline_analysis import ModelReport, analyze
from haoline_analysis.comparison import compare_weights

PARTS = ["model", "layers", "blk", "0", "1", "10", "attn", "q_proj", "norm", "weight", "bias", "a/b", "", *HOSTILE]
DTYPES = ["float32", "float16", "bfloat16", "int8", "float8_e4m3fn"]
names = st.lists(st.sampled_from(PARTS), max_size=6).map(".".join) | st.text(max_size=20)
shapes = st.lists(st.integers(0, 5), max_size=3)


@st.composite
def checkpoints(draw):
    held, made = {}, []
    for name in draw(st.lists(names, max_size=12, unique=True)):
        kind = draw(st.sampled_from(["float", "float", "buffer", "packed", "shared"]))
        if kind == "packed":
            held[name] = packed_weight(8, 32)
        elif kind == "shared" and made:
            held[name] = draw(st.sampled_from(made))
        else:
            dtype, shape = draw(st.sampled_from(DTYPES)), draw(shapes)
            held[name] = float_weight(*shape, dtype=dtype, kind="buffer" if kind == "buffer" else "initializer")
            made.append(held[name])
    return checkpoint(held, name=draw(st.sampled_from(["m", *HOSTILE])))


@settings(deadline=None, max_examples=25)
@given(checkpoints())
def test_any_checkpoint_adds_up_and_survives_json(model):
    report = analyze(model, hardware="H100")
    for name in ("parameters", "weight_bytes"):
        assert report.ops[name].sum() == report.totals[name] == report.breakdown[name].sum()
        assert report.scopes[name].iloc[0] == report.totals[name]
    assert report.tensors["parameters"].sum() == report.totals.parameters
    assert report.scopes["ops"].iloc[0] == len(report.ops) == len(model.ops)
    assert sorted(report.ops["name"]) == sorted(op.name for op in model.ops)
    text = report.to_json()
    jsonschema.validate(json.loads(text), SCHEMA)
    back = ModelReport.from_json(text)
    assert back.to_json() == text
    assert back.summary() == report.summary()
    page = report.to_html()
    assert "<script>alert" not in page
    assert "<img src" not in page


@settings(deadline=None, max_examples=20)
@given(checkpoints(), checkpoints())
def test_any_two_checkpoints_compare_and_their_sums_are_those_of_both(first, second):
    one, two = analyze(first), analyze(second)
    found = compare_weights(one, two)
    for name in ("parameters", "weight_bytes"):
        assert found.tensors[name].sum() == found.scopes[name].iloc[0] == one.totals[name]
        assert found.tensors[f"other_{name}"].sum() == found.scopes[f"other_{name}"].iloc[0] == two.totals[name]
    assert json.loads(found.to_json())["counts"] == found.counts
    assert "<script>alert" not in found.to_html()


@settings(deadline=None, max_examples=20)
@given(checkpoints())
def test_any_checkpoint_is_the_same_as_itself(model):
    report = analyze(model)
    counts = compare_weights(report, report).counts
    assert (counts["changed"], counts["added"], counts["removed"]) == (0, 0, 0)
