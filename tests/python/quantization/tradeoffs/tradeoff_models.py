"""The model with trained weights and its pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models/digits_cnn.onnx"


def pictures(start: int, stop: int) -> list[dict[str, np.ndarray]]:
    images = np.load(EXAMPLES / "digits.npz")["image"].astype(np.float32)
    return [{"image": image[None]} for image in images[start:stop]]
