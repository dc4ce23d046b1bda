"""Scales that look strange and are not: few values per scale, negative steps of blocks, floats of eight bits."""

import numpy as np
import pytest
from lint_models import Net, findings, normal
from onnx import TensorProto, helper


def filtered(weight, integers=None, **attributes):
    """A convolution between quantizers; ``integers`` in place of those that a quantizer would store."""
    net = Net()
    scale, stored = net.grid(weight, 0)
    names = [net.weight(stored if integers is None else integers), net.weight(scale)]
    made = net.op("DequantizeLinear", *names, net.weight(np.zeros_like(scale, np.int8)), axis=0)
    net.q(net.op("Conv", net.q("x"), made, **attributes))
    return net.model()


@pytest.mark.parametrize("shape", [(8, 1, 3, 3), (16, 8, 1, 1)])
def test_the_largest_weight_of_a_channel_is_not_cut_off(shape):
    model = filtered(normal(*shape), group=8 // shape[1])
    assert "suspicious-range" not in findings(model)


def test_several_in_a_channel_at_the_ends_are():
    integers = np.full((8, 1, 3, 3), 20, np.int8)
    integers[:, :, 0] = 127
    found = findings(filtered(normal(8, 1, 3, 3), integers, group=8))["suspicious-range"][0]
    assert "at the ends" in found.evidence


def blocks_of_four_bits(scale):
    net = Net(x=[4, 32])
    names = net.weight(helper.make_tensor("w", TensorProto.INT4, [32, 8], [-8, 3] * 128)), net.weight(scale)
    net.op("MatMul", "x", net.op("DequantizeLinear", *names, axis=0, block_size=16))
    return net.model()


def test_steps_of_blocks_may_be_negative():
    """onnxruntime lets the largest value of a block be the integer −8, whatever its sign."""
    scale = np.where(np.arange(16).reshape(2, 8) % 2, 0.1, -0.1).astype(np.float32)
    assert "suspicious-range" not in findings(blocks_of_four_bits(scale), "cpu")
    assert findings(blocks_of_four_bits(scale), "tensorrt")["suspicious-range"][0].severity == "error"
    assert findings(blocks_of_four_bits(0 * scale))["suspicious-range"][0].severity == "error"


def test_floats_of_eight_bits_need_no_scale():
    net = Net(x=[4, 8])
    zero = helper.make_tensor("z", TensorProto.FLOAT8E4M3FN, [], [0.0])
    grid = net.weight(np.float32(1)), net.weight(zero)
    net.op("MatMul", net.op("DequantizeLinear", net.op("QuantizeLinear", "x", *grid), *grid), net.weight(normal(8, 8)))
    assert "suspicious-range" not in findings(net.model())


def masked_on(scale, dtype):
    net = Net(x=[1, 2, 4, 4])
    net.op("Softmax", net.op("Add", net.q("x"), net.q(net.op("Tanh", "x"), scale, 0, dtype)))
    return net.model()


def test_sixteen_bits_of_step_one_hold_no_sentinel():
    """They reach to 65,535, as a tensor of zeros is stored, and still tell scores apart by ones."""
    assert "mask-sentinel" not in findings(masked_on(1.0, np.uint16))
    assert findings(masked_on(1e30, np.uint16))["mask-sentinel"][0].severity == "error"
    assert findings(masked_on(1e4 / 255, np.uint8))["mask-sentinel"][0].severity == "error"


def test_four_bits_of_weights_may_be_unsigned_where_cuda_unpacks_them():
    net = Net(x=[4, 32])
    weight, zero = (helper.make_tensor("p", TensorProto.UINT4, [rows, 8], [3, 9] * (4 * rows)) for rows in (32, 2))
    names = net.weight(weight), net.weight(np.full((2, 8), 0.1, np.float32)), net.weight(zero)
    net.op("MatMul", "x", net.op("DequantizeLinear", *names, axis=0, block_size=16))
    model = net.model()
    assert not {"unsigned-integers", "nonzero-zero-point"} & set(findings(model, "cuda"))
    assert {"unsigned-integers", "nonzero-zero-point"} <= set(findings(model, "tensorrt"))


def test_zeros_that_are_stored_may_have_any_scale():
    """Exporters hand on equal biases through Identity, and quantizers give zeros a scale of one."""
    net = Net()
    bias = net.q(net.op("Identity", net.weight(np.zeros((8, 1, 1), np.float32))), 1.0, 0)
    net.q(net.op("Add", net.q("x"), bias))
    assert "suspicious-range" not in findings(net.model())


@pytest.mark.parametrize(("zero", "severity"), [(0, "error"), (200, "warning")])
def test_a_mask_that_its_quantizer_cuts_off_masks_nothing(zero, severity):
    """As of samples without padding, which never show a masked score."""
    net = Net(x=[1, 2, 4, 4])
    shown = net.op("Greater", "x", net.weight(np.float32(0)))
    masked = net.op("Where", shown, net.weight(np.float32(0)), net.weight(np.float32(np.finfo(np.float32).min)))
    net.op("Softmax", net.op("Add", "x", net.q(masked, 0.2, zero)))
    found = findings(net.model()).get("mask-sentinel", [])
    assert [finding.severity for finding in found] == [severity]
    assert ("masked positions count" in found[0].evidence) == (severity == "error")
