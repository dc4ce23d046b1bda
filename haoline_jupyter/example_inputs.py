"""``--example``: what a PyTorch module is called with, from variables or from shapes that need no data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haoline_jupyter.options import TIMES, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEC = re.compile(rf"(?P<shape>\d+(?:[x{TIMES}]\d+)*)(?::(?P<dtype>[a-z]+\d*))?")


def example_of(word: str, variables: Mapping[str, Any], module: Any) -> Any:
    """The example inputs that a word names.

    Args:
        word: a variable; or inputs with commas between them, each a variable or a shape such as ``1x3x224x224`` or
            ``1x128:int64``, all of them or none with the name of an argument before it: ``input_ids=1x128:int64``.
        variables: the user's names.
        module: on whose device (maybe ``meta``) inputs of a shape are made.

    Raises:
        OptionError: if a part is neither, or only some are named.
    """
    if word in variables:
        return variables[word]
    named: dict[str, Any] = {}
    placed: list[Any] = []
    for part in (piece.strip() for piece in word.split(",")):
        name, equals, rest = part.rpartition("=")
        value = _value(rest.strip(), variables, module)
        if not equals:
            placed.append(value)
        elif name.strip() in named:
            raise OptionError(f"--example names {name.strip()!r} twice.")
        else:
            named[name.strip()] = value
    if named and placed:
        raise OptionError("Name every input of --example as NAME=X, or none of them.")
    return named or tuple(placed)


def _value(text: str, variables: Mapping[str, Any], module: Any) -> Any:
    """A variable's value, or zeros of a shape."""
    if text in variables:
        return variables[text]
    found = _SPEC.fullmatch(text)
    if found is None:
        raise OptionError(f"--example {text!r} is no variable and no shape such as 1x3x224x224 or 1x128:int64.")
    import torch

    dtype = getattr(torch, found["dtype"] or "float32", None)
    if not isinstance(dtype, torch.dtype):
        raise OptionError(f"--example: {found['dtype']!r} is no type of PyTorch, such as int64 or bfloat16.")
    sizes = [int(size) for size in re.split(f"[x{TIMES}]", found["shape"])]
    return torch.zeros(sizes, dtype=dtype, device=_device(module))


def _device(module: Any) -> Any:
    """Where the parameters of a module are; the default without any."""
    parameters = getattr(module, "parameters", None)
    first = next(iter(parameters()), None) if callable(parameters) else None
    return getattr(first, "device", None)
