"""Peak activation memory of PyTorch graphs, by hand: what is alive when, views and in-place ops in the same buffer."""

from __future__ import annotations

from typing import Any

import pytest

from haoline_analysis.cost import liveness
from haoline_analysis.formats import open_model
from haoline_analysis.report import analyze
from haoline_analysis.shapes import evaluate

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

KB = 1024


class Convolutions(nn.Module):
    """Image 4 x 8 x 8 of float32: 1 kB a tensor of four channels."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.first, self.relu = nn.Conv2d(4, 16, 3, padding=1), nn.ReLU(inplace=inplace)
        self.second, self.last = nn.Conv2d(16, 4, 3, padding=1), nn.Linear(256, 2)

    def forward(self, x: Any) -> Any:
        y = self.second(self.relu(self.first(x)))
        return self.last((x + y).flatten(1))


@pytest.mark.parametrize(
    ("inplace", "curve"),
    [
        # conv 4; relu 4 more, or none in place; second conv 4 + 1; sum 1 + 1 (the image is the caller's);
        # flatten is a view of the sum; the linear adds 8 bytes
        (False, [4 * KB, 8 * KB, 5 * KB, 2 * KB, 1 * KB, 1 * KB + 8]),
        (True, [4 * KB, 4 * KB, 5 * KB, 2 * KB, 1 * KB, 1 * KB + 8]),
    ],
    ids=["relu", "relu in place"],
)
def test_a_small_network_by_hand(inplace: bool, curve: list[int]) -> None:
    model = open_model(Convolutions(inplace), example_inputs=torch.zeros(1, 4, 8, 8))
    found = liveness(model, evaluate(model))
    assert found.curve.tolist() == curve
    assert found.peak_bytes == max(curve)


def test_a_view_keeps_its_buffer_alive() -> None:
    """Half of a tensor is read last: all of its 1 kB stays, beside a sum of 4 bytes and the result of 0.5 kB."""

    class Halves(nn.Module):
        def forward(self, x: Any) -> Any:
            first, second = (x * 2).chunk(2)
            return (first + 1).sum() + second

    report = analyze(Halves(), torch.zeros(2, 128))
    assert (
        report.totals.peak_activation_bytes == 1024 + 512 + 4 + 0 * KB
        or report.totals.peak_activation_bytes == 1536 + 4
    )


def test_an_expanded_tensor_takes_no_more_than_it_repeats() -> None:
    class Repeats(nn.Module):
        def forward(self, x: Any) -> Any:
            return (x * 2).expand(1000, 4).sum()

    report = analyze(Repeats(), torch.zeros(1, 4))
    assert report.totals.peak_activation_bytes == 16 + 4


def test_views_of_inputs_and_weights_are_not_counted() -> None:
    class Transposes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(64, 64))

        def forward(self, x: Any) -> Any:
            return x.t() @ self.weight.t()

    assert analyze(Transposes(), torch.zeros(64, 1)).totals.peak_activation_bytes == 64 * 4
