"""What ATen ops cost: torch's own counter where it is right, sums by hand where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from haoline_analysis.report import analyze

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.report import ModelReport


class Applied(nn.Module):
    """A function of its inputs and, where it has any, its parts."""

    def __init__(self, function: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, *inputs: Any) -> Any:
        return self.function(*self.parts, *inputs)


def cost(module: Any, *shapes: tuple[int, ...]) -> ModelReport:
    """Analysed on the meta device, whole numbers for 1-D inputs excepted."""
    return analyze(module.to("meta"), tuple(torch.zeros(shape, device="meta") for shape in shapes))


def counted_by_torch(module: Any, *shapes: tuple[int, ...]) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*(torch.zeros(shape, device="meta") for shape in shapes))
    return int(counter.get_total_flops())


PLAIN = {
    "linear": (nn.Linear(7, 5), (3, 4, 7)),
    "conv1d": (nn.Conv1d(4, 6, 3, dilation=2), (2, 4, 20)),
    "strided conv2d": (nn.Conv2d(4, 6, 3, 2, 1), (2, 4, 16, 12)),
    "grouped conv2d": (nn.Conv2d(4, 8, 3, groups=2), (2, 4, 9, 9)),
    "depthwise conv2d": (nn.Conv2d(6, 6, 5, groups=6), (1, 6, 9, 9)),
    "conv3d": (nn.Conv3d(2, 3, 3), (1, 2, 5, 6, 7)),
    "transposed conv": (nn.ConvTranspose2d(4, 6, 3, 2), (2, 4, 5, 7)),
    "bmm": (Applied(lambda a: torch.bmm(a, a.transpose(1, 2))), (3, 4, 5)),
    "addmm": (Applied(lambda a, b: torch.addmm(b, a, b)), (4, 4), (4, 4)),
    "matmul of a batch and a matrix": (Applied(torch.matmul), (2, 3, 4), (4, 6)),
    "einsum": (Applied(lambda a, b: torch.einsum("bij,bjk->bik", a, b)), (2, 3, 4), (2, 4, 5)),
}


@pytest.mark.parametrize("name", list(PLAIN))
def test_macs_are_half_of_torchs_flops(name: str) -> None:
    module, *shapes = PLAIN[name]
    assert 2 * cost(module, *shapes).totals.macs == counted_by_torch(module, *shapes)


def test_grouped_transposed_convolution_is_driven_by_its_input() -> None:
    """4 x 5 x 7 inputs of 2 batches, each meeting 3 channels of its group and a 3 x 3 kernel."""
    assert cost(nn.ConvTranspose2d(4, 6, 3, groups=2), (2, 4, 5, 7)).totals.macs == 2 * 4 * 5 * 7 * 3 * 9


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_counted_dense(causal: bool) -> None:
    """Q K^T and P V over all 6 x 10 scores of 2 batches and 4 heads; a scale and a softmax (5) per score."""
    attend = Applied(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal))
    report = cost(attend, (2, 4, 6, 8), (2, 4, 10, 8), (2, 4, 10, 16))
    scores = 2 * 4 * 6 * 10
    assert report.totals.macs == scores * (8 + 16)
    assert report.totals.flops == 2 * scores * (8 + 16) + 6 * scores


def test_grouped_heads_count_by_query_heads() -> None:
    attend = Applied(lambda q, k: F.scaled_dot_product_attention(q, k, k, enable_gqa=True))
    assert cost(attend, (1, 8, 5, 4), (1, 2, 5, 4)).totals.macs == 8 * 5 * 5 * (4 + 4)


def test_an_added_mask_is_one_operation_per_score() -> None:
    attend = Applied(lambda q, mask: F.scaled_dot_product_attention(q, q, q, attn_mask=mask))
    plain = Applied(lambda q: F.scaled_dot_product_attention(q, q, q))
    masked, bare = cost(attend, (1, 2, 5, 4), (5, 5)), cost(plain, (1, 2, 5, 4))
    assert masked.totals.flops - bare.totals.flops == 2 * 5 * 5


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers_use_every_weight_at_each_step(kind: str, gates: int, directions: int) -> None:
    layer = getattr(nn, kind)(5, 7, num_layers=2, bidirectional=directions == 2)
    first, second = gates * 7 * (5 + 7), gates * 7 * (7 * directions + 7)
    assert cost(layer, (11, 3, 5)).totals.macs == 11 * 3 * directions * (first + second)


def test_recurrent_layers_without_biases_and_with_projections() -> None:
    layer = nn.LSTM(5, 8, proj_size=3, bias=False, batch_first=True)
    assert cost(layer, (2, 4, 5)).totals.macs == 2 * 4 * (32 * 5 + 32 * 3 + 3 * 8)


def test_a_recurrent_cell_is_one_step() -> None:
    assert cost(nn.GRUCell(5, 7), (3, 5)).totals.macs == 3 * 21 * (5 + 7)


def test_lookups_cost_nothing_and_read_what_they_hand_on() -> None:
    table = nn.Embedding(1000, 16)
    report = analyze(table, torch.zeros(2, 5, dtype=torch.long))
    assert report.totals.flops == 0
    assert report.ops.bytes_moved.tolist() == [10 * 16 * 4 * 2 + 10 * 8]  # rows read and written, indices


def test_grouped_products_read_the_matrices_of_groups_that_can_have_rows() -> None:
    """3 rows can choose at most 3 of 8 experts."""
    pytest.importorskip("transformers.integrations.moe")
    module = Applied(lambda x, w, ends: torch.ops.transformers.grouped_mm_fallback(x, w, ends))
    ends = torch.zeros(8, dtype=torch.int32, device="meta")
    inputs = torch.zeros(3, 4, device="meta"), torch.zeros(8, 4, 6, device="meta"), ends
    report = analyze(module, inputs)
    assert report.totals.macs == 3 * 4 * 6
    assert report.ops.bytes_moved.tolist() == [4 * (3 * 4 + 3 * 4 * 6 + 3 * 6) + 4 * 8]


PER_ELEMENT = {
    "relu": (F.relu, 1), "silu": (F.silu, 5), "gelu": (F.gelu, 5), "softmax": (lambda x: F.softmax(x, -1), 5),
    "layer norm": (lambda x: F.layer_norm(x, (8,)), 5), "rms norm": (lambda x: F.rms_norm(x, (8,)), 3),
    "sum": (torch.sum, 1), "sort": (lambda x: torch.sort(x).values, 3), "cumsum": (lambda x: torch.cumsum(x, 0), 1),
    "clamp": (lambda x: x.clamp(0, 1), 2), "tanh": (torch.tanh, 5), "lerp": (lambda x: torch.lerp(x, x, 0.5), 3),
    "max pooling": (lambda x: F.max_pool2d(x[None], 2), 1),
    "average pooling": (lambda x: F.avg_pool2d(x[None], 2), 1.25),
    "nearest upsampling": (lambda x: F.interpolate(x[None], scale_factor=2), 0),
    "bilinear upsampling": (lambda x: F.interpolate(x[None], scale_factor=2, mode="bilinear"), 4 * 7),
    "scatter-add": (lambda x: torch.zeros_like(x).scatter_add(0, torch.zeros_like(x, dtype=torch.long), x), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PER_ELEMENT))
def test_operations_per_element(name: str) -> None:
    function, per_element = PER_ELEMENT[name]
    assert cost(Applied(function), (4, 6, 8)).totals.flops == per_element * 4 * 6 * 8


def test_views_move_nothing_and_copies_do() -> None:
    """A transposed tensor is reshaped by copying it; what can be a view is one."""
    module = Applied(lambda x: (x.transpose(0, 1), x.transpose(0, 1).reshape(24), x.reshape(24), x[1:], x.chunk(2)[0]))
    ops = cost(module, (4, 6)).ops
    assert dict(zip(ops.name, ops.bytes_moved, strict=True)) == {
        "transpose": 0, "transpose_1": 0, "reshape": 2 * 24 * 4, "reshape_1": 0, "slice_1": 0, "chunk": 0,
    }  # fmt: skip


def test_batch_norm_statistics_are_bytes_but_no_parameters() -> None:
    ops = cost(nn.BatchNorm2d(3), (1, 3, 4, 4)).ops
    assert (ops.parameters.sum(), ops.weight_bytes.sum()) == (6, 12 * 4)


def test_weights_reach_the_op_that_works_with_them_through_casts_and_views() -> None:
    half = nn.Linear(4, 4, bias=False).half()
    ops = cost(Applied(lambda layer, x: x @ layer.weight.float().t(), half), (2, 4)).ops
    assert dict(zip(ops.type, ops.parameters, strict=True)) == {"to": 0, "t": 0, "matmul": 16}


def test_an_op_without_a_rule_is_a_named_gap() -> None:
    report = cost(Applied(lambda x: torch.linalg.eigvalsh(x) + 1), (4, 4))
    assert any("linalg" in gap.what and gap.what.startswith("there is no cost rule for aten::") for gap in report.gaps)
