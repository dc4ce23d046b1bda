"""One model in three files: sharded floats, GPTQ, GGUF. What is compared is what the readers of each format say."""

import sys
from pathlib import Path

import numpy as np
import pytest

from haoline_analysis import analyze
from haoline_analysis.comparison import compare_weights

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))
from make_checkpoint import float_checkpoint, gguf_file, gptq_checkpoint


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        "float": analyze(float_checkpoint(folder / "float")),
        "gptq": analyze(gptq_checkpoint(folder / "gptq")),
        "gguf": analyze(gguf_file(folder / "tiny.gguf")),
    }


@pytest.mark.parametrize("other", ["gptq", "gguf"])
def test_every_weight_has_its_counterpart_with_as_many_parameters(reports, other):
    found = compare_weights(reports["float"], reports[other])
    assert (found.counts["added"], found.counts["removed"]) == (0, 0)
    assert (found.tensors["parameters_delta"] == 0).all()
    assert found.totals.loc["weight_bytes", "ratio"] < 0.5
    for side, report in (("weight_bytes", reports["float"]), ("other_weight_bytes", reports[other])):
        assert found.tensors[side].sum() == report.totals.weight_bytes == found.scopes[side].iloc[0]


@pytest.mark.parametrize("other", ["gptq", "gguf"])
def test_values_of_a_quantized_weight_are_near_those_that_it_was_made_from(reports, other):
    pairs = compare_weights(reports["float"], reports[other]).tensors.set_index("name")["other_name"]
    name = "model.layers.1.mlp.up_proj.weight"
    true, near = reports["float"].histogram(name), reports[other].histogram(pairs[name])
    assert near.quantization
    assert near.counted == true.counted
    np.testing.assert_allclose([near.mean, near.std], [true.mean, true.std], atol=0.1 * true.std)


def test_four_forms_of_one_layer_fold_alike(reports):
    for report in reports.values():
        (layers,) = [run for run in report.repeats if run.count == 6]
        assert layers.ops == 12


@pytest.mark.parametrize("kind", ["float", "gptq", "gguf"])
def test_a_checkpoint_and_the_graph_written_from_it_hold_the_same(reports, kind):
    graph = analyze(reports[kind].model.path, graph="analytic")
    counts = compare_weights(reports[kind], graph).counts
    assert counts == {"same": len(reports[kind].ops), "changed": 0, "added": 0, "removed": 0}
    stored, used = (report.breakdown.groupby("dtype")["weight_bytes"].sum() for report in (reports[kind], graph))
    assert stored.sum() == used.sum()
    assert set(stored.index) == set(used.index)
