"""What onnxruntime says when it refuses a model or a run, in one sentence."""

from __future__ import annotations

import re
from typing import Any

from haoline_analysis.errors import MissingExtraError, ModelError

_NODE = re.compile(r"while running (?P<type>\S+) node\. Name:'(?P<name>.*?)'\s*(?:Status Message:)?\s*", re.DOTALL)
_CODE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SOURCE = re.compile(r"(?:/|[A-Za-z]:\\)\S*onnxruntime\S*:\d+ (?:.*?\)(?: const)?|\S+)\s")
_UNIMPLEMENTED = re.compile(
    r"Could not find an implementation for (?P<type>\w+)\((?P<version>\d+)\) node with name '(?P<name>.*?)'"
)
_KERNEL = re.compile(r"Failed to find kernel for (?:\S+\.)?(?P<type>\w+)\((?P<version>\d+)\) \(node:'(?P<name>.*?)'")
_LOADING = re.compile(r"^Load model from .*? failed:\s*", re.DOTALL)
_NAMED = re.compile(r"Node,? ?\(\"?(?P<name>[^\",)]*)\"?(?:\) Op \(|, )(?P<type>\w+)")
_TERMINATED = "terminate flag"
_MOST = 400


class RuntimeFailure(ModelError):  # noqa: N818 - the name the public face promises
    """onnxruntime refuses the model, the provider or a run; says why, and at which op where that is known."""

    def __init__(self, message: str, node: str = "") -> None:
        """Keep the sentence, and the node it concerns ("" where onnxruntime names none)."""
        super().__init__(message)
        self.node = node

    def __reduce__(self) -> tuple[type[RuntimeFailure], tuple[str, str]]:
        """Survive the way back from another process."""
        return type(self), (str(self), self.node)


def onnxruntime() -> Any:
    """The module, imported when it is first needed.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import onnxruntime as module
    except ImportError as error:
        raise MissingExtraError('Running a model needs onnxruntime: pip install "haoline-jupyter[cpu]"') from error
    return module


def reason(error: BaseException) -> str:
    """Onnxruntime's own words in one line, without its codes and the places of its source files."""
    text = _SOURCE.sub("", _LOADING.sub("", _CODE.sub("", str(error))))
    text = " ".join(_NODE.sub("", text).replace("Non-zero status code returned", "").split()).strip(" .")
    return text if len(text) <= _MOST else text[:_MOST] + "…"


def node_of(error: BaseException) -> tuple[str, str]:
    """Type and name of the node that the error concerns; two empty words where it names none."""
    text = str(error)
    found = _NODE.search(text) or _UNIMPLEMENTED.search(text) or _KERNEL.search(text) or _NAMED.search(text)
    return (found["type"], found["name"]) if found else ("", "")


def refused_model(error: BaseException, where: str) -> RuntimeFailure:
    """The model cannot be made ready to run."""
    kind, name = node_of(error)
    missing = _UNIMPLEMENTED.search(str(error)) or _KERNEL.search(str(error))
    if missing:
        text = f"{where}: onnxruntime has no kernel for {kind} (opset {missing['version']}){_called(name)} here"
        return RuntimeFailure(f"{text}; choose another provider or element type.", name)
    return RuntimeFailure(f"{where}: onnxruntime refuses the model{_at(kind, name)}: {reason(error)}.", name)


def failed_run(error: BaseException, where: str) -> RuntimeFailure:
    """The run of one sample stopped with an error."""
    kind, name = node_of(error)
    return RuntimeFailure(f"The model fails on {where}{_at(kind, name)}: {reason(error)}.", name)


def _at(kind: str, name: str) -> str:
    return f" at {kind}{_called(name)}" if kind else ""


def _called(name: str) -> str:
    return f" op {name!r}" if name else " (an op without a name)"


def terminated(error: BaseException) -> bool:
    """Whether a run ended because it was told to."""
    return _TERMINATED in str(error)
