"""Sizes of sliding windows are what onnxruntime gives, and what onnx infers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

from haoline_analysis import open_model
from haoline_analysis.shapes import evaluate

POOLS = ["AveragePool", "LpPool", "MaxPool"]


@dataclass(frozen=True)
class Window:
    """A pool over a row of an image."""

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    begin: int = 0
    end: int = 0
    ceil: bool = False

    @property
    def fits(self) -> bool:
        return (self.kernel - 1) * self.dilation < self.size + self.begin + self.end


@st.composite
def windows(draw: st.DrawFn) -> Window:
    kernel = draw(st.integers(1, 9))
    pad = st.integers(0, kernel - 1)  # onnxruntime refuses pads as wide as the window
    stride, dilation = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    return Window(draw(st.integers(1, 9)), kernel, stride, dilation, draw(pad), draw(pad), draw(st.booleans()))


def pool(kind: str, window: Window) -> onnx.ModelProto:
    node = helper.make_node(
        kind,
        ["x"],
        ["y"],
        kernel_shape=[window.kernel],
        strides=[window.stride],
        dilations=[window.dilation],
        pads=[window.begin, window.end],
        ceil_mode=int(window.ceil),
    )
    return model_of(node, window.size)


def model_of(node: onnx.NodeProto, size: int, weights: tuple[onnx.TensorProto, ...] = ()) -> onnx.ModelProto:
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, size])
    graph = helper.make_graph([node], "g", [image], [onnx.ValueInfoProto(name="y")], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)


def ours(proto: onnx.ModelProto) -> tuple[int | None, ...] | None:
    model = open_model(proto)
    value = evaluate(model).value(model.outputs[0])
    return None if value is None else value.shape


def run(proto: onnx.ModelProto, size: int) -> tuple[int, ...] | None:
    """The shape that onnxruntime gives; None where it refuses."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, {"x": np.ones((1, 1, size), np.float32)})[0].shape
    except (refusals.Fail, refusals.InvalidArgument, refusals.RuntimeException):
        return None


def inferred(proto: onnx.ModelProto) -> tuple[int, ...]:
    shape = onnx.shape_inference.infer_shapes(proto).graph.output[0].type.tensor_type.shape
    return tuple(dim.dim_value for dim in shape.dim)


@pytest.mark.parametrize("kind", POOLS)
@settings(max_examples=150, deadline=None)
@given(windows())
@example(Window(2, 640, 640, ceil=True))  # EfficientNet's last pooling, of a small image
@example(Window(1, 2, 1))  # nothing is left
@example(Window(1, 2, 2))
@example(Window(5, 2, 3, begin=1, ceil=True))  # a last window that would start in the right padding
def test_pools_are_as_large_as_they_are_when_run(kind: str, window: Window) -> None:
    proto = pool(kind, window)
    assert ours(proto) == run(proto, window.size)


@pytest.mark.parametrize("kind", POOLS)
@settings(max_examples=50, deadline=None)
@given(windows().filter(lambda window: window.fits))
def test_pools_within_the_image_are_as_large_as_onnx_infers(kind: str, window: Window) -> None:
    proto = pool(kind, window)
    assert ours(proto) == inferred(proto)


@settings(max_examples=150, deadline=None)
@given(windows())
@example(Window(1, 2, 2))
def test_convolutions_are_as_large_as_they_are_when_run(window: Window) -> None:
    """Their window has to fit."""
    kernel = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, window.kernel], [1.0] * window.kernel)
    node = helper.make_node(
        "Conv",
        ["x", "w"],
        ["y"],
        strides=[window.stride],
        dilations=[window.dilation],
        pads=[window.begin, window.end],
    )
    proto = model_of(node, window.size, (kernel,))
    assert ours(proto) == run(proto, window.size)
