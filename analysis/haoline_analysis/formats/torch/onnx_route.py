"""Modules by way of ONNX: what ``torch.onnx.export`` makes of them is read, and kept where somebody asks for it."""

from __future__ import annotations

import io
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MissingExtraError, ModelError
from haoline_analysis.formats.torch.fallback import composed
from haoline_analysis.formats.torch.settled import settled
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from haoline_analysis.formats.torch.example_inputs import ExampleInputs
    from haoline_analysis.model import Model

MAX_IN_MEMORY = 1_500_000_000
"""Bytes of weights up to which the ONNX file need not be on disk: protobuf stops at 2 GB."""


def through_onnx(module: Any, inputs: ExampleInputs, keep: Path | None, reason: str | None) -> Model:
    """Export a module to ONNX and read that.

    Args:
        module: a ``torch.nn.Module`` with its weights in memory.
        inputs: what it is called with.
        keep: where the ONNX file is to stay; None: nowhere.
        reason: why ``torch.export`` did not do; None: this way was asked for.

    Raises:
        MissingExtraError: if the exporter's packages are missing.
        ModelError: if neither of PyTorch's exporters can take the module.
    """
    _check(module, keep)
    with settled(module) as assumed, composed(), _quiet():
        target, exporter, failed = _export(module, inputs, keep)
    from haoline_analysis.formats import open_model

    model = open_model(target)
    model.name = type(module).__name__
    facts: dict[str, Any] = {"route": "onnx", "exporter": exporter, "kept": str(keep) if keep is not None else None}
    if reason or failed:
        facts["failed"] = "; ".join(text for text in (reason, failed) if text)
    model.facts["export"] = facts
    model.assumptions += [*inputs.assumptions, *assumed]
    model.gaps.insert(0, Gap(_said(exporter, reason)))
    return model


def _said(exporter: str, reason: str | None) -> str:
    start = "" if reason is None else f"torch.export cannot take this module ({reason}). "
    return f"{start}The ops are those of its ONNX export ({exporter}), not of the module itself."


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporters print: progress, and whole graphs where they fail."""
    import logging

    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _check(module: Any, keep: Path | None) -> None:
    """Refuse what cannot be exported, before the work.

    Raises:
        ModelError: if weights are on the meta device, or too large to be held without a file.
    """
    tensors = [*module.parameters(), *module.buffers()]
    if any(tensor.device.type == "meta" for tensor in tensors):
        raise ModelError("a module on the meta device has no weights to export to ONNX; analyse it with route='export'")
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if keep is None and total > MAX_IN_MEMORY:
        raise ModelError(f"{total:,} bytes of weights need a file: say keep_onnx=<path>")


def _export(module: Any, inputs: ExampleInputs, keep: Path | None) -> tuple[Any, str, str]:
    """The file or its bytes, which exporter made it, and why the first one did not."""
    missing = [name for name in ("onnx", "onnxscript") if not _is_there(name)]
    if missing:
        raise MissingExtraError(f"exporting to ONNX needs packages: pip install {' '.join(missing)}")
    try:
        return _dynamo(module, inputs, keep), "torch.onnx dynamo exporter", ""
    except Exception as error:  # noqa: BLE001 - the exporter raises whatever the module does
        failed = _first_line(error)
    try:
        return _torchscript(module, inputs, keep), "torch.onnx TorchScript exporter", f"dynamo exporter: {failed}"
    except Exception as error:  # the exporter raises whatever the module does
        text = f"torch.onnx.export cannot take the module: {failed}; by way of TorchScript: {_first_line(error)}"
        raise ModelError(text) from error


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


def _dynamo(module: Any, inputs: ExampleInputs, keep: Path | None) -> Path | bytes:
    import torch

    program = torch.onnx.export(module, tuple(inputs.args), kwargs=dict(inputs.kwargs), dynamo=True, verbose=False)
    assert program is not None
    if keep is not None:
        program.save(str(keep), external_data=True)
        return keep
    return bytes(program.model_proto.SerializeToString())


def _torchscript(module: Any, inputs: ExampleInputs, keep: Path | None) -> Path | bytes:
    import torch

    target = io.BytesIO()
    args = (*inputs.args, dict(inputs.kwargs)) if inputs.kwargs else tuple(inputs.args)
    torch.onnx.export(module, args, str(keep) if keep is not None else target, dynamo=False)
    return keep if keep is not None else target.getvalue()
