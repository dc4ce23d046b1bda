"""What importing and calling a global means: part of every checkpoint, a class somebody needs, or code that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.finding import Finding
from haoline_analysis.formats.torch.pickles.values import Built, Global, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.formats.torch.pickles.machine import Pickle

HARMLESS, UNKNOWN, DANGEROUS = "harmless", "unknown", "dangerous"

_DATA = {
    "builtins": "set frozenset dict list tuple int float complex str bytes bytearray bool slice range object",
    "collections": "OrderedDict defaultdict Counter deque",
    "_codecs": "encode",
    "copyreg": "_reconstructor __newobj__",
    "datetime": "datetime date time timedelta timezone",
    "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "uuid": "UUID",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "enum": "Enum IntEnum",
}

_TORCH = {
    "torch": "Size Tensor device dtype finfo iinfo Generator "
    "per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams "
    "strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc contiguous_format channels_last preserve_format",
    "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter "
    "_rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor "
    "_rebuild_nested_tensor _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy "
    "_rebuild_device_tensor_from_cpu_tensor _rebuild_wrapper_subclass _rebuild_xla_tensor",
    "torch._tensor": "_rebuild_from_type _rebuild_from_type_v2",
    "torch.tensor": "_rebuild_from_type",
    "torch.nn.parameter": "Parameter Buffer UninitializedParameter UninitializedBuffer",
    "torch.storage": "TypedStorage UntypedStorage _TypedStorage _UntypedStorage",
    "torch.serialization": "_get_layout",
    "torch._C": "_jit_pickle",
    "torch.jit._pickle": "build_intlist build_tensorlist build_doublelist build_boollist build_tensor_from_id "
    "restore_type_tag",
    "torch.distributed._shard.sharded_tensor.metadata": "ShardedTensorMetadata",
    "numpy": "ndarray dtype float64 float32 float16 int64 int32 int16 int8 uint8 bool_",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
}

_KNOWN = {module: frozenset(names.split()) for module, names in {**_DATA, **_TORCH}.items()}
_KNOWN["__builtin__"] = _KNOWN["builtins"] | {"long", "unicode"}
_KNOWN["copy_reg"] = _KNOWN["copyreg"]

_KNOWN_ROOMS = ("torch.nn.modules.", "torch.optim.", "torch.nn.parallel.", "torch.ao.nn.", "torch.ao.quantization.")
"""Modules whose classes set nothing in motion when they are made from a pickle."""

_RUNS_TEXT = """
os posix nt ntpath posixpath subprocess sys shutil socket socketserver ssl runpy importlib imp pkgutil ctypes
_ctypes cffi pty tty webbrowser code codeop pickle _pickle cPickle marshal shelve dill cloudpickle joblib operator
_operator functools inspect types gc multiprocessing threading _thread signal tempfile glob fileinput io _io urllib
http ftplib smtplib poplib imaplib telnetlib xmlrpc requests httpx aiohttp asyncio concurrent pip setuptools
distutils ensurepip venv idlelib pdb bdb timeit cProfile profile trace doctest unittest pydoc test builtins
__builtin__ platform commands popen2 zipimport site sysconfig resource mmap fcntl select pwd winreg msvcrt _winapi
lib2to3 torch.hub torch.jit torch.package torch.utils.cpp_extension torch._inductor torch.ops torch._dynamo torch.fx
torch.serialization torch.distributed.rpc torch.utils.bottleneck torch.utils.collect_env numpy.testing numpy.f2py
numpy.distutils
"""
_RUNS = frozenset(_RUNS_TEXT.split())
"""Modules with functions that start programs, open files or connections, or evaluate text."""

_RUNS_NAMES = frozenset({"torch.load", "torch.storage._load_from_bytes"})

_SHOWN = 12


def judge(found: Global) -> str:
    """One of ``HARMLESS``, ``UNKNOWN`` (a class or function of somebody's) and ``DANGEROUS``."""
    module, name = found.module, found.name
    if name in _KNOWN.get(module, ()) or _is_torch_type(module, name):
        return HARMLESS
    if "." not in name and name[:1].isupper() and f"{module}.".startswith(_KNOWN_ROOMS):
        return HARMLESS
    hidden = module == "?" or (module == "copyreg" and name.startswith("extension "))
    if hidden or found.path in _RUNS_NAMES or _runs(module, name):
        return DANGEROUS
    return UNKNOWN


def _is_torch_type(module: str, name: str) -> bool:
    """A storage class or an element type of torch."""
    if module in {"torch", "torch.cuda"} and name.endswith("Storage") and name.isidentifier():
        return True
    from haoline_analysis.formats.torch.dtypes import TORCH

    return module == "torch" and name in TORCH


def _runs(module: str, name: str) -> bool:
    """Whether the module or one that holds it is known for what it runs; dotted names reach through attributes."""
    parts = f"{module}.{name}".split(".")[:-1]
    inside = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    through = set(name.split(".")[:-1]) | set(module.split(".")[1:])
    if any(part.startswith("__") for part in name.split(".")[1:]):  # reaches into an object's machinery
        return True
    return bool(inside & _RUNS) or bool(
        through & {"os", "sys", "subprocess", "builtins", "__builtins__", "__globals__"}
    )


def findings(found: Pickle, where: str) -> list[Finding]:
    """What unpickling would import and run beyond what a checkpoint needs: the worst first."""
    made = _finding(found, where, DANGEROUS), _finding(found, where, UNKNOWN)
    indirect = [call for call in found.calls if not isinstance(call.callee, Global)]
    return [item for item in made if item is not None] + ([_indirect(indirect, where)] if indirect else [])


def _finding(found: Pickle, where: str, verdict: str) -> Finding | None:
    together: dict[str, Global] = {}
    for item in found.globals:
        if judge(item) == verdict:
            together.setdefault(item.path, item)
    if not together:
        return None
    calls = _first_calls(found.calls, together)
    lines = [_line(item, calls.get(path)) for path, item in list(together.items())[:_SHOWN]]
    more = f"; and {len(together) - _SHOWN} more" if len(together) > _SHOWN else ""
    runs = verdict == DANGEROUS
    return Finding(
        "pickle-runs-code" if runs else "pickle-needs-classes",
        "error" if runs else "warning",
        "Loading this file with pickle would run code" if runs else "The pickle imports code of its own",
        (),
        f"{where}: {'; '.join(lines)}{more}",
        "Nothing of it ran here. Do not load the file; get the weights as safetensors from somebody you trust."
        if runs
        else "Loading it needs these classes and trusts them; a state dict, or safetensors, needs neither.",
    )


def _first_calls(calls: Iterable[Built], wanted: dict[str, Global]) -> dict[str, Built]:
    """The first call of each global, by its path."""
    first: dict[str, Built] = {}
    for call in calls:
        if call.path in wanted:
            first.setdefault(call.path, call)
    return first


def _line(item: Global, call: Built | None) -> str:
    if call is None:
        return f"imports {item.path} at byte {item.position}"
    inner = ", ".join(short(value) for value in call.arguments[:4])
    return f"calls {item.path}({inner}) at byte {call.position}"


def _indirect(calls: list[Built], where: str) -> Finding:
    return Finding(
        "pickle-calls-results",
        "error",
        "The pickle calls what another call gave it",
        (),
        f"{where}: {len(calls)} such calls, the first at byte {calls[0].position}",
        "No checkpoint needs that; it is a way to hide what is run. Do not load the file.",
    )
