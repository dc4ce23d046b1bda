"""Recognising content that is not a model we read, to say what it looks like."""

from __future__ import annotations

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "looks like a zip archive (a PyTorch checkpoint or a packed model)"),
    (b"GGUF", "looks like a GGUF file"),
    (b"\x89HDF\r\n", "looks like an HDF5 file (Keras)"),
    (b"\x93NUMPY", "looks like a NumPy array"),
    (b"\x1f\x8b", "looks like gzip-compressed data (decompress it first)"),
    (b"\x28\xb5\x2f\xfd", "looks like zstd-compressed data (decompress it first)"),
    (b"\xfd7zXZ\x00", "looks like xz-compressed data (decompress it first)"),
    (b"ftrt", "looks like a TensorRT engine"),
    (b"version https://git-lfs", "is a git-LFS pointer, not the file itself (run: git lfs pull)"),
)
_FLATBUFFERS = {
    b"ORTM": "looks like an onnxruntime .ort file (open the ONNX model it was made from)",
    b"TFL3": "looks like a TensorFlow Lite model",
}
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")

_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "is an HTML page (was it downloaded from a page behind a login?)"),
    (b"<html", "is an HTML page (was it downloaded from a page behind a login?)"),
    (b"<?xml", "is an XML file (an OpenVINO model's?)"),
    (b"<", "is text (the ONNX text format?)"),
    (b"ir_version", "is a protobuf in text form"),
    (b"{", "is a JSON file"),
    (b"[", "is a JSON file"),
)
_BLANKS = b"\t\n\r\f\x1b"


def recognise(head: bytes, size: int) -> str | None:
    """Say what the first bytes of a file of ``size`` bytes are, or None if they may be a model."""
    if size == 0:
        return "the file is empty"
    for signature, meaning in _SIGNATURES:
        if head.startswith(signature):
            return meaning
    if head[4:8] in _FLATBUFFERS and int.from_bytes(head[:4], "little") < min(size, 1 << 16):
        return _FLATBUFFERS[head[4:8]]
    if head.startswith(_PICKLE):
        return "looks like a Python pickle (never opened: it could run code)"
    if _is_safetensors(head, size):
        return "looks like a safetensors file"
    return _text(head) if _is_text(head) else None


def _is_safetensors(head: bytes, size: int) -> bool:
    return head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= size - 8


def _is_text(head: bytes) -> bool:
    """No control characters and valid UTF-8, give or take a character cut at the end."""
    if any(byte < 0x20 and byte not in _BLANKS for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) > 3
    return True


def _text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for prefix, meaning in _TEXTS:
        if start.startswith(prefix):
            return meaning
    return "is a text file"
