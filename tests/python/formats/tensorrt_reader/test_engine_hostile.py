"""Layer information that nobody's TensorRT wrote: a typed error, in bounded time and memory."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haoline_analysis import ModelError, analyze, open_model
from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.tensorrt import bounded_json, layers, statements
from haoline_analysis.formats.tensorrt.profile import printed_profile, read_profile
from haoline_analysis.formats.tensorrt.source_names import onnx_layers, source_names
from haoline_analysis.formats.tensorrt.timing import read_timing

DATA = Path(__file__).parent / "data"
GOOD = (DATA / "trt10-exportLayerInfo.json").read_bytes()


def opened(value: object):
    return open_model(json.dumps(value).encode())


def one(**changed: object) -> dict:
    """Layer information of one layer, with some keys replaced."""
    value = {"Name": "x", "Dimensions": [1, 3], "Format/Datatype": "Half"}
    layer = {"Name": "a", "LayerType": "kgen", "Inputs": [value], "Outputs": []} | changed
    return {"Layers": [layer], "Bindings": ["x"]}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Layers": None}, "Layers is null, expected a list"),
        ({"Layers": {"Name": "a"}}, "Layers is an object"),
        ({"Layers": []}, "states no layers"),
        ({"Layers": [3]}, "layer 0 is neither an object nor a name"),
        (one(Name=["a"]), "the name of layer 0 is a list"),
        (one(LayerType=7), "the type of layer 0 is a number"),
        (one(Inputs="x"), "the inputs of layer 0 is text"),
        (one(Inputs=[5]), "one of the inputs of layer 0 is a number"),
        (one(Inputs=[{"Name": "x", "Dimensions": "1x3"}]), "dimensions among the inputs of layer 0 is text"),
        (one(Inputs=[{"Name": "x", "Dimensions": [1.5]}]), "expected an integer"),
        (one(Inputs=[{"Name": "x", "Dimensions": [-2]}]), "out of bounds"),
        (one(Inputs=[{"Name": "x", "Dimensions": [2**70]}]), "out of bounds"),
        (one(Inputs=[{"Name": "x", "Dimensions": [True]}]), "a truth value"),
        (one(Weights={"Type": "Half", "Count": -1}), "the count of weights of layer 0 is out of bounds"),
        (one(Weights={"Type": "Half", "Count": "9"}), "expected an integer"),
        (one(Weights={"Type": 16, "Count": 9}), "the type of weights of layer 0 is a number"),
        (one(StreamId="0"), "the stream of layer 0 is text"),
        (one(Metadata={"a": 1}), "the metadata of layer 0 is an object"),
        ({"Layers": ["a"], "Bindings": "x"}, "Bindings is text"),
        ({"Layers": ["a"], "Bindings": [None]}, "a binding is null"),
    ],
)
def test_wrong_types_and_sizes_name_the_place(value, why):
    with pytest.raises(MalformedModelError, match=why):
        opened(value)


def test_json_that_is_none():
    for cut in (40, 400, len(GOOD) - 3):
        with pytest.raises(MalformedModelError, match="no valid JSON"):
            open_model(GOOD[:cut])
    with pytest.raises(MalformedModelError, match="NaN is no JSON number"):
        open_model(b'{"Layers": [{"Name": "a", "Kernel": NaN}]}')
    with pytest.raises(MalformedModelError, match="no valid JSON"):
        open_model(b'{"Layers": [{"Name": "a", "Count": ' + b"9" * 10_000 + b"}]}")


@pytest.mark.parametrize(
    "text", [b'{"Layers": ' + b"[" * 100_000, b'{"Layers": [' + b'{"a":' * 90 + b"1" + b"}" * 90 + b"]}"]
)
def test_nesting_is_bounded(text):
    with pytest.raises(LimitError, match="nests deeper"):
        open_model(text)


def test_nesting_is_bounded_inside_logs_too():
    deep = b'{"Layers": [{"Name": "a", "Kernel": ' + b"[" * 500 + b"]" * 500 + b"}]}"
    with pytest.raises(LimitError, match="nests deeper"):
        open_model(b"[TRT] [I] Layer Information:\n" + deep)


def test_brackets_in_names_are_no_nesting():
    model = open_model(json.dumps({"Layers": ["[" * 200, '"' + "{" * 200]}).encode())
    assert model.ops[0].name == "[" * 200


def test_sizes_are_bounded(monkeypatch):
    monkeypatch.setattr(bounded_json, "MAX_BYTES", 100)
    with pytest.raises(LimitError, match="more than the 100 that are read"):
        open_model(GOOD)
    monkeypatch.undo()
    monkeypatch.setattr(layers, "MAX_LAYERS", 2)
    with pytest.raises(LimitError, match="states 3 layers"):
        opened({"Layers": ["a", "b", "c"]})
    monkeypatch.setattr(layers, "MAX_NAME", 10)
    with pytest.raises(LimitError, match="has 11 characters"):
        opened({"Layers": ["a" * 11]})
    with pytest.raises(LimitError, match="dimensions"):
        opened(one(Inputs=[{"Name": "x", "Dimensions": [1] * 33}]))


def test_counts_of_2_to_the_62_are_kept_and_overflow_nothing():
    report = analyze(opened(one(ParameterType="Convolution", Weights={"Type": "Half", "Count": 2**62})))
    assert report.totals.parameters == 2**62
    assert report.ops["weight_bytes"].isna().all()  # 2^63 bytes
    report.to_document()


def test_types_nobody_knows_are_absent():
    model = opened(
        one(Inputs=[{"Name": "x", "Format/Datatype": "Posit16 in a spiral"}], Weights={"Type": "Posit", "Count": 4})
    )
    assert model.tensors[0].dtype is None
    assert analyze(model).ops["weight_bytes"].isna().all()


@pytest.mark.parametrize(
    "value", [{}, [], [1], [{"name": 5}], [{"name": "a", "timeMs": "1"}], [{"name": "a", "timeMs": -1}], [{"count": 0}]]
)
def test_profiles_that_are_none(value):
    with pytest.raises(MalformedModelError):
        read_profile(value)


@pytest.mark.parametrize("row", ["", "   ", "1.0", "1 2 3 4", "a b c d e", "1.0.0 2 3 4 a", "²  2 3 4 a", "Total"])
def test_tables_of_times_that_end_early(row):
    head = ["=== Profile (7 iterations ) ===", "Time(ms) Avg.(ms) Median(ms) Time(%) Layer"]
    assert printed_profile([*head, row]) is None
    assert len(printed_profile([*head, "1 2 3 4 a", row]).times) == 1
    assert printed_profile(head[:1]) is None


@pytest.mark.parametrize("value", [{}, [], [1], [{"computeMs": None}], [{"computeMs": 1.0}, {}]])
def test_timings_that_are_none(value):
    with pytest.raises(MalformedModelError):
        read_timing(value)


def test_metadata_is_cut():
    builder = statements.read_builder({"build_options": {f"k{i}": "v" * 10_000 for i in range(1000)}})
    assert len(builder) == statements.MAX_ENTRIES
    assert max(map(len, builder.values())) == statements.MAX_TEXT
    with pytest.raises(MalformedModelError):
        statements.read_builder({"build_options": 5})


@pytest.mark.parametrize(
    "text", ["PWN(" * 50_000, "(" * 100_000, " + " * 50_000, "{ForeignNode[" * 20_000, "a, " * 50_000]
)
def test_long_names_take_linear_time(text):
    source_names(text)
    onnx_layers("[ONNX Layer: " * 50_000)
    printed_profile(["=== Profile (1 iterations ) ===", "Layer", " " * 200_000 + "x"])


def test_script_in_names_stays_text():
    report = analyze(opened({"Layers": ["<script>alert(1)</script> + <b>"], "Bindings": []}))
    page = report.to_html()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page or "\\u003cscript" in page


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bytes_changed_anywhere_open_or_raise_a_typed_error(data):
    name = data.draw(st.sampled_from(["trt10-exportLayerInfo.json", "trt10-inspector.log", "trt10-build.log"]))
    content = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(64, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    with contextlib.suppress(ModelError):
        analyze(bytes(content)).to_document()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["Name", "LayerType", "Inputs", "Outputs", "Dimensions", "Format/Datatype", "Weights", "Count", "Type"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_JSON, _JSON)
def test_any_json_opens_or_raises_a_typed_error(stated, bindings):
    try:
        report = analyze(open_model(json.dumps({"Layers": [stated], "Bindings": bindings}).encode()))
    except ModelError:
        return
    report.to_document()
