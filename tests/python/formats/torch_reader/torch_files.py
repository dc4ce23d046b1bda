"""Pickles and zip archives made by hand, opcode by opcode, for files that no library would write."""

from __future__ import annotations

import io
import struct
import zipfile

PROTO = b"\x80\x02"
STOP = b"."


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def imported(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def pair(*values: bytes) -> bytes:
    """A tuple of anything."""
    return b"(" + b"".join(values) + b"t"


def called(module: str, name: str, *arguments: bytes) -> bytes:
    """What ``__reduce__`` returns."""
    return imported(module, name) + pair(*arguments) + b"R"


def mapping(**values: bytes) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in values.items()) + b"u"


def storage(elements: int = 4, key: str = "0", kind: str = "FloatStorage") -> bytes:
    """A persistent id of a storage."""
    return pair(text("storage"), imported("torch", kind), text(key), text("cpu"), integer(elements)) + b"Q"


def tensor(
    shape: tuple[int, ...] = (4,), stride: tuple[int, ...] = (1,), offset: int = 0, stored: bytes | None = None
) -> bytes:
    """A call of ``_rebuild_tensor_v2``."""
    sizes, strides = pair(*map(integer, shape)), pair(*map(integer, stride))
    hooks = called("collections", "OrderedDict")
    made = stored if stored is not None else storage()
    return called("torch._utils", "_rebuild_tensor_v2", made, integer(offset), sizes, strides, b"\x89", hooks)


def archive(pickle: bytes, *, compress: bool = False, **more: bytes) -> bytes:
    """A checkpoint around a pickle, with one storage of four floats."""
    target = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as made:
        made.writestr("m/data.pkl", pickle)
        made.writestr("m/version", "3\n")
        made.writestr("m/byteorder", "little")
        made.writestr("m/data/0", struct.pack("<4f", 1, 2, 3, 4))
        for name, data in more.items():
            made.writestr(name.replace("__", "/"), data)
    return target.getvalue()


def checkpoint(**values: bytes) -> bytes:
    """A zip checkpoint of a dict."""
    return archive(PROTO + mapping(**values) + STOP)
