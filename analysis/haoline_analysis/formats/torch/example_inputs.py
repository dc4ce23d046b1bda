"""What a module is called with while it is traced: the user's inputs, or sensible ones for Hugging Face models."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haoline_analysis.errors import ModelError
from haoline_analysis.shapes.value import Assumption

TOKENS = 128
"""Length of made-up text, as in the defaults of symbolic dims."""

AUDIO_SAMPLES = 16000


@dataclass(eq=False)
class ExampleInputs:
    """Positional and keyword arguments of ``forward``, and what was assumed to make them up."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)


def example_inputs(module: Any, given: Any) -> ExampleInputs:
    """The inputs to trace ``module`` with.

    Args:
        module: a ``torch.nn.Module``.
        given: a tensor, a tuple or list of positional arguments, a dict of keyword arguments (a tokenizer's output
            too), a pair of both, or None to make them up from the config of a Hugging Face model.

    Raises:
        ModelError: if there are none and none can be made up.
    """
    if given is None:
        made = _made_up(module)
    elif isinstance(given, ExampleInputs):
        made = given
    elif isinstance(given, Mapping):
        made = ExampleInputs(kwargs=dict(given))
    elif _is_pair(given):
        made = ExampleInputs(tuple(given[0]), dict(given[1]))
    elif isinstance(given, tuple | list):
        made = ExampleInputs(tuple(given))
    else:
        made = ExampleInputs((given,))
    _without_cache(module, made)
    args, kwargs = _placed(module, (made.args, made.kwargs))
    return ExampleInputs(args, kwargs, made.assumptions)


def _placed(module: Any, inputs: Any) -> Any:
    """Arrays as tensors, and tensors on the device that the whole module is on."""
    import numpy as np
    import torch
    from torch.utils import _pytree as pytree

    devices = {tensor.device for tensor in (*module.parameters(), *module.buffers())}
    inputs = pytree.tree_map_only(np.ndarray, torch.from_numpy, inputs)
    if len(devices) != 1:
        return inputs
    return pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.to(*devices), inputs)


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], tuple) and isinstance(given[1], dict)


def _parameters(module: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return {}


def _config(module: Any) -> Any:
    config = getattr(module, "config", None)
    return config if hasattr(config, "to_dict") else None


def _without_cache(module: Any, inputs: ExampleInputs) -> None:
    """Ask a Hugging Face model for no key/value cache, which is no tensor and not what a forward pass is for."""
    config = _config(module)
    text = getattr(config, "text_config", None)
    cached = getattr(config, "use_cache", None) or getattr(text, "use_cache", None)
    if config is None or not cached or "past_key_values" in inputs.kwargs:
        return
    names = _parameters(module)
    takes = "use_cache" in names or any(item.kind is item.VAR_KEYWORD for item in names.values())
    if takes and "use_cache" not in inputs.kwargs and len(inputs.args) < 4:
        inputs.kwargs["use_cache"] = False
        inputs.assumptions.append(Assumption("key/value cache", "none", "the model is traced with use_cache=False"))


def _made_up(module: Any) -> ExampleInputs:
    config = _config(module)
    if config is None:
        raise ModelError(
            f"{type(module).__name__} needs example_inputs: a tensor, a tuple of positional "
            "or a dict of keyword arguments of its forward"
        )
    import torch

    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    dtype = next((tensor.dtype for tensor in module.parameters() if tensor.dtype.is_floating_point), torch.float32)
    made = ExampleInputs()
    names = _parameters(module)
    for name in (*_main_inputs(module, names),):
        shape, whole = _shape(module, config, name)
        made.kwargs[name] = torch.zeros(shape, dtype=torch.int64 if whole else dtype, device=device)
        why = "no example_inputs were given"
        made.assumptions.append(Assumption(f"input {name}", " × ".join(map(str, shape)), why))
    if not made.kwargs:
        raise ModelError(f"{type(module).__name__} needs example_inputs: its inputs are not among those known")
    return made


def _main_inputs(module: Any, names: Mapping[str, inspect.Parameter]) -> list[str]:
    """The inputs that a forward pass cannot do without."""
    main = getattr(module, "main_input_name", "input_ids")
    wanted = [main] if main in names else []
    both = "pixel_values" in names and "input_ids" in names and main in ("input_ids", "pixel_values")
    if both and hasattr(_config(module), "text_config") and hasattr(_config(module), "projection_dim"):
        wanted = ["input_ids", "pixel_values"]  # two towers: CLIP and its kin
    if getattr(_config(module), "is_encoder_decoder", False) and "decoder_input_ids" in names:
        wanted.append("decoder_input_ids")
    return wanted


def _shape(module: Any, config: Any, name: str) -> tuple[tuple[int, ...], bool]:
    """(shape, whether of whole numbers) of a made-up input.

    Raises:
        ModelError: if the config does not tell.
    """
    if name.endswith("input_ids"):
        return (1, _text_length(config, name)), True
    if name == "pixel_values":
        vision = getattr(config, "vision_config", config)
        size = getattr(vision, "image_size", None) or 224
        height, width = (size, size) if isinstance(size, int) else tuple(size)[-2:]
        return (1, getattr(vision, "num_channels", 3) or 3, height, width), False
    if name == "input_features":
        frames = 2 * (getattr(config, "max_source_positions", None) or 1500)
        return (1, getattr(config, "num_mel_bins", None) or 80, frames), False
    if name == "input_values":
        return (1, AUDIO_SAMPLES), False
    raise ModelError(f"{type(module).__name__} needs example_inputs: no sensible {name} is known")


def _text_length(config: Any, name: str) -> int:
    text = getattr(config, "text_config", None) or config
    limits = ("max_target_positions",) if name.startswith("decoder") else ("max_position_embeddings", "n_positions")
    known = [getattr(text, limit, None) for limit in limits]
    return min([TOKENS, *(limit for limit in known if isinstance(limit, int) and limit > 0)])
