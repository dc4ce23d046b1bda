"""Runs :mod:`native` in a child process with limits."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.runner import StoppedError

if TYPE_CHECKING:
    from haoline_analysis.runtime.stopping import Stop

SECONDS = 600
_BASE_BYTES = 8 << 30  # address space, of which libraries alone reserve a good deal
_TIMES = 12
_MOST = 300


class ChildError(ModelError):
    """Onnx's native code refused the model, or died of it."""


def native(stop: Stop, what: str, source: Path, result: Path, *more: str) -> None:
    """Do ``what`` (``infer``, ``convert``) with the model ``source``; the answer is in ``result``.

    Raises:
        ChildError: if it fails, crashes or takes too long.
        StoppedError: if it should not go on.
    """
    limit = _BASE_BYTES + _TIMES * source.stat().st_size
    program = Path(__file__).with_name("native.py")
    command = [sys.executable, "-I", str(program), str(limit), what, str(source), str(result), *more]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own program
        try:
            complaint = _wait(process, stop, what)
        finally:
            process.kill()
    if process.returncode:
        raise ChildError(f"onnx cannot {what} this model: {_last_line(complaint) or _died(process.returncode)}")


def _wait(process: subprocess.Popen[bytes], stop: Stop, what: str) -> bytes:
    """What the child says on its error stream, once it is over."""
    ends = time.monotonic() + SECONDS
    while True:
        if stop.asked:
            raise StoppedError
        try:
            return process.communicate(timeout=0.05)[1]
        except subprocess.TimeoutExpired:
            if time.monotonic() > ends:
                raise ChildError(f"onnx does not {what} this model within {SECONDS} seconds") from None


def _last_line(complaint: bytes) -> str:
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:_MOST] if lines else ""


def _died(code: int) -> str:
    return f"it died of signal {-code}" if code < 0 else f"it ended with code {code}"
