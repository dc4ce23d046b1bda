"""Files made to run code, or to exhaust memory or time: nothing runs, and each is a finding or one typed error."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from torch_files import (
    PROTO,
    STOP,
    archive,
    called,
    checkpoint,
    imported,
    integer,
    mapping,
    pair,
    storage,
    tensor,
    text,
)

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model


def opened(data: bytes) -> Model:
    """Open, and see that nothing grew beyond measure."""
    tracemalloc.start()
    try:
        return open_model(data)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 200e6


def worst(model: Model) -> str:
    return " ".join(f"{finding.severity} {finding.evidence}" for finding in model.findings)


def test_the_files_made_here_are_read_as_torch_reads_them(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    data = checkpoint(w=tensor((2, 2), (1, 2)), v=tensor((2,), (1,), 2))
    path = tmp_path / "own.pt"
    path.write_bytes(data)
    wanted = torch.load(path)
    found = {item.name: item.weight for item in open_model(data).tensors}
    assert found["w"] is not None
    assert found["w"].numpy().tolist() == wanted["w"].tolist()
    assert found["v"] is not None
    assert found["v"].numpy().tolist() == wanted["v"].tolist()


# Code


class Touch:
    """What an attacker puts into a pickle."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_a_payload_would_run_is_told_and_does_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "ran"
    payload = pickle.dumps({"x": Touch(str(mark))}, protocol)
    model = opened(archive(PROTO + pair(tensor(), payload[2:-1] if protocol < 4 else text("")) + STOP))
    with pytest.raises(UnsupportedFormatError, match=r"would run (posix|nt)\.system"):
        opened(payload)

    assert not mark.exists()
    if protocol < 4:  # later ones have frames, which do not nest
        assert "touch" in worst(model)
        assert model.findings[0].severity == "error"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "exec"),
        ("builtins", "getattr"),
        ("subprocess", "Popen"),
        ("importlib", "import_module"),
        ("runpy", "run_path"),
        ("operator", "attrgetter"),
        ("functools", "partial"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.storage", "_load_from_bytes"),
        ("numpy.testing._private.utils", "runstring"),
        ("urllib.request", "urlopen"),
        ("collections", "OrderedDict.__init__.__globals__"),
        ("torch.nn.modules.module", "os.system"),
        ("torch.nn.modules", "_functions.torch.os.system"),
        ("torch", "serialization.os.system"),
        ("pip", "main"),
        ("nt", "system"),
        ("code", "InteractiveInterpreter"),
        ("types", "FunctionType"),
    ],
)
def test_ways_to_run_code_are_errors(module: str, name: str) -> None:
    model = opened(checkpoint(w=tensor(), x=called(module, name, text("id"))))

    assert model.findings[0].severity == "error"
    assert model.findings[0].id == "pickle-runs-code"
    assert f"{module}.{name}" in model.findings[0].evidence
    assert model.facts["pickle"]["imports"][f"{module}.{name}"] == "runs code"


def test_every_way_to_import_is_seen() -> None:
    ways = {
        "GLOBAL": imported("os", "system"),
        "INST": b"(" + text("id") + b"ios\nsystem\n",
        "OBJ": b"(" + imported("os", "system") + text("id") + b"o",
        "NEWOBJ": imported("os", "system") + pair(text("id")) + b"\x81",
        "NEWOBJ_EX": imported("os", "system") + pair(text("id")) + b"}" + b"\x92",
        "STACK_GLOBAL": text("os") + text("system") + b"\x93",
        "memo": text("os") + b"q\x05" + b"0" + b"h\x05" + text("system") + b"\x93",
        "EXT1": b"\x82\x07",
        "BUILD": called("os", "system", text("id")) + b"}b",
    }
    for way, payload in ways.items():
        model = opened(checkpoint(w=tensor(), x=payload))
        assert model.findings, way
        assert model.findings[0].severity == "error", way


def test_a_hidden_name_is_an_error() -> None:
    model = opened(checkpoint(w=tensor(), x=text("os") + b"N" + b"\x93"))
    assert model.findings[0].severity == "error"


