"""Asking TensorRT about an engine, in a child process with a time limit."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from haoline_analysis.errors import MalformedModelError, MissingExtraError, ModelError
from haoline_analysis.formats.tensorrt import bounded_json as checked

PROGRAM = Path(__file__).with_name("live.py")
SECONDS = 120.0
SECONDS_PER_BYTE = 20 / 2**30
"""An engine is read and its weights are copied to the device."""

INSTALL = 'Opening an engine needs TensorRT: pip install "haoline-jupyter[gpu]"'
_SHOWN = 600


def ask(
    plan: Path, offset: int, device: str, *, program: Path = PROGRAM, seconds: float | None = None
) -> dict[str, Any]:
    """What TensorRT tells of the engine that begins at an offset in a file.

    Args:
        plan: the file.
        offset: where the engine begins in it.
        device: the GPU and its compute capability in words, for messages.
        program: what is run; it takes the path, the offset and the path of its answer.
        seconds: how long it may take; None: by the file's size.

    Raises:
        MissingExtraError: if the ``tensorrt`` package or its libraries are not there.
        ModelError: if TensorRT refuses the engine, crashes, or takes too long.
    """
    limit = SECONDS + plan.stat().st_size * SECONDS_PER_BYTE if seconds is None else seconds
    with TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, "-P", str(program), str(plan.resolve()), str(offset), str(answer)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=limit, check=False)  # noqa: S603 - our own program
        except subprocess.TimeoutExpired:
            raise ModelError(f"TensorRT did not open the engine within {limit:.0f} seconds") from None
        if done.returncode:
            raise ModelError(f"TensorRT {_died(done.returncode)} while it opened the engine on {device}")
        if not answer.is_file():
            raise MalformedModelError("TensorRT ended without an answer")
        checked.check_size(answer.stat().st_size, "answer of TensorRT")
        told = checked.mapping(checked.parse(checked.decode(answer.read_bytes(), "answer"), "answer"), "the answer")
    return _checked(told, device)


def _checked(told: dict[str, Any], device: str) -> dict[str, Any]:
    if "missing" in told:
        raise MissingExtraError(f"{INSTALL} ({str(told['missing'])[:_SHOWN]})")
    if "refused" in told:
        reason = str(told["refused"])[:_SHOWN]
        raise ModelError(
            f"TensorRT {told.get('version', '')} on {device} refuses the engine: {reason} (an engine runs on the "
            "version and compute capability it was built for, unless it was built to be compatible)"
        )
    return told


def _died(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"crashed ({signal.Signals(-code).name})"
    except ValueError:
        return f"crashed (signal {-code})"
