"""Elements that are numbers of a table: IQ4_NL, IQ4_XS, MXFP4, NVFP4; and three-valued ones: TQ1_0, TQ2_0.

Layouts and the IQ4 table as in ``ggml-common.h``; MXFP4 as in the OCP Microscaling specification 1.0.
"""

from __future__ import annotations

import numpy as np

from haoline_analysis.formats.gguf.dequantize.plain import fields, halves

_IQ4 = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def _e4m3() -> np.ndarray:
    """The 128 values of an unsigned float8 with four bits of exponent; its last code is no number and counts as 0."""
    codes = np.arange(128)
    exponent, mantissa = codes >> 3, (codes & 7) / 8
    values = np.where(exponent == 0, mantissa * 2.0**-6, (1 + mantissa) * 2.0 ** (exponent - 7.0))
    both = np.concatenate([values, values])  # the top bit says nothing
    both[127] = 0
    made: np.ndarray = both.astype(np.float32)
    return made


_E4M3 = _e4m3()


def iq4_nl(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, then 32 numbers of 4 bits."""
    made: np.ndarray = halves(blocks, 0, order) * _IQ4[fields(blocks[:, 2:], 4, 16)]
    return made


def iq4_xs(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, 8 group scales of 6 bits (upper 2 of all first), then 256 numbers of 4 bits."""
    upper = np.ascontiguousarray(blocks[:, 2:4]).view(f"{order}u2") >> np.arange(0, 16, 2, dtype=np.uint16)
    lower = (blocks[:, 4:8, None] >> np.array([0, 4], np.uint8)).reshape(len(blocks), 8) & np.uint8(15)
    scales = halves(blocks, 0, order) * ((lower | (upper & 3) << 4).astype(np.float32) - 32)
    numbers = _IQ4[fields(blocks[:, 8:], 4, 16)].reshape(len(blocks), 8, 32)
    made: np.ndarray = (numbers * scales[..., None]).reshape(len(blocks), 256)
    return made


def tq1_0(blocks: np.ndarray, order: str) -> np.ndarray:
    """Five ternary digits in a byte (48 bytes), then four (4 bytes), as fractions of 256; then the scale."""
    parts = ((blocks[:, :32], 5), (blocks[:, 32:48], 5), (blocks[:, 48:52], 4))
    digits = [_ternary(part, count) for part, count in parts]
    made: np.ndarray = halves(blocks, 52, order) * (np.concatenate(digits, axis=1).astype(np.float32) - 1)
    return made


def _ternary(data: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` base-3 digits of each byte taken as a fraction: the first digits of all bytes first."""
    powers = (3 ** np.arange(count)).astype(np.uint8).reshape(1, -1, 1)
    moved = data[:, None, :] * powers
    made: np.ndarray = (moved.astype(np.uint16) * 3 >> 8).reshape(len(data), -1)
    return made


def tq2_0(blocks: np.ndarray, order: str) -> np.ndarray:
    """256 elements of 2 bits with zero at 1, then the scale."""
    made: np.ndarray = halves(blocks, 64, order) * (fields(blocks[:, :64], 2, 32).astype(np.float32) - 1)
    return made


def mxfp4(blocks: np.ndarray, order: str) -> np.ndarray:  # noqa: ARG001 - no number of more than a byte
    """An exponent of base 2, then 32 floats of 4 bits."""
    half_scales = np.ldexp(np.float32(1), blocks[:, :1].astype(np.int32) - 128)  # 2**128 is no float32
    made: np.ndarray = half_scales * (2 * _E2M1)[fields(blocks[:, 1:], 4, 16)]
    return made


def nvfp4(blocks: np.ndarray, order: str) -> np.ndarray:  # noqa: ARG001 - no number of more than a byte
    """Four unsigned float8 scales, then four groups of 16 floats of 4 bits."""
    scales = _E4M3[blocks[:, :4]]
    elements = _E2M1[fields(blocks[:, 4:], 4, 8)].reshape(len(blocks), 4, 16)
    made: np.ndarray = (elements * scales[..., None]).reshape(len(blocks), 64)
    return made


CODEBOOKS = {
    "IQ4_NL": iq4_nl,
    "IQ4_XS": iq4_xs,
    "TQ1_0": tq1_0,
    "TQ2_0": tq2_0,
    "MXFP4": mxfp4,
    "NVFP4": nvfp4,
}
