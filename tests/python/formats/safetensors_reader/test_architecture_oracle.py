"""Cards held against ``transformers``: models of many families, saved by it, with the cache that it really keeps."""

from __future__ import annotations

import pytest
from safetensors_files import sparse_folder

from haoline_analysis.formats import open_model

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SMALL = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}
LATENT = {"kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8}
FAMILIES = {
    "llama": {},
    "mistral": {"sliding_window": 8},
    "qwen2": {},
    "qwen3": {"head_dim": 16},
    "gemma2": {"head_dim": 16, "sliding_window": 8, "query_pre_attn_scalar": 16},
    "phi3": {},
    "starcoder2": {},
    "gpt_neox": {"num_key_value_heads": 4},
    "mixtral": {"num_local_experts": 4, "num_experts_per_tok": 2},
    "qwen3_moe": {**EXPERTS, "num_experts": 4, "head_dim": 8},
    "gpt2": {"n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 64},
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of a family with random weights, and the folder that ``save_pretrained`` makes of it."""
    transformers.utils.logging.set_verbosity_error()
    made = {}

    def load(family):
        if family not in made:
            torch.manual_seed(0)
            options = FAMILIES[family] if family == "gpt2" else {**SMALL, **FAMILIES[family]}
            config = transformers.AutoConfig.for_model(family, **options)
            network = transformers.AutoModelForCausalLM.from_config(config).eval()
            folder = tmp_path_factory.mktemp(family)
            network.save_pretrained(folder)
            made[family] = network, folder
        return made[family]

    return load


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_has_its_parameters_and_its_cache(family, saved):
    network, folder = saved(family)
    card = open_model(folder).architecture
    assert card.family == family
    assert card.total_parameters == sum(parameter.numel() for parameter in network.parameters())
    assert card.tied_embeddings == network.config.tie_word_embeddings
    tokens = 4
    with torch.inference_mode():
        cache = network(torch.ones(1, tokens, dtype=torch.long), use_cache=True).past_key_values
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert card.kv_bytes_per_token == 2 * kept // tokens
    keys = cache.layers[0].keys
    assert (card.kv_heads, card.head_dim) == (keys.shape[1], keys.shape[3])


def test_experts_that_are_not_chosen_do_not_count_as_active(saved):
    network, folder = saved("qwen3_moe")
    card = open_model(folder).architecture
    routed = sum(p.numel() for name, p in network.named_parameters() if ".experts." in name)
    assert card.total_parameters - card.active_parameters == routed * (4 - 2) // 4


@pytest.mark.parametrize("family", ["llama", "phi3", "qwen3_moe"])
def test_values_are_those_of_the_model(family, saved):
    network, folder = saved(family)
    model = open_model(folder)
    parameters = dict(network.named_parameters())
    compared = 0
    for tensor in model.tensors:
        if tensor.name in parameters:
            assert torch.equal(torch.from_numpy(tensor.weight.values()), parameters[tensor.name].float())
            compared += 1
    assert compared > 10


def test_latent_attention_keeps_one_compressed_vector(tmp_path):
    options = {**SMALL, **LATENT, **EXPERTS, "n_routed_experts": 4, "n_group": 1, "topk_group": 1}
    config = transformers.AutoConfig.for_model("deepseek_v3", **options, first_k_dense_replace=1)
    with torch.device("meta"):
        network = transformers.AutoModelForCausalLM.from_config(config)
    shapes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
    card = open_model(sparse_folder(tmp_path / "latent", shapes, 2, config.to_dict())).architecture
    assert card.kv_bytes_per_token == 4 * 2 * (16 + 4)
    assert card.total_parameters == sum(parameter.numel() for parameter in network.parameters())
    assert [layer.experts for layer in card.layer_facts] == [None, 4, 4, 4]


def test_gpt_oss_as_it_is_published_has_the_size_it_is_published_with(material, tmp_path):
    """MXFP4 blocks and scales in place of the experts: 13,761,264,768 bytes of weights, and the same parameters."""
    import gzip
    import json

    from safetensors_files import entry, file_of

    manifest = json.loads(gzip.decompress((material / "llm" / "manifests" / "gpt-oss-20b.json.gz").read_bytes()))
    config = json.loads((material / "llm" / "configs" / "gpt-oss-20b.json").read_text())
    header, at = {}, 0
    for name, shape in manifest["params"].items():
        parts = {name: ("BF16", shape)}
        if name.endswith(("gate_up_proj", "down_proj")):
            experts, inputs, outputs = shape
            blocks = [experts, outputs, inputs // 32, 16]
            parts = {f"{name}_blocks": ("U8", blocks), f"{name}_scales": ("U8", blocks[:3])}
        for label, (dtype, dims) in parts.items():
            stop = at + int(torch.Size(dims).numel()) * (2 if dtype == "BF16" else 1)
            header[label] = entry(dtype, dims, at, stop)
            at = stop
    content = file_of(header)
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(content)
        file.truncate(len(content) + at)
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = open_model(tmp_path)
    assert at == sum(tensor.weight.nbytes for tensor in model.tensors) == 13_761_264_768
    rows = {op.name: model.tensors[op.inputs[0]].weight.shape for op in model.ops}
    assert rows == {name: tuple(shape) for name, shape in manifest["params"].items()}
    assert model.architecture.total_parameters == 20_914_757_184
    assert model.architecture.active_parameters == 4_187_440_704
