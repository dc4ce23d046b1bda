"""Make the small models that the examples and tests open.

Run once by hand; the results are kept in ``examples/models`` and ``tests/models``.
Needs: pip install torch transformers onnxscript scikit-learn

- ``digits_cnn.onnx``: a convolutional network trained on scikit-learn's digits. Real weights, real accuracy.
- ``llama_1b.onnx``, ``bert_base.onnx``, ``gpt2.onnx``: full-size architectures from transformers' published
  configurations. Their weights are not stored: each is the output of a ConstantOfShape node, so that a model of a
  billion parameters fits in a megabyte. Good for structure and cost, meaningless for activations.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import torch
from torch import nn

ROOT = Path(__file__).resolve().parent
OPSET = 21
KEPT_METADATA = ("namespace", "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy")


class DigitsCnn(nn.Module):
    """Two residual stages on 8x8 images, ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.stage1 = ResidualBlock(16)
        self.down = nn.Sequential(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.stage2 = ResidualBlock(32)
        self.head = nn.Linear(32, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits [batch, 10] of images [batch, 1, 8, 8] in 0..1."""
        features = self.stage2(self.down(self.stage1(self.stem(image))))
        return self.head(features.mean((2, 3)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a skip connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape in and out."""
        return torch.relu(x + self.conv2(torch.relu(self.conv1(x))))


def train_digits() -> nn.Module:
    """Train for a few seconds and print the held-out accuracy."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    torch.manual_seed(0)
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    x, x_test, y, y_test = (torch.from_numpy(a) for a in train_test_split(images, labels, random_state=0))
    model = DigitsCnn()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(25):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    model.eval()
    print(f"digits accuracy on {len(x_test)} held-out images: {(model(x_test).argmax(1) == y_test).float().mean():.3f}")
    return model


def export(module: nn.Module, inputs: dict, dynamic: dict, path: Path) -> ir.Model:
    """Export through torch's dynamo exporter, keeping only what names the module tree."""
    program = torch.onnx.export(
        module.eval(), (), kwargs=inputs, dynamic_shapes=dynamic, dynamo=True, opset_version=OPSET, verbose=False
    )
    model = program.model
    model.ir_version = 10
    for node in model.graph.all_nodes():
        for key in [key for key in node.metadata_props if key not in KEPT_METADATA]:
            del node.metadata_props[key]
        node.doc_string = None
    for value in [*model.graph.inputs, *model.graph.outputs, *model.graph.initializers.values()]:
        value.metadata_props.clear()
    for node in model.graph.all_nodes():
        for value in node.outputs:
            value.metadata_props.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    return model


def without_weights(model: ir.Model) -> ir.Model:
    """Replace every large initializer by a ConstantOfShape node of the same type and shape."""
    graph, nodes = model.graph, []
    for name, value in list(graph.initializers.items()):
        if value.const_value.size <= 1024:
            continue
        shape = ir.tensor(np.array(value.const_value.shape.numpy(), np.int64), name=f"{name}.shape")
        constant = ir.node("Constant", [], {"value": shape}, name=f"{name}.shape", num_outputs=1)
        fill = onnx.helper.make_tensor("fill", value.dtype.value, [1], [0.01])
        node = ir.node("ConstantOfShape", [constant.outputs[0]], {"value": ir.from_proto(fill)}, name=name)
        node.outputs[0].type, node.outputs[0].shape = value.type, value.shape
        del graph.initializers[name]
        value.replace_all_uses_with(node.outputs[0])
        node.outputs[0].name = name
        constant.outputs[0].name = f"{name}.shape"
        nodes += [constant, node]
    graph.insert_before(graph[0], nodes)
    return model


def transformer(name: str, module: nn.Module, inputs: dict, axes: dict, folder: Path) -> None:
    """Export one language model with dynamic batch and sequence."""
    for parameter in module.parameters():  # the exporter merges equal weights, such as biases that start at zero
        parameter.data.normal_()
    dynamic = {key: ({0: "batch", 1: "seq"} if axes.get(key) is None else axes[key]) for key in inputs}
    model = without_weights(export(module, inputs, dynamic, folder / f"{name}.onnx"))
    ir.save(model, folder / f"{name}.onnx")


class Logits(nn.Module):
    """A decoder that takes ids and returns logits: no cache, no other outputs."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits [batch, seq, vocabulary]."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits


def ids(batch: int = 2, length: int = 16) -> dict:
    """Example token ids and mask."""
    return {
        "input_ids": torch.ones(batch, length, dtype=torch.int64),
        "attention_mask": torch.ones(batch, length, dtype=torch.int64),
    }


def make_digits() -> None:
    model = export(
        train_digits(), {"image": torch.rand(2, 1, 8, 8)}, {"image": {0: "batch"}}, ROOT / "models/digits_cnn.onnx"
    )
    ir.save(model, ROOT / "models/digits_cnn.onnx")


def make_llama() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(  # the published configuration of Llama 3.2 1B
        hidden_size=2048, num_hidden_layers=16, num_attention_heads=32, num_key_value_heads=8, head_dim=64,
        intermediate_size=8192, vocab_size=128256, tie_word_embeddings=True, max_position_embeddings=131072,
        rope_theta=500000.0, dtype=torch.bfloat16, attn_implementation="sdpa",
    )  # fmt: skip
    with torch.device("cpu"):
        torch.set_default_dtype(torch.bfloat16)
        module = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    transformer("llama_1b", Logits(module), ids(), {}, ROOT / "models")


def make_bert() -> None:
    from transformers import BertConfig, BertModel

    inputs = ids() | {"token_type_ids": torch.zeros(2, 16, dtype=torch.int64)}
    transformer("bert_base", BertModel(BertConfig()), inputs, {}, ROOT.parent / "tests/models")


def make_gpt2() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    transformer("gpt2", Logits(GPT2LMHeadModel(GPT2Config())), ids(), {}, ROOT.parent / "tests/models")


MAKERS = {"digits": make_digits, "llama": make_llama, "bert": make_bert, "gpt2": make_gpt2}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        MAKERS[chosen]()
