"""What a weight is for follows from its name and shape, whoever wrote the file."""

import pytest

from haoline_analysis.structure.roles import ROLES, role, role_of_op

HUGGING_FACE = {
    "model.embed_tokens.weight": "embedding",
    "model.layers.0.self_attn.q_proj.weight": "attention",
    "model.layers.0.self_attn.q_proj.bias": "bias",
    "model.layers.0.self_attn.q_norm.weight": "norm",
    "model.layers.0.mlp.gate_proj.weight": "feed_forward",
    "model.layers.0.mlp.gate.weight": "router",
    "model.layers.0.mlp.experts.7.down_proj.weight": "expert",
    "model.layers.0.mlp.shared_experts.up_proj.weight": "expert",
    "model.layers.0.block_sparse_moe.gate.weight": "router",
    "model.layers.0.mixer.q_proj.weight": "attention",
    "model.layers.0.mixer.A_log": "state_space",
    "model.layers.0.mixer.in_proj.weight": "state_space",
    "model.norm.weight": "norm",
    "lm_head.weight": "head",
    "model.rotary_emb.inv_freq": "position",
    "bert.embeddings.word_embeddings.weight": "embedding",
    "bert.embeddings.position_embeddings.weight": "position",
    "bert.embeddings.LayerNorm.bias": "norm",
    "bert.encoder.layer.0.attention.output.dense.weight": "attention",
    "bert.encoder.layer.0.output.dense.weight": "feed_forward",
    "cls.predictions.decoder.weight": "head",
    "transformer.wpe.weight": "position",
    "transformer.h.3.mlp.c_proj.weight": "feed_forward",
    "decoder.block.0.layer.2.DenseReluDense.wo.weight": "feed_forward",
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": "position",
}
GGUF = {
    "token_embd.weight": "embedding",
    "blk.0.attn_q.weight": "attention",
    "blk.0.attn_norm.weight": "norm",
    "blk.0.ffn_down.weight": "feed_forward",
    "blk.0.ffn_gate_inp.weight": "router",
    "blk.0.ffn_down_exps.weight": "expert",
    "blk.0.ssm_in.weight": "state_space",
    "output_norm.weight": "norm",
    "output.weight": "head",
    "rope_freqs.weight": "position",
}
VISION = {
    "patch_embed.proj.weight": "embedding",
    "cls_token": "embedding",
    "pos_embed": "position",
    "blocks.0.attn.qkv.weight": "attention",
    "blocks.0.norm1.weight": "norm",
    "blocks.0.mlp.fc1.weight": "feed_forward",
    "head.weight": "head",
    "fc.weight": "head",
    "classifier.6.weight": "head",
    "bn1.running_mean": "norm",
}


@pytest.mark.parametrize(("name", "expected"), [*HUGGING_FACE.items(), *GGUF.items(), *VISION.items()])
def test_the_name_tells_the_role(name, expected):
    assert role(name) == expected


def test_the_shape_tells_where_the_name_does_not():
    assert role("layer1.0.downsample.0.weight", (64, 64, 1, 1)) == "convolution"
    assert role("layer1.0.downsample.1.weight", (64,)) == "norm"
    assert role("features.3.weight", (64, 3, 3, 3)) == "convolution"
    assert role("table.weight", (64,), {"kind": "buffer"}) == "other"


def test_a_name_of_any_length_and_kind_has_a_role():
    for name in ("", "\0", "a." * 10_000, "weight" * 5000, "<script>"):
        assert role(name) in ROLES


@pytest.mark.parametrize(
    ("category", "path", "weight", "expected"),
    [
        ("linear", "model/layers.0/self_attn/q_proj", "onnx::MatMul_12", "attention"),
        ("linear", "", "onnx::MatMul_12", "other"),
        ("linear", "", "encoder.layer.0.intermediate.dense.weight", "feed_forward"),
        ("norm", "model/layers.0/self_attn", "", "norm"),
        ("embed", "", "table", "embedding"),
        ("embed", "transformer/wpe", "", "position"),
        ("conv", "layer1/0/conv1", "", "convolution"),
    ],
)
def test_an_op_of_a_graph_says_it_by_its_module_then_its_category_then_its_weight(category, path, weight, expected):
    assert role_of_op(category, path, weight) == expected
