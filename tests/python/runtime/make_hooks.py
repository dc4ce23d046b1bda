"""Records what torch's own forward hooks see, beside the exported models, for test_hooks.py.

    pip install torch==2.13.0 onnx onnxscript numpy
    python tests/python/runtime/make_hooks.py

writes ``hooks/{cnn,transformer}.onnx`` and ``.npz``: the inputs of two samples under ``input 0`` and ``input 1``, and
each module's output under ``<sample> <tensor of the exported model>``. Weights are seeded, not trained.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

FOLDER = Path(__file__).resolve().parent / "hooks"


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)) + x)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, stride=2, padding=1)
        self.act = nn.ReLU()
        self.first = Residual(12)
        self.pool = nn.MaxPool2d(2)
        self.depthwise = nn.Conv2d(12, 12, 3, padding=1, groups=12)
        self.second = Residual(12)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(12, 5)
        self.softmax = nn.Softmax(-1)

    def forward(self, x):
        x = self.pool(self.first(self.act(self.stem(x))))
        x = self.mean(self.second(self.depthwise(x))).flatten(1)
        return self.softmax(self.head(x))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.softmax = nn.Softmax(-1)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (m(x).view(batch, length, self.heads, -1).transpose(1, 2) for m in (self.q, self.k, self.v))
        weights = self.softmax(q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5)
        return self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.up, self.act, self.down = nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)

    def forward(self, x):
        x = x + self.attention(self.before(x))
        return x + self.down(self.act(self.up(self.between(x))))


class Transformer(nn.Module):
    def __init__(self, width=24, heads=3):
        super().__init__()
        self.embedding = nn.Embedding(40, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(2)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 40)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def hooked(model, sample):
    """Outputs of all modules without children, by path."""
    seen, handles = {}, []
    for path, module in model.named_modules():
        if not list(module.children()):
            keep = lambda _m, _i, output, path=path: seen.__setitem__(path, output.detach().numpy().copy())  # noqa: E731
            handles.append(module.register_forward_hook(keep))
    with torch.no_grad():
        model(sample)
    for handle in handles:
        handle.remove()
    return seen


def last_tensors(path):
    """The last tensor that each module makes in the exported model, by path of the module."""
    found = {}
    for node in onnx.load(path).graph.node:
        scope = node.name.rsplit("/", 1)[0].strip("/")
        found[scope.replace("/", ".")] = node.output[0]
    return found


def record(name, model, samples, inputs, dynamic):
    model.eval()
    path = FOLDER / f"{name}.onnx"
    torch.onnx.export(
        model, (samples[0],), str(path), input_names=[inputs], dynamic_axes=dynamic, opset_version=17, dynamo=False
    )
    tensors = last_tensors(path)
    arrays = {f"input {index}": sample.numpy() for index, sample in enumerate(samples)}
    for index, sample in enumerate(samples):
        seen = hooked(model, sample)
        for module, output in seen.items():
            if module.endswith("norm") and module not in tensors:  # folded into the convolution before it
                arrays[f"{index} {tensors[module.removesuffix('norm') + 'conv']}"] = output
            elif not (module.endswith("conv") and module.removesuffix("conv") + "norm" not in tensors):
                arrays[f"{index} {tensors[module]}"] = output
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
    print(name, len(arrays), "arrays,", path.stat().st_size + (FOLDER / f"{name}.npz").stat().st_size, "bytes")


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(0)
    cnn = Cnn()
    for module in cnn.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.running_mean, module.bias.data):
                values.normal_(0, 0.3)
            for values in (module.running_var, module.weight.data):
                values.uniform_(0.5, 2)
    record("cnn", cnn, [torch.randn(1, 3, 16, 16) for _ in range(2)], "image", None)
    ids = [torch.randint(0, 40, (1, length)) for length in (7, 11)]
    record("transformer", Transformer(), ids, "input_ids", {"input_ids": {0: "batch", 1: "sequence"}})


if __name__ == "__main__":
    main()
