"""What is worth a word about a checkpoint, and what is not."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from stored_models import checkpoint, float_weight, llama, packed_weight

from haoline_analysis import analyze


def found(model):
    report = analyze(model)
    return {finding.id: (finding, [report.ops["name"][row] for row in finding.ops]) for finding in report.findings}


def hollow(rows, columns, dtype):
    """A large weight that nobody reads."""
    weight = float_weight(1, dtype=dtype)
    weight.shape, weight.stored_bytes = (rows, columns), rows * columns * (4 if dtype == "float32" else 2)
    return weight


def test_an_ordinary_checkpoint_has_no_findings():
    assert found(llama()) == {}


def test_a_large_float32_checkpoint():
    assert (
        "half of that" in found(checkpoint({"w": hollow(10_000, 6_000, "float32")}))["float32-checkpoint"][0].evidence
    )
    assert found(checkpoint({"w": hollow(10_000, 6_000, "bfloat16")})) == {}
    assert found(checkpoint({"w": hollow(100, 60, "float32")})) == {}


def test_weights_in_float64():
    _, names = found(checkpoint({"a.weight": float_weight(4, 4), "b.weight": float_weight(4, 4, dtype="float64")}))[
        "float64-weights"
    ]
    assert names == ["b.weight"]


def test_matrices_of_one_role_in_several_types_but_not_norms():
    held = {f"h.{i}.attn.q_proj.weight": float_weight(4, 4, dtype="float16") for i in range(3)}
    held["h.1.attn.q_proj.weight"] = float_weight(4, 4, dtype="float32")
    assert found(checkpoint(held))["mixed-types"][1] == ["h.1.attn.q_proj.weight"]
    norms = {f"h.{i}.norm.weight": float_weight(4, dtype=kind) for i, kind in enumerate(("float16", "float32"))}
    assert found(checkpoint(norms)) == {}


def test_a_tied_head_that_is_stored_again():
    model = llama()
    apart = float_weight(64, 16, dtype="float16")
    for tensor in model.tensors:
        if tensor.name == "lm_head.weight":
            tensor.weight = apart
    assert found(model)["tied-weight-stored"][1] == ["lm_head.weight"]
    model.architecture = replace(model.architecture, tied_embeddings=False)
    assert "tied-weight-stored" not in found(model)


def test_a_quantized_checkpoint_whose_embedding_is_most_of_it():
    held = {
        "embed_tokens.weight": float_weight(64, 64, dtype="float16"),
        "h.0.mlp.up_proj.weight": packed_weight(128, 128),
    }
    finding, names = found(checkpoint(held))["unquantized-share"]
    assert names == ["embed_tokens.weight"]
    assert "embedding 4" in finding.evidence
