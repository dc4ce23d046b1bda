"""What GPTQ wants to know of the inputs of each matrix: the sums of their products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.preparing.loading import save
from haoline_analysis.runtime.cores import cores
from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.providers import CPU
from haoline_analysis.runtime.runner import one_run
from haoline_analysis.runtime.sessions import opened
from haoline_analysis.runtime.source import source_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
    from haoline_analysis.runtime.stopping import Stop

BUDGET_BYTES = 2 << 30
"""Of Hessians held at a time; what does not fit takes another pass over the data."""


def passes(widths: dict[str, int]) -> list[list[str]]:
    """Tensors by the pass in which their Hessians are summed up, in the order given."""
    split: list[list[str]] = []
    room = 0
    for name, width in widths.items():
        needed = 4 * width * width
        if not split or needed > room:
            split.append([])
            room = BUDGET_BYTES
        split[-1].append(name)
        room -= needed
    return split


def hessians(
    proto: Any, names: Sequence[str], data: CalibrationData, folder: Path, stop: Stop
) -> dict[str, np.ndarray]:
    """``[width, width]`` of each tensor ``[…, width]`` of ``names``: the sum of x xᵀ over all its rows in all samples.

    Raises:
        ModelError: if the model fails on a sample.
    """
    session = _session(proto, names, folder)
    sums: dict[str, np.ndarray] = {}
    for at, feeds in enumerate(data):
        with one_run(f"calibration {data.samples.label(at)}"):
            arrays = session.run(list(names), feeds, stop.options())
        for name, array in zip(names, arrays, strict=True):
            rows = array.reshape(-1, array.shape[-1]).astype(np.float32)
            found = rows.T @ rows
            sums[name] = sums[name] + found if name in sums else found
    return sums


def _session(proto: Any, names: Sequence[str], folder: Path) -> Any:
    """The float model with ``names`` among its outputs."""
    import onnx

    ort = onnxruntime()
    known = {port.name for port in proto.graph.output}
    count = len(proto.graph.output)
    infos = {info.name: info for info in (*proto.graph.value_info, *proto.graph.input)}
    for name in names:
        if name not in known:
            kind = infos[name].type.tensor_type.elem_type if name in infos else onnx.TensorProto.FLOAT
            proto.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    path = folder / "hessians.onnx"
    save(proto, path)
    del proto.graph.output[count:]
    options = ort.SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 4
    return opened(str(path), options, (CPU,), source_of(path)[0], "The model, with more outputs,")
