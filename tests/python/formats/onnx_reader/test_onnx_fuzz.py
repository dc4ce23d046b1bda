"""No bytes make the reader raise anything but its own errors, or take long."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto, helper
from onnx_files import graph, model, node, value

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from haoline_analysis.model import Model

SECONDS = 5.0


@cache
def specimen() -> bytes:
    """A small model with one of everything: functions, bodies, sparse, external, typed and metadata fields."""
    weights = {"w": np.arange(6, dtype=np.float32), "n": np.array([2, 3])}
    typed = helper.make_tensor("t", TensorProto.INT64, [3], [1, -1, 300])
    strings = helper.make_tensor("s", TensorProto.STRING, [2], [b"a", b"bc"])
    outside = TensorProto(name="o", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="o.bin")
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("p", TensorProto.FLOAT, [1], [1.0]), helper.make_tensor("", TensorProto.INT64, [1], [3]), [4]
    )
    softmax = node("Softmax", "a", "b")
    softmax.attribute.append(AttributeProto(name="axis", ref_attr_name="axis", type=AttributeProto.INT))
    function = helper.make_function("here", "F", ["a"], ["b"], [softmax], [helper.make_opsetid("", 17)], ["axis"])
    branch = graph([node("Add", "x w", "t0"), node("Neg", "t0", "t1")], "", "t1", {"w": np.ones(6, np.float32)})
    nodes = [
        node("Reshape", "x n", "r"),
        node("If", "r", "i", then_branch=branch, else_branch=branch),
        node("Constant", "", "c", value=typed),
        node("F", "i", "f", domain="here", axis=1),
        node("Clip", "f _ o", "y", name="clip", floats=[0.5, 1.5], strings=["a", "b"]),
    ]
    proto = model(nodes, weights=weights, functions=[function], producer_name="fuzz")
    proto.graph.initializer.extend([typed, strings, outside])
    proto.graph.sparse_initializer.append(sparse)
    proto.graph.value_info.append(value("r", TensorProto.FLOAT, ["batch", 3]))
    proto.graph.node[0].metadata_props.add(key="namespace", value="a/b")
    helper.set_model_props(proto, {"k": "v"})
    return proto.SerializeToString()


def attempt(data: bytes) -> None:
    """Open and read everything; anything but a ModelError fails the test."""
    start = time.process_time()
    with suppress(ModelError):
        read(open_model(data))
    assert time.process_time() - start < SECONDS


def read(opened: Model) -> None:
    for tensor in opened.tensors:
        if tensor.weight is not None:
            with suppress(ModelError):
                assert tensor.weight.numpy().shape == tensor.weight.shape
    for op in opened.ops:
        with suppress(ModelError):
            assert all(isinstance(key, str) for key in op.metadata)


def test_the_specimen_itself_opens() -> None:
    opened = open_model(specimen())
    assert len(opened.ops) == 9
    assert len(opened.gaps) == 1


def test_truncation_at_every_byte() -> None:
    data = specimen()
    for length in range(len(data)):
        attempt(data[:length])


def test_every_byte_replaced() -> None:
    data = specimen()
    for at in range(len(data)):
        for byte in (0x00, 0x7F, 0x80, 0xFF, data[at] ^ 1, data[at] ^ 8):
            attempt(data[:at] + bytes([byte]) + data[at + 1 :])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_damage(data) -> None:
    damaged = bytearray(specimen())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    attempt(bytes(damaged))
    attempt(bytes(damaged[:cut]) + bytes(damaged[cut + data.draw(st.integers(0, 9)) :]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(noise: bytes) -> None:
    attempt(noise)
    attempt(b"\x08\x08" + noise)
    attempt(b"\x08\x08\x3a" + bytes([len(noise) & 0x7F]) + noise[:127])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_to_real_files(material, data) -> None:
    files = small_files(material)
    damaged = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    attempt(bytes(damaged))
    attempt(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@cache
def small_files(material):
    files = [path for path in sorted(material.rglob("*.onnx")) if path.stat().st_size < 20_000]
    assert len(files) > 200
    return files
