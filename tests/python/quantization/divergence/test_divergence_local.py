"""The error of an op by itself: what it makes of the float model's tensors, run alone."""

from __future__ import annotations

import numpy as np
import pytest
from alone import Alone
from divergence_models import KINDS, MODELS, feeds, float_model, samples, variant

from haoline_analysis.quantization import compare
from haoline_analysis.quantization.divergence import settling
from haoline_analysis.quantization.divergence.local import graph
from haoline_analysis.runtime import RuntimeFailure


def _given(compared, sample, alone):
    """The float model's tensors by the names that the variant's file has for them, in its types."""
    cuts = {}
    raw = compared.variant_report.model
    for name, row in compared.tensors.iterrows():
        if row["matched"] and row["variant_row"] >= 0:
            held = raw.tensors[row["variant_row"]].name
            cuts[held] = alone.typed(held, compared.forms[name], compared.load(name, sample))
    return cuts


MADE = [(name, kind) for name in MODELS for kind in (*KINDS, "fp16")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [*MADE, *((name, kind) for name in ("branched", "gated", "rotary") for kind in ("qdq", "qoperator", "fp16"))],
)
def test_the_local_error_is_that_of_the_op_run_alone_on_float_inputs(name, kind):
    compared = compare(float_model(name), variant(name, kind), samples(name), latency=False)
    alone = Alone(variant(name, kind))
    cuts = _given(compared, 1, alone)
    raw = compared.variant_report.model
    checked = 0
    for tensor, row in compared.tensors.iterrows():
        if not row["matched"] or row["variant_row"] < 0:
            continue
        held, form, value = raw.tensors[row["variant_row"]].name, compared.forms[tensor], compared.load(tensor, 1)
        wanted = held if form is None or alone.integers(held) else alone.after(held)
        others = {cut: array for cut, array in cuts.items() if cut != held}
        found = alone.run(wanted, others, feeds(name)[1])
        reals = found.astype(np.float32) if form is None or found.dtype.kind == "f" else form.dequantize(found)
        told = value + compared.load(tensor, 1, "local")
        step = 0.0 if form is None else float(np.max(form.scale)) * 1.01
        scale = np.abs(value).max()
        apart = np.abs(reals.reshape(told.shape) - told)
        rounding = (2e-3 if kind == "fp16" else 1e-5) * max(scale, 1.0)
        assert apart.max() <= step + rounding, (tensor, apart.max(), step)
        # Kernels may round a value between two integers either way, but seldom have to.
        assert np.mean(apart > rounding) <= 0.02, tensor
        checked += 1
    assert checked >= 0.8 * compared.tensors["matched"].sum()
    assert checked >= min(8, len(compared.tensors) - 2)


@pytest.mark.parametrize("kind", ["fp16", "nbits"])
def test_tensors_of_few_channels_in_blocked_layout_are_fed_too(kind):
    compared = compare(float_model("gated"), variant("gated", kind), samples("gated"), latency=False)
    matched = compared.tensors[compared.tensors["matched"]]

    assert {"conv_4_out", "mul_6_out", "conv_12_out", "mul_14_out"} <= set(matched.index)
    assert (matched["local_sqnr_db"] > 60).all()
    assert not compared.notes


def test_what_cannot_be_fed_costs_the_ops_that_read_it_and_no_others(monkeypatch):
    expected = compare(float_model("gated"), variant("gated", "fp16"), samples("gated"), latency=False)
    monkeypatch.setattr(graph, "_REORDERED", 1)  # six channels are given to an op that refuses them
    compared = compare(float_model("gated"), variant("gated", "fp16"), samples("gated"), latency=False)

    lost = ["mul_6_out", "mul_14_out"]
    assert compared.tensors.loc[lost, "local_sqnr_db"].isna().all()
    others = compared.tensors["local_sqnr_db"].drop(lost)
    assert others.equals(expected.tensors["local_sqnr_db"].drop(lost))
    assert compared.tensors["sqnr_db"].equals(expected.tensors["sqnr_db"])
    (note,) = compared.notes
    assert "could not be measured at 'mul_6_out', 'mul_14_out': " in note


def test_where_no_op_can_be_run_alone_one_note_says_so(monkeypatch):
    def refused(*_):
        raise RuntimeFailure("onnxruntime refuses it")

    monkeypatch.setattr(settling, "build_local", refused)
    compared = compare(float_model("gated"), variant("gated", "fp16"), samples("gated"), latency=False)

    assert compared.tensors["local_sqnr_db"].isna().all()
    assert compared.tensors["sqnr_db"].notna().any()
    assert compared.notes == ("The error that ops make by themselves could not be measured: onnxruntime refuses it",)
