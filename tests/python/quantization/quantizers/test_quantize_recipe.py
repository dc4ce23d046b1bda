"""Recipes: complete, strict, and enough to make the model again."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from quantizer_models import DIGITS, convolution, digits, matrix, pictures, run

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import Recipe, quantize, rebuild
from haoline_analysis.quantization.quantizers import recipe_of


@pytest.fixture(scope="module")
def made():
    return quantize(
        DIGITS, calibration=digits(), per_channel=True, keep_float=["node_linear"], percentile=99.9, target="cpu-vnni"
    )


def test_json_goes_there_and_back(made):
    assert Recipe.from_json(made.recipe.to_json()) == made.recipe
    assert Recipe.from_json(made.recipe.to_json().encode()) == made.recipe
    assert made.recipe.versions["onnxruntime"]
    assert len(made.recipe.source_sha256) == 64


def test_a_model_can_be_made_again(made, tmp_path):
    place = made.save(tmp_path / "digits.onnx")
    recipe = tmp_path / "digits.recipe.json"
    for given in (made.recipe, recipe, recipe.read_text()):
        again = rebuild(given, DIGITS, digits())
        feeds = {"image": digits(96)[32:]}
        assert np.array_equal(run(again.path, feeds), run(place, feeds))
        assert again.recipe == made.recipe
        assert again.notes == made.notes


def test_what_is_not_as_it_was_is_said(made):
    again = rebuild(made.recipe.changed(versions={"onnxruntime": "1.0"}), DIGITS, digits(8))
    assert "The calibration data is not that of the recipe." in again.notes
    assert any("onnxruntime 1.0 →" in note for note in again.notes)
    other = rebuild(Recipe("dynamic-int8", "cpu", source_sha256="0" * 64), matrix())
    assert "The float model is not the one that the recipe was made with." in other.notes


def test_rebuilding_without_the_data_is_refused(made):
    with pytest.raises(ModelError, match="needs calibration data"):
        rebuild(made.recipe, DIGITS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "other"}, "no recipe"),
        ({"schema": 2}, "schema 2"),
        ({"scheme": "int3"}, "scheme"),
        ({"target": None}, "target"),
        ({"extra": 1}, "unknown fields extra"),
        ({"per_channel": 1}, "per_channel"),
        ({"percentile": "high"}, "percentile"),
        ({"percentile": 1e9}, "percentile"),
        ({"block_size": True}, "block_size"),
        ({"keep_float": "all"}, "keep_float"),
        ({"keep_float": [1]}, "keep_float"),
        ({"fixes": ["rm"]}, "fixes"),
        ({"source_sha256": "xyz"}, "source_sha256"),
        ({"calibration": {"count": 1}}, "calibration"),
        ({"calibration": {"count": 0, "sha256": "", "origin": ""}}, "count"),
        ({"versions": [1]}, "versions"),
        ({"source": "x" * 5000}, "source"),
    ],
)
def test_what_is_no_recipe_is_refused(made, change, message):
    with pytest.raises(ModelError, match=message):
        Recipe.from_json(json.dumps({**json.loads(made.recipe.to_json()), **change}))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"kind": "haoline.recipe", "schema": 1}'])
def test_other_texts_are_refused(text):
    with pytest.raises(ModelError):
        Recipe.from_json(text)
    with pytest.raises(ModelError):
        Recipe.from_json(" " * (9 << 20))


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no recipe to read"):
        rebuild(tmp_path / "none.json", DIGITS)


def test_recipe_of_a_model_that_has_none_or_a_broken_one():
    assert recipe_of(convolution()) is None
    for value in ("{}", "no json", '{"recipe": {"scheme": "x"}}', "[" * 100_000):
        model = convolution()
        entry = model.metadata_props.add()
        entry.key, entry.value = "haoline.quantization", value
        assert recipe_of(model) is None


def test_a_hash_covers_external_data(tmp_path):
    hashes = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        onnx.save_model(
            matrix(seed=seed), folder / "m.onnx", save_as_external_data=True, location="w", size_threshold=0
        )
        hashes.append(quantize(folder / "m.onnx", scheme="dynamic-int8").recipe.source_sha256)
    assert hashes[0] != hashes[1]
    assert pictures(1)
