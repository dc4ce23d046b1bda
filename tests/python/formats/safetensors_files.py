"""SafeTensors files and model folders made by hand, byte by byte."""

from __future__ import annotations

import json
from math import prod

import numpy as np

WIDTHS = {"F64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I64": 8, "U8": 1, "I8": 1, "F8_E4M3": 1}
CODES = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "uint32": "U32",
    "int64": "I64",
    "uint8": "U8",
    "int8": "I8",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e8m0fnu": "F8_E8M0",
    "float64": "F64",
}


def file_of(header, data=b"", length=None):
    """A file: the header as JSON text, bytes or a value, and what follows it."""
    text = header if isinstance(header, bytes) else (header if isinstance(header, str) else json.dumps(header)).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype, shape, start, stop):
    """A tensor in a header."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


def file_with(arrays, metadata=None):
    """A file of numpy arrays, in the order given."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, array in arrays.items():
        stored = np.ascontiguousarray(array).tobytes()
        header[name] = entry(CODES[array.dtype.name], array.shape, len(data), len(data) + len(stored))
        data += stored
    return file_of(header, data)


def sparse_folder(folder, shapes, shards=1, config=None, dtype="BF16"):
    """A checkpoint of true size whose data is a hole in the file: headers, an index and a config."""
    folder.mkdir(parents=True, exist_ok=True)
    names, placed = list(shapes), {}
    for number in range(shards):
        label = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        header, at = {}, 0
        for name in names[number * len(names) // shards : (number + 1) * len(names) // shards]:
            stop = at + WIDTHS[dtype] * prod(shapes[name])
            header[name] = entry(dtype, shapes[name], at, stop)
            placed[name], at = label, stop
        content = file_of(header)
        with (folder / label).open("wb") as file:
            file.write(content)
            file.truncate(len(content) + at)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": placed}))
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder
