"""What onnxruntime's tools say to the root logger, kept from the user's screen and collected."""

from __future__ import annotations

import importlib
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = "onnxruntime"


class _Collect(logging.Handler):
    """Keeps messages of onnxruntime's tools."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if _OURS in record.pathname:
            self.said.append(record.getMessage())


def _foreign(record: logging.LogRecord) -> bool:
    return _OURS not in record.pathname


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Collect the warnings of onnxruntime's tools, and leave the root logger as it was.

    Their ``logging.warning`` would set up the root logger for the whole program where nobody has, and one of their
    modules does so when it is imported. What others log goes where it would go.
    """
    root = logging.getLogger()
    collect, others, level = _Collect(), list(root.handlers), root.level
    for handler in others:
        handler.addFilter(_foreign)
    root.addHandler(collect)  # a root logger with a handler is left alone by logging.basicConfig
    try:
        with np.errstate(all="ignore"):
            yield collect.said
    finally:
        root.removeHandler(collect)
        root.setLevel(level)
        for handler in others:
            handler.removeFilter(_foreign)


_PRINTING = ("calibrate", "matmul_nbits_quantizer", "neural_compressor.weight_only", "onnx_model")


def tools(name: str) -> Any:
    """A module of ``onnxruntime.quantization``, imported without its side effects and taught not to print.

    Raises:
        ImportError: if it, or a package it needs, is not installed.
    """
    with quiet():
        module = importlib.import_module(f"onnxruntime.quantization.{name}")
    _amend()
    return module


def _amend() -> None:
    """Let their modules print nothing (each gets a ``print`` of its own)."""
    for name in _PRINTING:
        module = sys.modules.get(f"onnxruntime.quantization.{name}")
        if module is not None:
            module.__dict__["print"] = _nothing


def _nothing(*_: object, **__: object) -> None:
    """What they print is on no one's screen."""
