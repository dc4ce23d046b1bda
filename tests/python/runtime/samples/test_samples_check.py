"""What fits a model's inputs, what is converted, and what the refusals say."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sample_models import identity

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples import InputError, Port, check_feeds, ports_of

IMAGE = Port("image", "float32", ("batch", 3, 8, 8))
IDS = Port("input_ids", "int64", ("batch", "seq"))


def checked(value, port, **more):
    notes = []
    return check_feeds({port.name: value, **more}, [port], notes.append)[port.name], notes


def refusal(feeds, *ports):
    with pytest.raises(InputError) as caught:
        check_feeds(feeds, ports)
    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_ports_are_the_required_inputs_in_order():
    model = identity(a=("float32", ["batch", 3]), b=("int64", []))
    assert ports_of(model) == (Port("a", "float32", ("batch", 3)), Port("b", "int64", ()))


def test_a_fitting_array_is_fed_as_it_is():
    array = np.zeros((2, 3, 8, 8), np.float32)
    fed, notes = checked(array, IMAGE)
    assert fed is array
    assert notes == []


@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (3, 8), (2, 2, 3, 8, 8), (2, 1, 8, 8)])
def test_a_wrong_shape_is_told_beside_the_expected_one(shape):
    message = refusal({"image": np.zeros(shape, np.float32)}, IMAGE)
    assert "'image' expects float32 batch×3×8×8" in message
    assert "×".join(map(str, shape)) in message


def test_the_other_image_layout_is_recognised():
    message = refusal({"image": np.zeros((1, 8, 8, 3), np.float32)}, IMAGE)
    assert "channels last" in message
    assert ".transpose" in message


def test_a_missing_batch_axis_is_added_with_a_note():
    fed, notes = checked(np.zeros((3, 8, 8), np.float32), IMAGE)
    assert fed.shape == (1, 3, 8, 8)
    assert any("batch axis" in note for note in notes)


def test_a_batch_axis_is_not_made_up_for_a_fixed_batch():
    refusal({"x": np.zeros((8,), np.float32)}, Port("x", "float32", (4, 8)))


def test_a_missing_input_is_named_with_what_it_expects():
    message = refusal({"input_ids": np.ones((1, 4), np.int64)}, IDS, Port("mask", "int64", ("batch", "seq")))
    assert "'mask' is missing" in message
    assert "int64 batch×seq" in message
    assert "given: 'input_ids'" in message


def test_an_unknown_name_is_told_with_the_closest():
    message = refusal({"imgae": np.zeros((1, 3, 8, 8), np.float32)}, IMAGE)
    assert "no input 'imgae'" in message
    assert "did you mean 'image'" in message


def test_float64_becomes_float32_with_a_note():
    fed, notes = checked(np.full((1, 3, 8, 8), 0.1), IMAGE)
    assert fed.dtype == np.float32
    np.testing.assert_allclose(fed, 0.1, rtol=1e-6)
    assert any("float64" in note and "float32" in note for note in notes)


def test_floats_never_become_whole_numbers():
    message = refusal({"input_ids": np.ones((1, 4))}, IDS)
    assert "expects int64 batch×seq" in message
    assert "float64" in message
    assert ".astype('int64')" in message


def test_whole_numbers_that_do_not_fit_are_refused():
    port = Port("x", "int32", ("n",))
    assert checked(np.array([2**31 - 1]), port)[0].dtype == np.int32
    message = refusal({"x": np.array([2**31])}, port)
    assert "2147483648" in message


def test_whole_numbers_become_floats_only_exactly():
    port = Port("x", "float32", ("n",))
    assert checked(np.array([2**24]), port)[0].dtype == np.float32
    assert "do not fit exactly" in refusal({"x": np.array([2**24 + 1])}, port)


def test_float16_overflow_is_refused_instead_of_becoming_infinite():
    port = Port("x", "float16", ("n",))
    assert "1e+06" in refusal({"x": np.array([1e6], np.float32)}, port)
    fed, notes = checked(np.array([np.inf, 1.5], np.float32), port)
    assert np.isinf(fed[0])
    assert any("infinite" in note for note in notes)


def test_nan_is_allowed_with_a_note():
    array = np.zeros((1, 3, 8, 8), np.float32)
    array[0, 0, 0, :2] = np.nan
    array[0, 1, 0, 0] = -np.inf
    _, notes = checked(array, IMAGE)
    assert any("2 NaN and 1 infinite" in note for note in notes)


def test_nan_in_bfloat16_is_noted():
    port = Port("x", "bfloat16", ("n",))
    fed, notes = checked(np.array([np.nan, 1], np.float32), port)
    assert fed.dtype == ml_dtypes.bfloat16
    assert any("1 NaN" in note for note in notes)


def test_object_arrays_are_explained():
    message = refusal({"input_ids": np.array([[1, 2], [3]], dtype=object)}, IDS)
    assert "object array" in message


def test_ragged_lists_are_refused_in_one_sentence():
    message = refusal({"input_ids": [[1, 2], [3]]}, IDS)
    assert "'input_ids' expects int64" in message


def test_text_for_numbers_names_the_tokenizer():
    assert "tokenizer" in refusal({"input_ids": np.array([["hello"]])}, IDS)


def test_strings_are_fed_to_string_inputs():
    port = Port("text", "string", ("n",))
    fed, _ = checked(np.array(["a", "bb"], dtype=object), port)
    assert fed.dtype.kind == "U"
    assert "every element must be a str" in refusal({"text": np.array(["a", 1], dtype=object)}, port)
    assert "float64" in refusal({"text": np.zeros(2)}, port)


def test_sequences_cannot_be_fed():
    assert "sequence(float32)" in refusal({"x": np.zeros(2)}, Port("x", "sequence(float32)", None))


def test_a_dimension_of_two_sizes_is_noted():
    notes = []
    ports = [IDS, Port("mask", "int64", ("batch", "seq"))]
    check_feeds({"input_ids": np.ones((1, 4), int), "mask": np.ones((1, 5), int)}, ports, notes.append)
    assert notes == ["dimension 'seq' is 4 in 'input_ids' but 5 in 'mask'"]


def test_big_endian_and_strided_arrays_are_fed_native_and_contiguous():
    fed, _ = checked(np.arange(8, dtype=">f4").reshape(2, 4).T, Port("x", "float32", (4, 2)))
    assert fed.dtype == np.float32
    assert fed.dtype.isnative
    assert fed.flags.c_contiguous
    np.testing.assert_array_equal(fed, np.arange(8).reshape(2, 4).T)


def test_scalars_fit_inputs_without_axes():
    assert checked(3, Port("steps", "int64", ()))[0].shape == ()


@pytest.mark.parametrize(
    ("kind", "held", "most"), [("int4", "int8", 7), ("uint4", "uint8", 15), ("int2", "int8", 1), ("uint2", "uint8", 3)]
)
def test_small_integers_are_held_in_bytes_and_kept_in_range(kind, held, most):
    port = Port("x", kind, ("n",))
    assert checked(np.array([most, 0]), port)[0].dtype == held
    assert "do not fit exactly" in refusal({"x": np.array([most + 1], held)}, port)


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2", "float8_e8m0"])
def test_small_floats_are_fed_as_ml_dtypes(kind):
    port = Port("x", kind, ("n",))
    fed, notes = checked(np.array([1.0, 2.0], np.float32), port)
    assert fed.astype(np.float32).tolist() == [1, 2]
    assert fed.dtype.name.startswith(kind)
    assert checked(fed, port) == (fed, []) or checked(fed, port)[1] == []
    assert any(f"converted to {kind}" in note for note in notes)


WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
EXACT_UP_TO = {"float16": 2**11, "bfloat16": 2**8, "float32": 2**24, "float64": 2**53}


@given(st.data(), st.sampled_from(WHOLE), st.sampled_from([*WHOLE, *EXACT_UP_TO, "bool"]))
def test_a_conversion_of_whole_numbers_keeps_every_value_or_is_refused(data, came, wanted):
    array = data.draw(hnp.arrays(came, hnp.array_shapes(max_dims=2, max_side=4)))
    numbers = [int(each) for each in array.flat]
    try:
        fed, _ = checked(array, Port("x", wanted, None))
    except InputError:
        if wanted in EXACT_UP_TO:
            low, high = -EXACT_UP_TO[wanted], EXACT_UP_TO[wanted]
        else:
            low, high = (0, 1) if wanted == "bool" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
        assert min(numbers) < low or max(numbers) > high
    else:
        assert fed.dtype.name == wanted
        assert [int(each) for each in fed.astype(object).flat] == numbers
