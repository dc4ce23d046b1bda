"""onnxruntime's own account of its arena, through its C API (Python does not expose allocator statistics)."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

# Positions in struct OrtApi; they never change once shipped (onnxruntime_c_api.h).
GET_ERROR_MESSAGE, CREATE_ENV, CREATE_SESSION, RUN, CREATE_SESSION_OPTIONS = 2, 3, 7, 9, 10
DISABLE_MEM_PATTERN, SET_OPTIMIZATION_LEVEL, SET_INTRA_OP_THREADS = 17, 23, 24
CREATE_TENSOR_WITH_DATA, CREATE_CPU_MEMORY_INFO = 49, 69
RELEASE_ENV, RELEASE_STATUS, RELEASE_SESSION, RELEASE_VALUE = 92, 93, 95, 96
ADD_CONFIG_ENTRY, CREATE_ALLOCATOR = 130, 131
CREATE_AND_REGISTER_ALLOCATOR, CREATE_ARENA_CONFIG = 144, 164
GET_KEY_VALUE, ALLOCATOR_GET_STATS = 297, 319

ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10}


class Api:
    """The C API as Python calls that raise on a non-null status."""

    def __init__(self) -> None:
        import onnxruntime

        folder = Path(onnxruntime.__file__).parent / "capi"
        self.library = ctypes.CDLL(str(next(folder.glob("libonnxruntime.so.*"))))
        self.library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
        get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(self.library.OrtGetApiBase()[0])
        self.table = ctypes.cast(get_api(23), ctypes.POINTER(ctypes.c_void_p))

    def raw(self, index: int, result, *arguments):
        types = [type(a) if isinstance(a, ctypes._SimpleCData) else ctypes.c_void_p for a in arguments]
        return ctypes.CFUNCTYPE(result, *types)(self.table[index])(*arguments)

    def call(self, index: int, *arguments) -> None:
        status = self.raw(index, ctypes.c_void_p, *arguments)
        if status:
            message = self.raw(GET_ERROR_MESSAGE, ctypes.c_char_p, ctypes.c_void_p(status))
            raise RuntimeError(message.decode())

    def make(self, index: int, *arguments) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        self.call(index, *arguments, ctypes.cast(ctypes.byref(made), ctypes.c_void_p))
        return made

    def stat(self, allocator: ctypes.c_void_p, name: str) -> int:
        pairs = self.make(ALLOCATOR_GET_STATS, allocator)
        return int(self.raw(GET_KEY_VALUE, ctypes.c_char_p, pairs, ctypes.c_char_p(name.encode())))


def _options(api: Api) -> ctypes.c_void_p:
    options = api.make(CREATE_SESSION_OPTIONS)
    api.call(DISABLE_MEM_PATTERN, options)
    api.call(SET_OPTIMIZATION_LEVEL, options, ctypes.c_int(0))
    api.call(SET_INTRA_OP_THREADS, options, ctypes.c_int(1))
    switches = ("use_device_allocator_for_initializers", "disable_prepacking", "use_env_allocators")
    for key in (b"session." + switch.encode() for switch in switches):
        api.call(ADD_CONFIG_ENTRY, options, ctypes.c_char_p(key), ctypes.c_char_p(b"1"))
    return options


def _register_exact_arena(api: Api, env: ctypes.c_void_p, memory: ctypes.c_void_p) -> None:
    """An arena whose chunks are as large as asked for, so that bytes in use are bytes of tensors."""
    settings = {b"arena_extend_strategy": 1, b"max_dead_bytes_per_chunk": 1, b"initial_chunk_size_bytes": 256}
    keys = (ctypes.c_char_p * len(settings))(*settings)
    sizes = (ctypes.c_size_t * len(settings))(*settings.values())
    count = ctypes.c_size_t(len(settings))
    config = api.make(
        CREATE_ARENA_CONFIG, ctypes.cast(keys, ctypes.c_void_p), ctypes.cast(sizes, ctypes.c_void_p), count
    )
    api.call(CREATE_AND_REGISTER_ALLOCATOR, env, memory, config)


def _tensor(api: Api, memory: ctypes.c_void_p, array: np.ndarray) -> ctypes.c_void_p:
    shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    data = ctypes.c_void_p(array.ctypes.data)
    return api.make(
        CREATE_TENSOR_WITH_DATA,
        memory,
        data,
        ctypes.c_size_t(array.nbytes),
        ctypes.cast(shape, ctypes.c_void_p),
        ctypes.c_size_t(array.ndim),
        ctypes.c_int(ELEMENT_TYPES[array.dtype.name]),
    )


def arena_peak(path: Path, feeds: dict[str, np.ndarray], outputs: list[str]) -> int:
    """Peak bytes in use in the CPU arena during one run, memory pattern and optimisations off."""
    api = Api()
    env = api.make(CREATE_ENV, ctypes.c_int(3), ctypes.c_char_p(b"arena"))
    memory = api.make(CREATE_CPU_MEMORY_INFO, ctypes.c_int(1), ctypes.c_int(0))
    _register_exact_arena(api, env, memory)
    session = api.make(CREATE_SESSION, env, ctypes.c_char_p(str(path).encode()), _options(api))
    allocator = api.make(CREATE_ALLOCATOR, session, memory)
    before = api.stat(allocator, "InUse")
    names = (ctypes.c_char_p * len(feeds))(*[name.encode() for name in feeds])
    values = (ctypes.c_void_p * len(feeds))(*[_tensor(api, memory, array).value for array in feeds.values()])
    wanted = (ctypes.c_char_p * len(outputs))(*[name.encode() for name in outputs])
    made = (ctypes.c_void_p * len(outputs))()
    as_pointer = lambda array: ctypes.cast(array, ctypes.c_void_p)  # noqa: E731
    api.call(
        RUN,
        session,
        ctypes.c_void_p(None),
        as_pointer(names),
        as_pointer(values),
        ctypes.c_size_t(len(feeds)),
        as_pointer(wanted),
        ctypes.c_size_t(len(outputs)),
        as_pointer(made),
    )
    peak = api.stat(allocator, "MaxInUse") - before
    for value in [*made, *values]:
        api.raw(RELEASE_VALUE, None, ctypes.c_void_p(value))
    api.raw(RELEASE_SESSION, None, session)
    api.raw(RELEASE_ENV, None, env)
    return peak
