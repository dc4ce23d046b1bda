"""Opening costs memory for the graph, not for the weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper
from onnx_files import message, model, node, number, varint, wire_node, wire_tensor

from haoline_analysis.formats import open_model

MEGABYTE = 1 << 20
SCRIPT = """
import re, sys
import numpy, onnx
import haoline_analysis.formats.registry
from haoline_analysis.formats import open_model

def peak():  # of this process image; getrusage would report the parent's from before exec
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024

before = peak()
opened = {"onnx": onnx.load, "ours": open_model}[sys.argv[1]](sys.argv[2])
print(peak() - before)
"""


def weights(count: int, megabytes: float) -> dict[str, np.ndarray]:
    array = np.ones(int(megabytes * MEGABYTE) // 4, np.float32)
    return {f"w{index}": array for index in range(count)}


def as_initializers(held: dict[str, np.ndarray]):
    return model([node("Sum", " ".join(held), "y")], weights=held)


def as_constants(held: dict[str, np.ndarray]):
    nodes = [node("Constant", "", name, value=numpy_helper.from_array(array)) for name, array in held.items()]
    return model([*nodes, node("Sum", " ".join(held), "y")])


@pytest.mark.parametrize("held", [as_initializers, as_constants], ids=["initializers", "constants"])
@pytest.mark.parametrize(("count", "each"), [(4, 50.0), (2000, 0.1)])
def test_two_hundred_megabytes_of_weights_add_less_than_twenty(tmp_path, held, count: int, each: float) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(held(weights(count, each)).SerializeToString())
    assert path.stat().st_size > 195 * MEGABYTE
    added = peak_bytes_added(path)
    assert added < 20 * MEGABYTE


def test_a_file_of_five_gigabytes(tmp_path) -> None:
    """Protobuf libraries stop at two; the hole takes no space on disk."""
    hole = 5 << 30
    head = number(1, hole // 4) + number(2, TensorProto.FLOAT) + message(8, "huge") + varint(9 << 3 | 2) + varint(hole)
    initializer = varint(5 << 3 | 2) + varint(len(head) + hole) + head
    after = wire_tensor("small", [500], TensorProto.FLOAT, message(9, np.arange(500, dtype="<f4").tobytes()))
    after += wire_node("Add", "huge small", "y")
    graph = varint(7 << 3 | 2) + varint(len(initializer) + hole + len(after))
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.write(number(1, 8) + graph + initializer)
        file.seek(hole, 1)
        file.write(after)
    assert peak_bytes_added(path) < 20 * MEGABYTE
    huge, small = (tensor.weight for tensor in open_model(path).tensors[:2])
    assert huge.nbytes == hole
    assert (small.numpy() == np.arange(500)).all()


def test_long_lists_of_a_tree_ensemble_stay_compact(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    count = 300_000
    lists = {"nodes_values": [0.5] * count, "nodes_ids": range(count), "nodes_modes": ["BRANCH_LEQ"] * count}
    path.write_bytes(model([node("TreeEnsembleClassifier", "x", "y", **lists)]).SerializeToString())
    assert peak_bytes_added(path) < 20 * MEGABYTE


def peak_bytes_added(path, reader: str = "ours") -> int:
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory of a process is read from /proc")
    done = subprocess.run([sys.executable, "-c", SCRIPT, reader, str(path)], check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_the_measure_sees_a_reader_that_loads_weights(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(as_initializers(weights(4, 10.0)).SerializeToString())
    assert peak_bytes_added(path, "onnx") > 40 * MEGABYTE