def test_calling_the_result_of_a_call_is_an_error() -> None:
    inner = called("builtins", "getattr", imported("os", "path"), text("x"))
    model = opened(checkpoint(w=tensor(), x=inner + pair(text("id")) + b"R"))
    assert {finding.id for finding in model.findings} == {"pickle-runs-code", "pickle-calls-results"}


def test_unknown_classes_are_warnings_and_known_ones_nothing() -> None:
    assert opened(checkpoint(w=tensor(), x=called("collections", "OrderedDict"))).findings == []
    assert opened(checkpoint(w=tensor(), x=called("argparse", "Namespace"))).findings == []
    (finding,) = opened(checkpoint(w=tensor(), x=called("ultralytics.nn.tasks", "DetectionModel"))).findings
    assert finding.severity == "warning"


def test_a_payload_before_a_break_is_named_in_the_error() -> None:
    with pytest.raises(MalformedModelError, match=r"would import os\.system"):
        opened(archive(PROTO + called("os", "system", text("id"))))


# Pickles that are no good


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(PROTO, id="no STOP"),
        pytest.param(PROTO + STOP, id="nothing on the stack"),
        pytest.param(PROTO + b"\xff" + STOP, id="no opcode"),
        pytest.param(b"\x80\x09" + b"N" + STOP, id="protocol from the future"),
        pytest.param(PROTO + b"(" + STOP, id="a mark as the value"),
        pytest.param(PROTO + b"t" + STOP, id="no mark"),
        pytest.param(PROTO + b"h\x07" + STOP, id="memo never kept"),
        pytest.param(PROTO + b"X" + struct.pack("<I", 2**31) + b"abc", id="long text"),
        pytest.param(PROTO + b"\x8d" + struct.pack("<Q", 2**62) + b"abc", id="text of 2^62"),
        pytest.param(PROTO + b"\x8e" + struct.pack("<Q", 2**63 - 1) + b"abc", id="bytes of 2^63"),
        pytest.param(PROTO + b"I99x\n" + STOP, id="no integer"),
        pytest.param(PROTO + b"I" + b"9" * 60_000 + b"\n" + STOP, id="an integer of 60,000 digits"),
        pytest.param(PROTO + b"F--\n" + STOP, id="no number"),
        pytest.param(PROTO + b"cno line break", id="no line break"),
        pytest.param(PROTO + b"N" + text("a") + b"a" + STOP, id="append to None"),
        pytest.param(PROTO + b"}(" + text("a") + b"u" + STOP, id="key without value"),
        pytest.param(PROTO + b"(o" + STOP, id="object of no class"),
    ],
)
def test_broken_pickles_are_one_error(data: bytes) -> None:
    with pytest.raises(MalformedModelError):
        opened(archive(data))


def test_a_huge_integer_is_refused() -> None:
    with pytest.raises(LimitError):
        opened(archive(PROTO + b"\x8b" + struct.pack("<I", 5000) + b"\x01" * 5000 + STOP))


def test_a_pickle_of_too_many_opcodes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoline_analysis.formats.torch.pickles.machine.MAX_OPCODES", 1000)
    with pytest.raises(LimitError, match="opcodes"):
        opened(archive(PROTO + b"N0" * 1000 + b"N" + STOP))


def test_lists_of_lists_of_lists_cost_no_more_than_they_are_written_with() -> None:
    """A few bytes a level, and 10^50 elements if it were unfolded."""
    bomb = b"]q\x00" + tensor() + b"a"
    for level in range(50):
        bomb += b"](" + b"".join(b"h" + bytes([level]) for _ in range(10)) + b"e"
        bomb += b"q" + bytes([level + 1])
    model = opened(archive(PROTO + bomb + STOP))
    assert len(model.tensors) == 1


def test_a_list_in_itself_is_entered_once() -> None:
    model = opened(archive(PROTO + b"]q\x00" + tensor() + b"a" + b"h\x00" + b"a" + STOP))
    assert len(model.tensors) == 1


def test_deep_nesting_needs_no_stack() -> None:
    with pytest.raises(UnsupportedFormatError, match="no tensors"):
        opened(archive(PROTO + b"]" * 100_000 + b"a" * 99_999 + STOP))


