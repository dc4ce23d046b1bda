"""The live adapter against the real bindings: every name and signature that it uses exists.

The bindings need TensorRT's libraries to be imported. Where those are absent, empty ones of their names stand in for
them, in a child process: nothing of TensorRT is called.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haoline_analysis.formats.tensorrt import live

ASK = """
import json, sys
import tensorrt_bindings as trt
used = json.loads(sys.argv[1])
def find(path):
    found = trt
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found
print(json.dumps({name: {key: (getattr(getattr(find(name), key), "__doc__", "") or "") if hasattr(find(name), key)
                  else None for key in keys} for name, keys in used.items()} | {"version": trt.__version__}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    """The documentation of every name that is used, by class; None where the bindings do not have it."""
    if importlib.util.find_spec("tensorrt_bindings") is None:
        pytest.skip("tensorrt-cu13-bindings is not installed")
    if sys.platform != "linux" or shutil.which("gcc") is None or shutil.which("nm") is None:
        pytest.skip("empty libraries are made with gcc, on Linux")
    folder = tmp_path_factory.mktemp("empty")
    bindings = next(Path(importlib.util.find_spec("tensorrt_bindings").origin).parent.glob("tensorrt*.so"))
    symbols = subprocess.run(
        ["nm", "-D", "--undefined-only", bindings], capture_output=True, text=True, check=True
    ).stdout
    missing = re.findall(r"U ((?:create|get|init)\w*(?:Infer|Parser|Plugin|Nv)\w*)$", symbols, re.MULTILINE)
    source = folder / "empty.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in missing))
    for library in re.findall(r"\[(lib(?:nvinfer|nvonnx)[\w.]+)\]", output("readelf", "-d", bindings)):
        target = folder / library
        output("gcc", "-shared", "-fPIC", f"-Wl,-soname,{library}", source, "-o", target)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
    command = [sys.executable, "-c", ASK, json.dumps(live.USED)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def output(*command: object) -> str:
    """What a tool prints."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=True).stdout


def test_every_name_that_is_used_exists(told):
    absent = [f"{name}.{key}" for name, keys in live.USED.items() for key in keys if told[name][key] is None]
    assert absent == []
    assert int(told["version"].partition(".")[0]) >= 10


@pytest.mark.parametrize(
    ("owner", "name", "signature"),
    [
        ("", "init_libnvinfer_plugins", r"\(logger: [\w.]+, namespace: str\) -> bool"),
        ("ILogger", "__init__", r"\(self: [\w.]+ILogger\) -> None"),
        ("Runtime", "__init__", r"\(self: [\w.]+Runtime, logger: [\w.]+ILogger\) -> None"),
        (
            "Runtime",
            "deserialize_cuda_engine",
            r"\(self: [\w.]+Runtime, serialized_engine: [\w.]+\) -> [\w.]+ICudaEngine",
        ),
        ("ICudaEngine", "create_engine_inspector", r"\(self: [\w.]+ICudaEngine\) -> [\w.]+EngineInspector"),
        ("ICudaEngine", "get_tensor_name", r"\(self: [\w.]+ICudaEngine, index: [\w.]+\) -> str"),
        ("ICudaEngine", "get_tensor_mode", r"\(self: [\w.]+ICudaEngine, name: str\) -> [\w.]+TensorIOMode"),
        ("ICudaEngine", "get_tensor_shape", r"\(self: [\w.]+ICudaEngine, name: str\) -> [\w.]+Dims"),
        ("ICudaEngine", "get_tensor_dtype", r"\(self: [\w.]+ICudaEngine, name: str\) -> [\w.]+DataType"),
        (
            "EngineInspector",
            "get_engine_information",
            r"\(self: [\w.]+EngineInspector, format: [\w.]+LayerInformationFormat\) -> str",
        ),
    ],
)
def test_signatures_are_those_that_are_called(told, owner, name, signature):
    assert re.search(rf"{name}{signature}", told[owner][name]), told[owner][name]


def test_nothing_else_is_used():
    """Every attribute that the adapter takes from TensorRT's objects is listed, so that the tests above see it."""
    listed = {name for names in live.USED.values() for name in names} | set(live.USED)
    tree = ast.parse(Path(live.__file__).read_text())
    owners = {"trt", "engine", "inspector", "tensorrt"}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and (root := _root(node)) is not None and (root in owners)
    }
    assert used - listed == set()
    assert {"deserialize_cuda_engine"} <= listed


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
