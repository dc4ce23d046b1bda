"""Make what ``dead_layer.ipynb`` opens: a network that learned too fast at first, and digits to run it on.

Run once by hand; the results are kept in ``examples``. Needs: pip install torch onnxscript scikit-learn

- ``models/digits_dead.onnx``: the network of ``digits_cnn.onnx`` on the same data, except that its first three epochs
  ran at sixteen times the learning rate. Real weights, and nothing in them was set by hand.
- ``digits.npz``: 96 of scikit-learn's digits that neither network was trained on, as both take them.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import torch
from make_models import ROOT, DigitsCnn, export
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

EPOCHS, HASTY_EPOCHS = 20, 3
RATE, HASTY_RATE = 3e-3, 5e-2
KEPT_DIGITS = 96


def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images [n, 1, 8, 8] in 0..1 and their digits: to train on, and to test on."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    x, x_test, y, y_test = train_test_split(images, labels, random_state=0)
    return tuple(torch.from_numpy(array) for array in (x, y, x_test, y_test))


def train(x: torch.Tensor, y: torch.Tensor) -> nn.Module:
    """Train with a rate that is far too high at first."""
    torch.manual_seed(1)
    model = DigitsCnn()
    optimizer = torch.optim.AdamW(model.parameters(), lr=HASTY_RATE)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = HASTY_RATE if epoch < HASTY_EPOCHS else RATE
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return model.eval()


def main() -> None:
    torch.set_num_threads(1)  # the same sums in the same order on every machine
    x, y, x_test, y_test = digits()
    model = train(x, y)
    print(f"accuracy on {len(x_test)} held-out images: {(model(x_test).argmax(1) == y_test).float().mean():.3f}")
    path = ROOT / "models/digits_dead.onnx"
    ir.save(export(model, {"image": torch.rand(2, 1, 8, 8)}, {"image": {0: "batch"}}, path), path)
    np.savez_compressed(ROOT / "digits.npz", image=x_test[:KEPT_DIGITS].numpy())


if __name__ == "__main__":
    main()