# Tensors that are none


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(tensor((5,), (1,)), id="longer than its storage"),
        pytest.param(tensor((4,), (1,), 1), id="shifted beyond it"),
        pytest.param(tensor((2, 2), (1 << 62, 1)), id="a stride of 2^62"),
        pytest.param(tensor((1 << 62,), (0,)), id="2^62 elements by stride 0"),
        pytest.param(tensor((1 << 62, 1 << 62), (1, 1)), id="2^124 elements"),
        pytest.param(tensor((-1,), (1,)), id="a negative size"),
        pytest.param(tensor((4,), (-1,)), id="a negative stride"),
        pytest.param(tensor((4,), (1,), -4), id="a negative offset"),
        pytest.param(tensor((2, 2), (1,)), id="two sizes, one stride"),
        pytest.param(tensor((1,) * 100, (1,) * 100), id="a hundred axes"),
        pytest.param(tensor(stored=storage(1 << 62)), id="a storage of 2^62"),
        pytest.param(tensor(stored=storage(-1)), id="a storage of -1"),
        pytest.param(tensor(stored=storage(kind="NoStorage")), id="a storage of no class"),
        pytest.param(tensor(stored=b"N"), id="no storage"),
        pytest.param(called("torch._utils", "_rebuild_tensor_v2"), id="no arguments"),
        pytest.param(called("torch._utils", "_rebuild_tensor_v2", storage(), text("0"), text("a"), b"N"), id="texts"),
        pytest.param(called("torch._utils", "_rebuild_parameter"), id="a parameter of nothing"),
    ],
)
def test_absurd_tensors_are_one_error(made: bytes) -> None:
    with pytest.raises(ModelError):
        opened(checkpoint(w=made))


def test_a_storage_with_two_sizes_is_refused() -> None:
    with pytest.raises(MalformedModelError, match="two sizes"):
        opened(checkpoint(a=tensor(), b=tensor((1,), (1,), stored=storage(2))))


def test_a_parameter_of_itself_is_no_tensor() -> None:
    loop = b"]q\x00" + called("torch._utils", "_rebuild_parameter", b"h\x00") + b"a"
    model = opened(archive(PROTO + pair(tensor(), loop) + STOP))
    assert len(model.tensors) == 1


def test_parameters_of_parameters_of_parameters_are_refused() -> None:
    made = tensor()
    for _ in range(3000):
        made = imported("torch._utils", "_rebuild_parameter") + b"(" + made + b"tR"
    with pytest.raises(MalformedModelError, match="times over"):
        opened(checkpoint(w=made))


def test_a_storage_that_is_not_there_leaves_the_shape() -> None:
    model = opened(checkpoint(w=tensor(stored=storage(key="../../etc/passwd"))))
    weight = model.tensors[0].weight
    assert weight is not None
    assert weight.shape == (4,)
    with pytest.raises(ModelError, match="no entry"):
        weight.numpy()


def test_a_view_that_repeats_itself_is_not_unfolded_beyond_measure() -> None:
    model = opened(checkpoint(w=tensor((1 << 20, 1 << 19), (0, 0))))
    weight = model.tensors[0].weight
    assert weight is not None
    with pytest.raises(LimitError):
        weight.numpy()
    assert weight.values(0, 1).shape == (1, 1 << 19)


def test_equal_names_stay_apart() -> None:
    inner = mapping(a=tensor())
    pickled = b"}(" + text("x.a") + tensor() + text("x") + inner + b"u"
    model = opened(archive(PROTO + pickled + STOP))
    assert [item.name for item in model.tensors] == ["x.a", "x.a#2"]


# Zip archives


def changed(data: bytes, find: bytes, put: bytes, last: bool = False) -> bytes:
    place = data.rfind(find) if last else data.find(find)
    assert place >= 0
    return data[:place] + put + data[place + len(put) :]


def test_an_entry_outside_the_archive_is_refused() -> None:
    for name in ("../evil", "/etc/passwd", "m/../../evil", "..\\evil", "C:/evil"):
        target = io.BytesIO(archive(PROTO + tensor() + STOP))
        with zipfile.ZipFile(target, "a") as made:
            made.writestr(zipfile.ZipInfo(name), b"x")
        with pytest.raises(MalformedModelError, match="outside"):
            opened(target.getvalue())


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    lying = bytearray(archive(PROTO + tensor() + STOP, compress=True))
    central = lying.rfind(b"PK\x01\x02", 0, lying.find(b"m/byteorder", lying.find(b"PK\x01\x02")))
    struct.pack_into("<I", lying, central + 24, 1 << 31)
    with pytest.raises(ModelError, match="cannot be"):
        opened(bytes(lying))


