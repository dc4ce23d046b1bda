"""The element types of ggml: how many elements a block has and how many bytes it takes.

Sources: the GGUF specification and ``ggml.h``; the tests compare every row with the ``gguf`` package.
"""

from __future__ import annotations

from typing import NamedTuple


class TensorType(NamedTuple):
    """One element type."""

    name: str  # as ggml writes it: "Q4_K"
    dtype: str  # as ``Weight.dtype``: "float16", "q4_k"
    block: int  # elements per block; 1 where elements stand alone
    size: int  # bytes per block
    element: str | None = None  # what a quantized element is, where it has a name in ``dtypes``

    @property
    def is_quantized(self) -> bool:
        """Whether elements are stored in blocks with a scale."""
        return self.block > 1

    @property
    def bits(self) -> float:
        """Bits per element, scales counted."""
        return 8 * self.size / self.block


def _plain(name: str, dtype: str, size: int) -> TensorType:
    return TensorType(name, dtype, 1, size)


def _blocks(name: str, block: int, size: int, element: str | None = None) -> TensorType:
    return TensorType(name, name.lower(), block, size, element)


TYPES: dict[int, TensorType] = {
    0: _plain("F32", "float32", 4),
    1: _plain("F16", "float16", 2),
    2: _blocks("Q4_0", 32, 18, "int4"),
    3: _blocks("Q4_1", 32, 20, "uint4"),
    6: _blocks("Q5_0", 32, 22),
    7: _blocks("Q5_1", 32, 24),
    8: _blocks("Q8_0", 32, 34, "int8"),
    9: _blocks("Q8_1", 32, 40, "int8"),  # of activations: 36 bytes in memory since 2024, never seen in a file
    10: _blocks("Q2_K", 256, 84, "uint2"),
    11: _blocks("Q3_K", 256, 110),
    12: _blocks("Q4_K", 256, 144, "uint4"),
    13: _blocks("Q5_K", 256, 176),
    14: _blocks("Q6_K", 256, 210),
    15: _blocks("Q8_K", 256, 292, "int8"),
    16: _blocks("IQ2_XXS", 256, 66),
    17: _blocks("IQ2_XS", 256, 74),
    18: _blocks("IQ3_XXS", 256, 98),
    19: _blocks("IQ1_S", 256, 50),
    20: _blocks("IQ4_NL", 32, 18),
    21: _blocks("IQ3_S", 256, 110),
    22: _blocks("IQ2_S", 256, 82),
    23: _blocks("IQ4_XS", 256, 136),
    24: _plain("I8", "int8", 1),
    25: _plain("I16", "int16", 2),
    26: _plain("I32", "int32", 4),
    27: _plain("I64", "int64", 8),
    28: _plain("F64", "float64", 8),
    29: _blocks("IQ1_M", 256, 56),
    30: _plain("BF16", "bfloat16", 2),
    31: _blocks("Q4_0_4_4", 32, 18, "int4"),  # 31 to 33 and 36 to 38: rows interleaved for one processor, retired
    32: _blocks("Q4_0_4_8", 32, 18, "int4"),
    33: _blocks("Q4_0_8_8", 32, 18, "int4"),
    34: _blocks("TQ1_0", 256, 54),
    35: _blocks("TQ2_0", 256, 66, "int2"),
    36: _blocks("IQ4_NL_4_4", 32, 18),
    37: _blocks("IQ4_NL_4_8", 32, 18),
    38: _blocks("IQ4_NL_8_8", 32, 18),
    39: _blocks("MXFP4", 32, 17, "float4_e2m1"),
    40: _blocks("NVFP4", 64, 36, "float4_e2m1"),
    41: _blocks("Q1_0", 128, 18),
}
"""By the number in the file."""

FILE_TYPES: dict[int, str] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}
"""``general.file_type``: the mixture that most tensors follow. What a tensor really is says its own type."""
