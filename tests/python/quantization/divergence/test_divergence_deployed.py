"""What is compared is the variant as it is deployed, to the last bit."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from divergence_models import KINDS, MODELS, feeds, float_model, samples, variant

from haoline_analysis.quantization import compare


def _plain(path, fed):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, fed)


@pytest.mark.parametrize("kind", [*KINDS, "fp16", "optimised"])
@pytest.mark.parametrize("name", MODELS)
def test_capturing_changes_no_bit_of_the_variants_outputs(name, kind):
    path = variant(name, kind)
    compared = compare(float_model(name), path, samples(name), latency=False, local=False, histograms=False)

    assert compared.check.identical
    assert compared.check.max_abs_difference == 0
    for sample, fed in enumerate(feeds(name)):
        for output, plain in zip(compared.outputs.index, _plain(path, fed), strict=True):
            if output in compared.tensors.index and compared.tensors.loc[output, "matched"]:
                assert np.array_equal(compared.load(output, sample, "variant"), plain)


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_compared_as_plain_runs_give_them(kind):
    compared = compare(float_model("transformer"), variant("transformer", kind), samples("transformer"), latency=False)
    first = np.concatenate([_plain(float_model("transformer"), fed)[0] for fed in feeds("transformer")]).astype(float)
    second = np.concatenate([_plain(variant("transformer", kind), fed)[0] for fed in feeds("transformer")]).astype(
        float
    )
    row = compared.outputs.loc["output"]

    if np.array_equal(first, second):
        assert row["sqnr_db"] == np.inf
    else:
        expected = 10 * np.log10((first**2).sum() / ((first - second) ** 2).sum())
        assert row["sqnr_db"] == pytest.approx(expected, abs=0.02)
    cosine = (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum())
    assert row["cosine"] == pytest.approx(cosine, abs=1e-5)
    assert row["max_abs"] == pytest.approx(np.abs(first - second).max(), rel=1e-3, abs=1e-6)


def test_capturing_float_tensors_in_the_middle_would_not_be_the_deployed_model():
    """The reason for all this: with optimisation off the quantized model computes something else."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    path, fed = variant("digits", "qdq"), feeds("digits")
    unfused = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    assert any(not np.array_equal(unfused.run(None, one)[0], _plain(path, one)[0]) for one in fed)
