"""What a user can bind, what is assumed otherwise, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from shape_models import evaluation_of, model_of, output_shapes

from haoline_analysis import BindingError
from haoline_analysis.shapes import evaluate, symbols

ENCODER = """
g (int64[batch_size, seq_len] ids, float[batch_size, seq_len, 16] x, float[16, 4] w) => (y) {
  y = MatMul(x, w)
}"""
DECODER = """
g (int64[batch, seq] ids, int64[batch, total_seq] mask, float[batch, 2, past_seq, 8] k) => (y, z, m) {
  y = Identity(ids)
  z = Identity(k)
  m = Identity(mask)
}"""
IMAGE = "g (float[?, 3, ?, ?] x, float[8, 3, 3, 3] w) => (y) { y = Conv<pads = [1, 1, 1, 1]>(x, w) }"


def test_symbols_tell_where_each_dim_occurs() -> None:
    assert symbols(model_of(ENCODER)) == {
        "batch_size": [("ids", 0), ("x", 0)],
        "seq_len": [("ids", 1), ("x", 1)],
    }


def test_dims_are_bound_by_name() -> None:
    assert output_shapes(ENCODER, {"batch_size": 8, "seq_len": 512}) == [(8, 512, 4)]


def test_common_names_stand_for_the_only_dim_of_their_kind() -> None:
    assert output_shapes(ENCODER, {"batch": 8, "seq": 512}) == [(8, 512, 4)]


def test_binding_a_whole_input_binds_its_symbols_everywhere() -> None:
    assert output_shapes(ENCODER, {"ids": (8, 512)}) == [(8, 512, 4)]


def test_defaults_are_stated_assumptions() -> None:
    evaluation = evaluate(model_of(ENCODER))
    assert evaluation.bindings == {"batch_size": 1, "seq_len": 128}
    assert [(item.what, item.value) for item in evaluation.assumptions] == [
        ("dimension batch_size", 1),
        ("dimension seq_len", 128),
    ]
    assert all(item.why for item in evaluation.assumptions)


def test_what_the_user_binds_is_no_assumption() -> None:
    assert evaluate(model_of(ENCODER), {"batch": 1, "seq": 128}).assumptions == []


def test_a_decoder_starts_with_an_empty_cache() -> None:
    assert output_shapes(DECODER) == [(1, 128), (1, 2, 0, 8), (1, 128)]


def test_a_total_length_follows_past_and_new_sequence() -> None:
    assert output_shapes(DECODER, {"seq": 1, "past_seq": 63}) == [(1, 1), (1, 2, 63, 8), (1, 64)]


def test_a_total_is_told_apart_from_other_sequences() -> None:
    graph = """
    g (int64[batch, sequence_length] ids, int64[batch, total_sequence_length] mask, int64[enc_seq] e)
      => (a, b, c) { a = Identity(ids)
      b = Identity(mask)
      c = Identity(e) }"""
    assert output_shapes(graph, {"sequence_length": 9}) == [(1, 9), (1, 9), (128,)]


def test_expressions_in_dim_names_are_evaluated() -> None:
    graph = """
    g (float[batch, past, 4] k, float[batch, seq, 4] x, float[batch, "past + seq"] m, float["(((seq + 7)//8))+1"] w)
      => (m2, w2) { m2 = Identity(m)
      w2 = Identity(w) }"""
    text = graph.replace('"past + seq"', "past_plus_seq").replace('"(((seq + 7)//8))+1"', "w_dim")
    model = model_of(text)
    for tensor in model.tensors:
        if tensor.name == "m":
            tensor.shape = ("batch", "past + seq")
        if tensor.name == "w":
            tensor.shape = ("(((seq + 7)//8))+1",)
    evaluation = evaluate(model, {"past": 5, "seq": 20})
    found = {tensor.name: evaluation.value(index) for index, tensor in enumerate(model.tensors)}
    assert found["m2"].shape == (1, 25)
    assert found["w2"].shape == (4,)
    assert set(evaluation.bindings) == {"batch", "past", "seq"}


def test_unnamed_dims_get_names_and_image_defaults() -> None:
    assert set(symbols(model_of(IMAGE))) == {"x_dim0", "x_dim2", "x_dim3"}
    assert output_shapes(IMAGE) == [(1, 8, 224, 224)]
    assert output_shapes(IMAGE, {"batch": 4, "height": 32, "x_dim3": 64}) == [(4, 8, 32, 64)]


def test_defaults_that_do_not_fit_a_model_give_way() -> None:
    graph = "g (int64[batch, seq] ids, float[77, 8] table, float[1, 77, 8] x) => (y) { y = Add(p, x2) }"
    body = """
      s = Shape <start = 1, end = 2>(ids)
      zero = Constant<value = int64[1] {0}>()
      one = Constant<value = int64[1] {1}>()
      p = Slice(table, zero, s, zero)
      e = Gather(table, ids)
      y = Add(e, p) }"""
    model, evaluation = evaluation_of(graph[: graph.index("{") + 1] + body)
    assert evaluation.value(model.outputs[0]).shape == (1, 64, 8)
    assert evaluation.gaps == []
    assert evaluation.assumptions[0][:2] == ("dimension seq", 64)
    assert "128 does not fit" in evaluation.assumptions[0].why


def test_what_the_user_binds_is_never_changed() -> None:
    graph = "g (float[batch, seq, 8] x, float[1, 64, 8] p) => (y) { y = Add(x, p) }"
    _, evaluation = evaluation_of(graph, {"seq": 128})
    assert evaluation.bindings["seq"] == 128
    assert len(evaluation.gaps) == 1


def test_weights_tell_the_sizes_they_need() -> None:
    graph = """
    g (float[?, ?] x, float[?, ?, ?, ?] i) => (y, z) {
      w = Constant<value = float[6, 2] {0,0,0,0,0,0,0,0,0,0,0,0}>()
      y = Gemm(x, w)
      k = Constant<value = float[2, 1, 1, 1] {0,0}>()
      z = Conv(i, k)
    }"""
    evaluation = evaluate(model_of(graph))
    assert evaluation.bindings == {"x_dim0": 1, "x_dim1": 6, "i_dim0": 1, "i_dim1": 1, "i_dim2": 224, "i_dim3": 224}


def test_an_input_of_unknown_rank_can_be_bound_as_a_whole() -> None:
    model = model_of("g (float[2] x) => (y) { y = Relu(x) }")
    model.tensors[model.inputs[0]].shape = None
    evaluation = evaluate(model, {"x": (3, 4)})
    assert evaluation.value(model.outputs[0]).shape == (3, 4)


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    with pytest.raises(BindingError, match=r"'seq_length'.*did you mean 'seq_len'.*batch_size, seq_len.*ids, x"):
        evaluate(model_of(ENCODER), {"seq_length": 4})


def test_an_ambiguous_common_name_is_refused() -> None:
    graph = "g (int64[batch, enc_seq] a, int64[batch, dec_seq] b) => (c, d) { c = Identity(a)\n d = Identity(b) }"
    with pytest.raises(BindingError, match="'enc_seq', 'dec_seq'"):
        evaluate(model_of(graph), {"seq": 4})


@pytest.mark.parametrize("size", [-1, 2**40 + 1, True, "8", 1.5, None])
def test_what_is_no_size_is_refused(size: object) -> None:
    with pytest.raises(BindingError, match="size of 'batch_size'"):
        evaluate(model_of(ENCODER), {"batch_size": size})


def test_a_size_that_contradicts_the_file_is_refused() -> None:
    with pytest.raises(BindingError, match=r"fixed at 16 cannot be 32"):
        evaluate(model_of(ENCODER), {"x": (1, 4, 32)})


def test_sizes_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BindingError, match="'seq_len' is bound to 4 and, through 'x', to 5"):
        evaluate(model_of(ENCODER), {"seq_len": 4, "x": (1, 5, 16)})


def test_a_wrong_number_of_dims_is_refused() -> None:
    with pytest.raises(BindingError, match=r"has 2 dimensions batch_size.seq_len, got 3"):
        evaluate(model_of(ENCODER), {"ids": (1, 2, 3)})


def test_zero_is_a_size() -> None:
    _, evaluation = evaluation_of(ENCODER, {"batch": 0})
    assert evaluation.bindings["batch_size"] == 0


@pytest.mark.parametrize("wrong", ["batch=8", ["batch"], [("batch", 2)], 5])
def test_shapes_that_are_no_mapping_are_refused(wrong) -> None:
    with pytest.raises(BindingError, match="given by name"):
        evaluation_of(ENCODER, wrong)


def test_an_input_bound_to_an_array_without_dimensions_is_refused() -> None:
    with pytest.raises(BindingError, match="2 dimensions"):
        evaluation_of(ENCODER, {"ids": np.array(5)})
