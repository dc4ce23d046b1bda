"""Repeated blocks in files that name nothing."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from haoline_analysis.formats import open_model
from haoline_analysis.structure import build_scopes
from haoline_analysis.structure.blocks import find_blocks

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def spans(text, crossing=None):
    """Blocks of a string of op tokens."""
    tokens = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    cuts = np.ones(len(tokens) + 1, np.int64) if crossing is None else np.asarray(crossing)
    return [text[block.start : block.stop] for block in find_blocks(tokens, tokens, cuts)]


def test_a_repeat_is_cut_into_its_periods():
    assert spans("s" + "abcd" * 5 + "z") == ["abcd"] * 5


def test_no_repeat_no_block():
    assert spans("abcdefghij") == []


def test_pieces_between_repeats_are_blocks_and_ends_are_not():
    assert spans("s" + "abcd" * 3 + "vwxyz" + "efgh" * 3 + "tuuv") == ["abcd"] * 3 + ["vwxyz"] + ["efgh"] * 3


def test_stages_of_unequal_length_are_not_read_as_two_large_blocks():
    stage = "conv" * 3 + "DWNS"
    found = spans(stage + "conv" * 5 + "DWNS" + "conv" * 2)
    assert found.count("conv") == 10


def test_blocks_are_cut_where_the_fewest_tensors_cross():
    text = "abcd" * 4
    crossing = [1 if i % 4 == 2 else 3 for i in range(len(text) + 1)]
    assert spans(text, crossing) == ["cdab"] * 3


def test_blocks_inside_blocks_are_found():
    tokens = np.frombuffer(("abcabcabcxyzuv" * 3).encode(), np.uint8).astype(np.uint64)
    outer = find_blocks(tokens, tokens, np.ones(len(tokens) + 1, np.int64))
    sizes = {block.stop - block.start for block in outer}
    assert 3 in sizes or any(inner.stop - inner.start == 3 for block in outer for inner in block.inner)


def test_resnet50_has_its_bottleneck_blocks():
    model = open_model(LIGHT / "light_resnet50.onnx")
    scopes = build_scopes(model)
    assert scopes.source == "structure"
    kinds = [
        [model.ops[i].type for i in np.flatnonzero(scopes.op_scope == row) if model.ops[i].type != "ConstantOfShape"]
        for row in range(1, len(scopes))
    ]
    assert len(kinds) == 15  # 16 bottlenecks, the first of which follows the stem directly
    assert all(block[0] == "Conv" and block[-2:] == ["Sum", "Relu"] for block in kinds)
    assert sorted(len(repeat.scopes) for repeat in scopes.repeats()) == [2, 2, 3, 5]


@pytest.mark.parametrize(("name", "layers"), [("densenet121", 58), ("shufflenet", 13)])
def test_other_networks_without_names(name, layers):
    scopes = build_scopes(open_model(LIGHT / f"light_{name}.onnx"))
    assert len(scopes.children()[0]) >= layers


def test_siblings_follow_the_order_of_execution():
    scopes = build_scopes(open_model(LIGHT / "light_densenet121.onnx"))
    names = [scopes.name[row] for row in scopes.children()[0]]
    assert names == sorted(names, key=lambda name: int(name.partition("_")[2]))


def test_time_stays_linear_on_adversarial_sequences():
    import time

    rng = np.random.default_rng(0)

    def seconds(length):
        tokens = np.concatenate([np.tile(rng.integers(0, 9, p), 3) for p in rng.integers(3, 40, length // 60)])
        tokens = tokens.astype(np.uint64)
        begin = time.process_time()
        find_blocks(tokens, tokens, np.ones(len(tokens) + 1, np.int64))
        return time.process_time() - begin

    seconds(1000)
    assert seconds(100_000) < 3.0
