"""GGUF files byte by byte, for headers that no writer would write, and small ones by the ``gguf`` package's writer."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UINT8, UINT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 0, 4, 6, 7, 8, 9, 10
F32, F16, Q4_0, Q4_K = 0, 1, 2, 12


class Maker:
    """Writes in one byte order and with the lengths of one version."""

    def __init__(self, version: int = 3, order: str = "<") -> None:
        self.version = version
        self.order = order
        self.length_code = "I" if version == 1 else "Q"

    def word(self, value: int) -> bytes:
        return struct.pack(f"{self.order}I", value)

    def length(self, value: int) -> bytes:
        return struct.pack(self.order + self.length_code, value)

    def string(self, text: str | bytes) -> bytes:
        data = text.encode() if isinstance(text, str) else text
        return self.length(len(data)) + data

    def pair(self, key: str, kind: int, value: bytes) -> bytes:
        return self.string(key) + self.word(kind) + value

    def text(self, key: str, text: str) -> bytes:
        return self.pair(key, STRING, self.string(text))

    def number(self, key: str, value: int) -> bytes:
        return self.pair(key, UINT32, self.word(value))

    def array(self, key: str, kind: int, count: int, elements: bytes = b"") -> bytes:
        return self.pair(key, ARRAY, self.word(kind) + self.length(count) + elements)

    def numbers(self, key: str, values: list[int]) -> bytes:
        return self.array(key, UINT32, len(values), b"".join(map(self.word, values)))

    def strings(self, key: str, texts: list[str]) -> bytes:
        return self.array(key, STRING, len(texts), b"".join(map(self.string, texts)))

    def tensor(self, name: str, shape: tuple[int, ...], kind: int = F32, offset: int = 0) -> bytes:
        """The description of a tensor; ``shape`` outermost axis first."""
        dims = b"".join(self.length(dim) for dim in reversed(shape))
        place = struct.pack(f"{self.order}Q", offset)
        return self.string(name) + self.word(len(shape)) + dims + self.word(kind) + place

    def header(
        self,
        pairs: Sequence[bytes] = (),
        tensors: Sequence[bytes] = (),
        *,
        tensor_count: int | None = None,
        pair_count: int | None = None,
    ) -> bytes:
        counts = (
            len(tensors) if tensor_count is None else tensor_count,
            len(pairs) if pair_count is None else pair_count,
        )
        start = b"GGUF" + self.word(self.version)
        return start + b"".join(map(self.length, counts)) + b"".join(pairs) + b"".join(tensors)

    def file(
        self, pairs: Sequence[bytes] = (), tensors: Sequence[bytes] = (), data: bytes = b"", alignment: int = 32
    ) -> bytes:
        head = self.header(pairs, tensors)
        return head + bytes(-len(head) % alignment) + data


def write_sparse(path: Path, header: bytes, size: int) -> Path:
    """A file of ``size`` bytes that takes up room for its header only."""
    with path.open("wb") as file:
        file.write(header)
        file.truncate(size)
    return path


def write_model(path: Path, architecture: str, keys: dict[str, object], tensors: dict[str, tuple[int, ...]]) -> Path:
    """Header and infos of a float16 model by the ``gguf`` package's writer, its data left sparse."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, architecture)
    for key, value in keys.items():
        name = key if key.startswith(("general.", "tokenizer.")) else f"{architecture}.{key}"
        if isinstance(value, bool):
            writer.add_bool(name, value)
        elif isinstance(value, int):
            writer.add_uint32(name, value)
        elif isinstance(value, float):
            writer.add_float32(name, value)
        elif isinstance(value, str):
            writer.add_string(name, value)
        else:
            writer.add_array(name, value)
    end = 0
    for name, shape in tensors.items():
        nbytes = int(np.prod(shape, dtype=np.int64)) * 2
        writer.add_tensor_info(name, shape, np.dtype(np.float16), nbytes)
        end += nbytes + -nbytes % 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.truncate(size + -size % 32 + end)
    return path
