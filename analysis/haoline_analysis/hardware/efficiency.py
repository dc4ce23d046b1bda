"""What share of its peaks a device reaches, and what each kernel costs besides: the estimate's constants.

The roofline (Williams, Waterman and Patterson, CACM 52(4), 2009) bounds an op by peak
compute and peak bandwidth; real kernels stay below both. Constants per kind of device:

* ``compute``: share of the dense peak in matrix work. Large GEMMs reach 70 to 80 % of it on
  NVIDIA data-centre GPUs (NVIDIA Matrix Multiplication Background guide); whole networks
  less: MLPerf Inference ResNet-50 offline on A100 about 50 %.
* ``bandwidth``: share of the peak in streaming. BabelStream on V100 and A100 reaches 85 to
  92 %; single-stream decoding of an 8B model in FP16, which reads every weight once, 80 to
  87 % on RTX 3090 and 4090 (public llama.cpp measurements). STREAM on server CPUs: 70 to 85 %.
* ``launch_us``: time per kernel besides its work (NVIDIA, "Getting Started with CUDA Graphs":
  2 to 4 us). ``ramp_us``: more for matrix kernels, whose first and last tiles leave the
  device idle. Together they are the falloff of utilisation in small ops: an op whose work
  takes as long as these runs at half the efficiency.
* ``context_bytes``: what the driver, the libraries and their workspaces take before the first
  tensor (CUDA context with cuBLAS and cuDNN: 0.4 to 0.8 GB on Ampere and Hopper).

Checked against published timings in ``tests/python/hardware/test_calibration.py``: within a
factor of two.
"""

from __future__ import annotations

from typing import NamedTuple


class Efficiency(NamedTuple):
    """Shares of peak (0 to 1), microseconds, bytes."""

    compute: float
    bandwidth: float
    launch_us: float
    ramp_us: float
    context_bytes: float


EFFICIENCY = {
    "gpu": Efficiency(0.6, 0.8, 3.0, 4.0, 0.6e9),
    "npu": Efficiency(0.6, 0.8, 3.0, 4.0, 0.6e9),
    "tpu": Efficiency(0.55, 0.8, 1.0, 2.0, 0.3e9),
    "apple": Efficiency(0.6, 0.8, 4.0, 4.0, 0.2e9),
    "cpu": Efficiency(0.5, 0.7, 2.0, 2.0, 0.1e9),
}

HOST_US = 1.0
"""Integer arithmetic on shapes stays on the host: time per op."""

HOST_BYTES = 4096
"""Integer ops that move no more than this are taken for shape arithmetic."""

ALL_REDUCE_US = 10.0
"""Latency of one all-reduce between devices (NCCL on NVLink: 8 to 15 us for small messages)."""

DEFAULT_LINK = 64e9
"""Bytes/s in both directions where a profile names no link: PCIe 4.0 x16."""

VIEWS = frozenset(
    {"Constant", "Dropout", "Flatten", "Identity", "If", "Loop", "Reshape", "Scan", "SequenceAt", "Shape", "Size"}
    | {"Squeeze", "Unsqueeze"}
)
"""Ops that a runtime resolves without touching the elements; the rows of a body do the work of its owner."""
