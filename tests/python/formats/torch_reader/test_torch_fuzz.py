"""No bytes make the readers of PyTorch's files raise anything but their own errors, take long, or run anything."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import PROTO, STOP, archive, called, imported, mapping, pair, storage, tensor, text

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from haoline_analysis.model import Model

SECONDS = 5.0
CORPUS = Path(__file__).parents[1] / "corpus" / "torch"
"""Files that were once worth a thought, each refused or told of."""


def attempt(data: bytes) -> None:
    """Open and read everything; anything but a ModelError fails the test."""
    start, modules = time.process_time(), set(sys.modules)
    with suppress(ModelError):
        read(open_model(data))
    assert time.process_time() - start < SECONDS
    assert "antigravity" not in set(sys.modules) - modules


def read(opened: Model) -> None:
    for item in opened.tensors:
        if item.weight is not None and item.weight.elements < 1 << 20:
            with suppress(ModelError):
                assert item.weight.numpy().shape == item.weight.shape
            with suppress(ModelError):
                item.weight.values()
    for finding in opened.findings:
        assert len(finding.evidence) < 5000


def specimen_pickle() -> bytes:
    """A dict with tensors, views, a parameter, nested containers, an object and a payload."""
    hooks = called("collections", "OrderedDict")
    fused = called("torch._utils", "_rebuild_parameter", tensor((2, 2), (1, 2)), b"\x88", hooks)
    quantized = called(
        "torch._utils",
        "_rebuild_qtensor",
        storage(4, "0", "FloatStorage"),
        b"K\x00",
        pair(b"K\x04"),
        pair(b"K\x01"),
        pair(imported("torch", "per_tensor_affine"), b"G\x3f\xf0\x00\x00\x00\x00\x00\x00", b"K\x00"),
        b"\x89",
        b"N",
    )
    inner = mapping(a=tensor(), b=b"](" + tensor((2,), (2,)) + b"K\x01" + b"e", c=quantized)
    return PROTO + mapping(state_dict=inner, p=fused, x=called("os", "system", text("true")), epoch=b"K\x05") + STOP


@cache
def specimens() -> tuple[bytes, ...]:
    """One file of each layout."""
    found = [archive(specimen_pickle()), archive(specimen_pickle(), compress=True)]
    torch = pytest.importorskip("torch")
    old = io.BytesIO()
    torch.save({"w": torch.arange(6.0).reshape(2, 3).t()}, old, _use_new_zipfile_serialization=False)
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU()).eval()
    script, program = io.BytesIO(), io.BytesIO()
    torch.jit.save(torch.jit.script(module), script)
    torch.export.save(torch.export.export(module, (torch.zeros(1, 2),)), program)
    return (*found, old.getvalue(), script.getvalue(), program.getvalue())


@st.composite
def mutated(draw: Any) -> bytes:
    """A specimen with bytes replaced, cut out, repeated or put in."""
    data = bytearray(draw(st.sampled_from(specimens())))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(0, 16))
        kind = draw(st.sampled_from(("replace", "cut", "repeat", "insert", "ones")))
        if kind == "replace":
            data[place : place + length] = draw(st.binary(min_size=length, max_size=length))
        elif kind == "cut":
            del data[place : place + length]
        elif kind == "repeat":
            data[place:place] = data[place : place + length]
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=16))
        else:
            data[place : place + length] = b"\xff" * len(data[place : place + length])
    return bytes(data)


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_changed_files(data: bytes) -> None:
    attempt(data)


NAMES = ("storage", "0", "cpu", "a", "os", "system", "state_dict", "_modules", "_parameters")
GLOBALS = (
    ("torch", "FloatStorage"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("collections", "OrderedDict"),
    ("os", "system"),
)
PIECES = (
    *(bytes([code]) for code in b"(.0123NtR)]}deblsuaoQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x98"),
    *(b"K\x00", b"K\x04", b"h\x00", b"q\x00", b"h\x01", b"q\x01", b"\x8a\x08" + b"\xff" * 7 + b"\x7f"),
    *(text(name) for name in NAMES),
    *(imported(module, name) for module, name in GLOBALS),
    *(tensor(), storage(), pair(), b"ios\nsystem\n", b"\x95" + b"\0" * 8, b"\x82\x01", b"I7\n", b"S'x'\n", b"g0\n"),
    *(b"Pkey\n", b"F1.5\n", b"J\xff\xff\xff\xff"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_pickles_of_opcodes_in_any_order(pieces: list[bytes]) -> None:
    attempt(archive(PROTO + b"".join(pieces) + STOP))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_changed_pickles_in_sound_archives(data: st.DataObject) -> None:
    pickled = bytearray(specimen_pickle())
    for _ in range(data.draw(st.integers(1, 4))):
        pickled[data.draw(st.integers(0, len(pickled) - 1))] = data.draw(st.integers(0, 255))
    attempt(archive(bytes(pickled)))


KEYS = ("name", "arg", "as_tensor", "x")
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 65) | st.text(max_size=8) | st.just({"as_int": 4}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in JSON something can be replaced."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in places(item, (*path, key)))]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_changed_programs(data: st.DataObject) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(specimens()[-1])) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(("models/model.json", "weights_config.json")):
                content = json.dumps(changed(json.loads(content), data)).encode()
            new.writestr(name, content)
    attempt(target.getvalue())


def changed(value: Any, data: st.DataObject) -> Any:
    """JSON with one thing in it replaced."""
    path = data.draw(st.sampled_from(places(value)))
    junk = data.draw(JUNK)
    if not path:
        return junk
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    return value


LINES = (
    "y = torch.relu(x)", "x = [x, x]", "x = [y, x]", "if x:", "  x = torch.add(x, 1)", "for i in range(3):", "  pass",
    "y, z, = torch.split(x, 1)", "return x", "x = getattr(self, '0')", "y = (x).forward(y)", "y = (self).forward(x)",
    "z = CONSTANTS.c0", "x = torch.append(x, y)", "while True:", "x = annotate(Tensor, y)", "y = z[0]", "y = z.weight",
    "x = __torch__.f(x)", "x = torch.linear(x, y, z)", "x = -x", "x = torch.size(y, 0)", "x = ops.prim.NumToTensor(x)",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_programs_of_lines_in_any_order(lines: list[str]) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(specimens()[-2])) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("container.py"):
                body = "".join(f"    {line}\n" for line in lines)
                content = f"class Sequential(Module):\n  def forward(self, x: Tensor):\n    pass\n{body}".encode()
            new.writestr(name, content)
    attempt(target.getvalue())


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_corpus_is_refused_or_told_of(path: Path) -> None:
    start, refused, told = time.process_time(), "", list[str]()
    try:
        told = [finding.severity for finding in open_model(path).findings]
    except ModelError as error:
        refused = str(error)
    assert refused.startswith(path.name) or "error" in told
    assert time.process_time() - start < SECONDS
