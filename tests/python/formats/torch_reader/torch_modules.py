"""Modules whose sizes are known: small Hugging Face models with random weights, and ResNet-50 as its paper draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import transformers
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

ATTENTION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
GROUPED = {**ATTENTION, "num_key_value_heads": 2, "vocab_size": 50}


def bert() -> Any:
    return transformers.BertModel(transformers.BertConfig(**ATTENTION, vocab_size=50))


def gpt2() -> Any:
    ends = {"bos_token_id": 0, "eos_token_id": 1}
    config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=50, n_positions=64, **ends)
    return transformers.GPT2LMHeadModel(config)


def llama() -> Any:
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**GROUPED))


def mixtral() -> Any:
    return transformers.MixtralForCausalLM(transformers.MixtralConfig(**GROUPED, num_local_experts=4))


def vit() -> Any:
    config = transformers.ViTConfig(**ATTENTION, image_size=32, patch_size=8)
    return transformers.ViTForImageClassification(config)


def whisper() -> Any:
    sizes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "num_mel_bins": 8, "vocab_size": 51}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    lengths = {"max_source_positions": 20, "max_target_positions": 16}
    config = transformers.WhisperConfig(**sizes, **heads, **tokens, **lengths)
    return transformers.WhisperForConditionalGeneration(config)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut (He et al. 2015, figure 5); the stride is in the 3x3."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet50(nn.Module):
    """Table 1 of the paper; ``shrink`` divides the widths."""

    def __init__(self, shrink: int = 1, classes: int = 1000) -> None:
        super().__init__()
        stem = 64 // shrink
        self.conv1, self.bn1 = nn.Conv2d(3, stem, 7, 2, 3, bias=False), nn.BatchNorm2d(stem)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        inputs, stages = stem, []
        for number, (width, blocks) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3), strict=True)):
            made = []
            for block in range(blocks):
                made.append(Bottleneck(inputs, width // shrink, 2 if number and not block else 1))
                inputs = 4 * width // shrink
            stages.append(nn.Sequential(*made))
        self.stages = nn.Sequential(*stages)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(inputs, classes)

    def forward(self, x: Any) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.pool(self.stages(x)).flatten(1))


def resnet() -> Any:
    return ResNet50(shrink=8, classes=10)


MODULES: dict[str, Callable[[], Any]] = {
    "ResNet-50": resnet,
    "BERT": bert,
    "GPT-2": gpt2,
    "Llama": llama,
    "Mixtral": mixtral,
    "ViT": vit,
    "Whisper": whisper,
}


def made(name: str) -> Any:
    """A module with parameters that differ from each other, so that no exporter merges equal ones."""
    torch.manual_seed(0)
    module = MODULES[name]()
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.1, 0.05)
    return module


def inputs_of(name: str) -> Any:
    """Example inputs; None for Hugging Face models, which need none."""
    return torch.zeros(1, 3, 64, 64) if name == "ResNet-50" else None
