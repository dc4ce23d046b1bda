"""Execution providers by the names people use, and what a session really has."""

from __future__ import annotations

from typing import Any

from haoline_analysis.runtime.failures import RuntimeFailure, onnxruntime

_SUFFIX = "ExecutionProvider"
CPU = f"CPU{_SUFFIX}"
CUDA = f"CUDA{_SUFFIX}"


def chosen(provider: str | None) -> tuple[str, ...]:
    """Full names to ask a session for, the preferred one first.

    Raises:
        RuntimeFailure: if this onnxruntime has no such provider; lists those it has.
    """
    available = onnxruntime().get_available_providers()
    asked = "auto" if provider is None else str(provider).lower()
    if asked == "auto":
        return (CUDA, CPU) if CUDA in available else (CPU,)
    for name in available:
        if asked in (name.lower(), short(name).lower()):
            return (name,) if name == CPU else (name, CPU)
    known = ", ".join(short(name).lower() for name in available)
    raise RuntimeFailure(f"There is no execution provider {provider!r} here; choose auto or one of {known}.")


def short(name: str) -> str:
    """``CUDA`` of ``CUDAExecutionProvider``."""
    return name.removesuffix(_SUFFIX)


def actual(session: Any, provider: str | None) -> str:
    """The provider a session runs on, in short.

    Raises:
        RuntimeFailure: if another one was asked for by name and the session does not have it.
    """
    first = short(session.get_providers()[0])
    if provider is not None and provider.lower() != "auto":
        wanted = short(chosen(provider)[0])
        if first != wanted:
            raise RuntimeFailure(f"{wanted} was asked for, but onnxruntime finds no device for it: it offers {first}.")
    return first
