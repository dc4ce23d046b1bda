"""How many tokens a tokenizer knows, counted in its file without building it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.huggingface.inside import find_inside
from haoline_analysis.formats.safetensors.scan import Scanner
from haoline_analysis.formats.storage import FileStorage

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 128 << 20
_PIECE = re.compile(rb'\s*+"(?:[^"\\\x00-\x1f]++|\\.)*+"\s*+:\s*+\d++\s*+,?')


def tokenizer_facts(folder: Path) -> dict[str, Any] | None:
    """``{"kind", "size", "file"}`` of the tokenizer in a folder; None if there is none that can be read."""
    for name, count in (
        ("tokenizer.json", _of_json),
        ("tokenizer.model", _of_sentencepiece),
        ("vocab.json", _of_vocabulary),
        ("vocab.txt", _of_lines),
    ):
        try:
            path = find_inside(folder, name)
            found = None if path is None else count(_bytes(path))
        except ModelError:
            continue
        if found is not None:
            return {"kind": found[0], "size": found[1], "file": name}
    return None


def _bytes(path: Path) -> memoryview:
    storage = FileStorage(path)
    if not 0 < storage.size <= MAX_BYTES:
        raise ModelError(f"a tokenizer of {storage.size:,} bytes is not read")
    return storage.read(0, storage.size).data


def _of_json(data: memoryview) -> tuple[str, int] | None:
    """The ``tokenizers`` format: pieces of the model's vocabulary, and tokens added to it."""
    scanner = Scanner(data, "tokenizer")
    kind, size, added = "", None, [0]
    for key in scanner.keys():  # noqa: SIM118 - not a mapping
        if key == "added_tokens":
            added = _added(scanner)
        elif key == "model":
            kind, size = _model(scanner)
            break
        else:
            scanner.skip()
    if size is None:
        return None
    return kind, size + sum(1 for index in set(added) if index >= size)


def _added(scanner: Scanner) -> list[int]:
    found = []
    for _ in scanner.items():
        for key in scanner.keys():  # noqa: SIM118 - not a mapping
            if key == "id":
                found.append(scanner.integer())
            else:
                scanner.skip()
    return found


def _model(scanner: Scanner) -> tuple[str, int | None]:
    """Kind and number of pieces; what comes after the vocabulary is not read."""
    kind, size = "", None
    for key in scanner.keys():  # noqa: SIM118 - not a mapping
        if key == "type":
            kind = scanner.string()
        elif key == "vocab" and scanner.peek() == b"{":
            return kind or "BPE", _pieces(scanner)
        elif key == "vocab":
            for count in scanner.items():
                size = count + 1
                scanner.skip()
            return kind or "Unigram", size
        else:
            scanner.skip()
    return kind, size


def _pieces(scanner: Scanner) -> int:
    """Entries of an object of numbers, one match each."""
    scanner.take(b"{")
    count = 0
    while (found := _PIECE.match(scanner.data, scanner.at)) is not None:
        scanner.at = found.end()
        count += 1
    scanner.take(b"}")
    return count


def _of_vocabulary(data: memoryview) -> tuple[str, int] | None:
    return "BPE", _pieces(Scanner(data, "vocabulary"))


def _of_lines(data: memoryview) -> tuple[str, int] | None:
    return "WordPiece", bytes(data).rstrip(b"\n").count(b"\n") + 1


def _of_sentencepiece(data: memoryview) -> tuple[str, int] | None:
    """A protobuf ``ModelProto``: field 1 is a piece, all fields are length-delimited."""
    at, count = 0, 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 != 2:
            return None
        length, at = _varint(data, at)
        if length > len(data) - at:
            return None
        count += tag >> 3 == 1
        at += length
    return ("SentencePiece", count) if count else None


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ModelError("the tokenizer is no SentencePiece model")
