"""Live PyTorch modules and exported programs in hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.formats.torch.example_inputs import ExampleInputs
    from haoline_analysis.model import Model

ROUTES = ("export", "hooks", "onnx")
"""Ways to the ops of a module: ``torch.export``; hooks on its parts while it runs; its ONNX export."""


class LiveReader:
    """Reads ``torch.nn.Module`` and ``torch.export.ExportedProgram`` objects of this process."""

    info = FormatInfo(
        name="torch",
        label="PyTorch module",
        suffixes=(),
        yields="ops with shapes and costs, weights",
        needs="torch",
        converts={"safetensors": "partial"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether it is a module or a program; torch is loaded already if it is one."""
        return source.value is not None and (_is_module(source.value) or _is_program(source.value))

    def read(self, source: Source, **options: Any) -> Model:
        """Trace the module, by ``torch.export`` unless ``route`` says otherwise.

        Args:
            source: the module or program.
            options: ``example_inputs`` (tuple, dict, tensor), ``dynamic_shapes`` (as ``torch.export`` takes them, names
                of dims too), ``route`` (one of ``ROUTES``), ``keep_onnx`` (a path for the ONNX file of that route).

        Raises:
            ModelError: if it needs inputs, or no route leads to its ops.
        """
        refuse_options(self.info, options, "example_inputs", "dynamic_shapes", "route", "keep_onnx")
        from haoline_analysis.formats.torch.exported import read_program

        if _is_program(source.value):
            return read_program(source.value)
        model = _traced(source.value, options)
        _describe(model, source.value)
        return model


def _is_module(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _is_program(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ == "ExportedProgram" and kind.__module__.startswith("torch.export")


def _traced(module: Any, options: dict[str, Any]) -> Model:
    from haoline_analysis.formats.torch.example_inputs import example_inputs
    from haoline_analysis.formats.torch.exported import ExportFailedError, export_module

    route, keep = options.get("route"), options.get("keep_onnx")
    if route not in (None, *ROUTES):
        raise ModelError(f"no route is called {route!r}; known are {', '.join(ROUTES)}")
    _check_initialized(module)
    inputs = example_inputs(module, options.get("example_inputs"))
    if route == "onnx" or keep is not None:
        return _through_onnx(module, inputs, keep, None)
    if route == "hooks":
        return _through_hooks(module, inputs, None)
    try:
        return export_module(module, inputs, options.get("dynamic_shapes"))
    except ExportFailedError as failed:
        if route == "export":
            raise
        model = _through_hooks(module, inputs, str(failed))
        if options.get("dynamic_shapes") is not None:
            model.gaps.append(Gap("dynamic_shapes are not used: this way knows only the sizes of the example inputs"))
        return model


def _check_initialized(module: Any) -> None:
    """Refuse a module with lazy parts that have not run yet.

    Raises:
        ModelError: naming the first parameter without a shape.
    """
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if type(tensor).__name__.startswith("Uninitialized"):
            raise ModelError(f"{name} has no shape yet: run the module once, then analyse it")


def _through_hooks(module: Any, inputs: ExampleInputs, reason: str | None) -> Model:
    from haoline_analysis.formats.torch.fallback import trace_module

    return trace_module(module, inputs, reason)


def _through_onnx(module: Any, inputs: ExampleInputs, keep: Any, reason: str | None) -> Model:
    from haoline_analysis.formats.torch.onnx_route import through_onnx

    return through_onnx(module, inputs, None if keep is None else Path(keep), reason)


def _describe(model: Model, module: Any) -> None:
    """Add what the config of a Hugging Face model tells."""
    config: Any = getattr(module, "config", None)
    if not hasattr(config, "to_dict"):
        return
    from haoline_analysis.architecture import from_config

    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict(keep_vars=True).items()}
    facts = json.loads(json.dumps(config.to_dict(), default=str))
    model.architecture = from_config(facts, shapes)
    model.facts["config"] = facts