def test_a_pickle_that_unpacks_to_more_than_stated_is_refused() -> None:
    data = bytearray(archive(PROTO + tensor() + STOP, compress=True))
    central = data.find(b"PK\x01\x02")
    (size,) = struct.unpack_from("<I", data, central + 24)
    struct.pack_into("<I", data, central + 24, size - 5)
    with pytest.raises(MalformedModelError, match="unpack"):
        opened(bytes(data))


def test_overlapping_entries_are_refused() -> None:
    data = bytearray(archive(PROTO + tensor() + STOP))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    with pytest.raises(MalformedModelError, match=r"disagree|overlap"):
        opened(bytes(data))


def test_duplicate_entries_are_refused() -> None:
    target = io.BytesIO(archive(PROTO + tensor() + STOP))
    with zipfile.ZipFile(target, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("m/data.pkl", PROTO + called("os", "system", text("id")) + STOP)
    with pytest.raises(MalformedModelError, match="twice"):
        opened(target.getvalue())


def test_truncated_archives_are_one_error() -> None:
    data = archive(PROTO + tensor() + STOP)
    for length in range(len(data)):
        with pytest.raises(ModelError):
            open_model(data[:length])


@pytest.mark.parametrize("count", [0, 3, 0xFFFF])
def test_a_wrong_count_of_entries_is_refused(count: int) -> None:
    data = bytearray(archive(PROTO + tensor() + STOP, m__more=b"x"))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, count, count)
    with pytest.raises(ModelError):
        opened(bytes(data))


def test_zip64_counts_are_checked() -> None:
    data = archive(PROTO + tensor() + STOP)
    end = data.rfind(b"PK\x05\x06")
    start, length = struct.unpack_from("<I", data, end + 16)[0], struct.unpack_from("<I", data, end + 12)[0]
    for count in (1 << 62, 200_001):
        wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
        locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
        with pytest.raises(LimitError, match="entries"):
            opened(data[:end] + wide + locator + data[end:])


def test_encrypted_entries_are_refused() -> None:
    data = bytearray(archive(PROTO + tensor() + STOP))
    struct.pack_into("<H", data, data.find(b"PK\x01\x02") + 8, 1)
    with pytest.raises(UnsupportedFormatError, match="encrypted"):
        opened(bytes(data))


def test_compressed_storages_leave_the_shape() -> None:
    model = opened(archive(PROTO + tensor() + STOP, compress=True))
    weight = model.tensors[0].weight
    assert weight is not None
    with pytest.raises(ModelError, match="compressed"):
        weight.numpy()


def test_another_zip_is_no_checkpoint(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("arr_0.npy", b"x")
    with pytest.raises(UnsupportedFormatError, match="zip archive"):
        opened(target.getvalue())
    path = tmp_path / "x.pt"
    path.write_bytes(target.getvalue())
    with pytest.raises(UnsupportedFormatError, match=r"without data\.pkl"):
        open_model(path)


# Old files


def legacy() -> bytes:
    torch = pytest.importorskip("torch")
    target = io.BytesIO()
    torch.save({"w": torch.arange(4.0)}, target, _use_new_zipfile_serialization=False)
    return target.getvalue()


def test_truncated_old_files_are_one_error() -> None:
    data = legacy()
    for length in range(2, len(data)):
        with pytest.raises(ModelError):
            open_model(data[:length])


@pytest.mark.parametrize("count", [1 << 62, -1, 5])
def test_old_storages_beyond_the_file_are_refused(count: int) -> None:
    data = bytearray(legacy())
    struct.pack_into("<q", data, len(data) - 24, count)
    with pytest.raises(MalformedModelError, match="beyond the end"):
        opened(bytes(data))


def test_integers_are_written_as_pickle_writes_them() -> None:
    for value in (0, 1, 127, 128, 255, 1 << 40, 1 << 62, -1, -128):
        assert pickle.loads(PROTO + integer(value) + STOP) == value
