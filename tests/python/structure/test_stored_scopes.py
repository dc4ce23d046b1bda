"""The modules of a checkpoint, from the names of its weights alone."""

from haoline_analysis.model import Model, Op
from haoline_analysis.structure.stored import stored_scopes
from haoline_analysis.structure.stored_order import in_reading_order, reading_order


def of(*names):
    ops = [Op(name, "Weight", "stored", 0, (), (), {}, {}) for name in names]
    return in_reading_order(Model("m", "safetensors", ops, [], (), (), holds="weights"))


def paths(*names):
    return stored_scopes(of(*names)).path


def test_layers_that_hold_only_their_own_weights_are_no_scopes():
    assert paths("fc.weight", "fc.bias") == [""]
    assert paths("a.q.weight", "a.k.weight", "b.weight") == ["", "a"]


def test_numbers_join_the_list_they_count():
    names = [f"h.{i}.{part}.weight" for i in range(2) for part in ("attn.q", "attn.k", "mlp.a", "mlp.b")]
    assert paths(*names) == ["", "h.0", "h.0.attn", "h.0.mlp", "h.1", "h.1.attn", "h.1.mlp"]


def test_a_list_of_plain_layers_stays_a_scope():
    assert paths("features.0.weight", "features.3.weight", "fc.weight") == ["", "features"]


def test_lists_in_lists_keep_the_outer_item():
    names = [f"block.{i}.layer.{j}.{w}.weight" for i in range(2) for j in range(2) for w in "ab"]
    scopes = stored_scopes(of(*names))
    assert scopes.path[1:4] == ["block.0", "block.0.layer.0", "block.0.layer.1"]
    assert scopes.structure[1] == scopes.structure[4]


def test_a_module_around_just_one_other_is_told_with_it():
    scopes = stored_scopes(of("model.decoder.a.q.weight", "model.decoder.a.k.weight", "head.weight"))
    assert scopes.name == ["m", "model.decoder.a"]


def test_flat_names_of_blocks_are_grouped_by_role():
    layers = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_up", "ffn_down")
    names = ["token_embd.weight", *(f"blk.{i}.{layer}.weight" for i in range(2) for layer in layers), "output.weight"]
    scopes = stored_scopes(of(*names))
    assert scopes.path[1:4] == ["blk.0", "blk.0.attention", "blk.0.feed_forward"]
    assert scopes.structure[1] == scopes.structure[4]


def test_alphabetical_files_are_read_in_the_order_of_modules():
    names = sorted(
        [
            "lm_head.weight",
            "model.embed_tokens.weight",
            *(
                f"model.layers.{i}.{part}"
                for i in (0, 1, 10, 2)
                for part in ("mlp.up_proj.weight", "self_attn.q_proj.weight")
            ),
            "model.norm.weight",
        ]
    )
    ordered = [names[row] for row in reading_order(names)]
    assert ordered[0] == "model.embed_tokens.weight"
    assert ordered[-2:] == ["model.norm.weight", "lm_head.weight"]
    assert ordered[1:3] == ["model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.up_proj.weight"]
    assert ordered[-4] == "model.layers.10.self_attn.q_proj.weight"


def test_names_of_any_depth_make_a_tree():
    deep = ".".join(["a"] * 5000) + ".weight"
    scopes = stored_scopes(of(deep, "b.weight", "", "..", "1.2.3"))
    assert len(scopes.op_scope) == 5
    assert all(parent < row for row, parent in enumerate(scopes.parent.tolist()))


def test_a_name_of_a_million_parts_takes_no_time_of_its_square():
    name = "a." * 1_000_000 + "weight"
    assert reading_order([name, "b.weight"]) == [0, 1]
    assert len(stored_scopes(of(name, "b.weight")).op_scope) == 2


def test_weights_that_layers_hold_without_a_module_do_not_keep_them_from_folding():
    names = [f"layers.{i}.{part}" for i in range(3) for part in ("A_log", "mixer.a.weight", "mixer.b.weight")]
    structure = stored_scopes(of(*names)).structure
    assert structure[1] == structure[3] == structure[5]
