"""Nodes of an exported program's JSON that are no work, as :mod:`fx_noise` has it for live graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.cost.aten import VIEWS
from haoline_analysis.formats.torch.fx_noise import DROPOUTS, HANDED_ON, OFTEN, is_noise
from haoline_analysis.formats.torch.sources import is_contiguous

if TYPE_CHECKING:
    from collections.abc import Mapping

    Graph = Mapping[str, Any]

_COPYING = frozenset({"contiguous", "reshape", "flatten", "ravel", "reshape_as"})
"""Views where memory allows it, and copies where it does not."""


def tensor_names(argument: Mapping[str, Any]) -> list[str]:
    """Names of the tensors in an argument."""
    return [name for name in each_tensor(argument) if name is not None]


def each_tensor(argument: Mapping[str, Any]) -> list[str | None]:
    """Names of the tensors in an argument, None for one that is left out."""
    kind: str
    value: Any
    kind, value = next(iter(argument.items()), ("as_none", None))
    if kind == "as_tensor":
        return [value["name"]]
    if kind == "as_tensors":
        return [item["name"] for item in value]
    if kind == "as_nested_tensors":
        return [item["name"] for part in value for item in part]
    if kind == "as_optional_tensor":
        return [item if item is None else item["name"] for item in [value.get("as_tensor")]]
    if kind == "as_optional_tensors":
        return [item["as_tensor"]["name"] if "as_tensor" in item else None for item in value]
    return []


def op_name(target: str) -> tuple[str, bool]:
    """``torch.ops.aten.add_.Tensor`` to ``("add", True)``; ops of other libraries keep their namespace."""
    parts = str(target).removeprefix("torch.ops.").split(".")
    if len(parts) >= 2 and parts[0] in {"aten", "higher_order", "prims", "transformers"}:
        name = parts[1]
        in_place = parts[0] == "aten" and name.endswith("_") and not name.endswith("__")
        return (name[:-1] if in_place else name), in_place
    if len(parts) >= 2 and str(target).startswith("torch.ops."):
        return f"{parts[0]}.{parts[1]}", False
    return parts[-1], False


def unread(graph: Graph) -> set[int]:
    """Places of views and of tensors made of nothing that no op reads, which indexing leaves behind."""
    read = {name for output in graph["outputs"] for name in tensor_names(output)}
    found: set[int] = set()
    nodes = graph["nodes"]
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        name, in_place = op_name(node["target"])
        given = [tensor for item in node["inputs"] for tensor in tensor_names(item["arg"])]
        made = [tensor for output in node["outputs"] for tensor in tensor_names(output)]
        runs = any("as_graph" in item["arg"] for item in node["inputs"])
        idle = (name in VIEWS or not given) and not in_place and not runs
        if (idle and made and not any(tensor in read for tensor in made)) or is_noise(name):
            found.add(place)
        else:
            read.update(given)
    return found


def same_as(graph: Graph, node: Mapping[str, Any], name: str) -> str | None:
    """The tensor that a node hands on untouched; None where it does something."""
    given = [tensor for item in node["inputs"] for tensor in tensor_names(item["arg"])]
    made = [tensor for output in node["outputs"] for tensor in tensor_names(output)]
    if len(made) != 1 or not given:
        return None
    if name in HANDED_ON:
        return given[0]
    if name in DROPOUTS:
        trains = next((item["arg"].get("as_bool") for item in node["inputs"] if item["name"] == "train"), False)
        return None if trains else given[0]
    before, after = graph["tensor_values"].get(given[0]), graph["tensor_values"].get(made[0])
    alike = name in OFTEN and before is not None and after is not None
    return given[0] if alike and all(before[key] == after[key] for key in ("dtype", "sizes", "strides")) else None


def copies(graph: Graph, node: Mapping[str, Any], name: str) -> bool | None:
    """Whether an op that may give a view copies, by the strides it is given; None where the file does not tell."""
    given = [tensor for item in node["inputs"] for tensor in tensor_names(item["arg"])]
    before = graph["tensor_values"].get(given[0]) if given else None
    if name not in _COPYING or before is None:
        return None
    sizes, strides = _numbers(before["sizes"]), _numbers(before["strides"])
    if sizes is None or strides is None or len(sizes) != len(strides):
        return None
    return not is_contiguous(sizes, strides)


def _numbers(dims: list[Any]) -> tuple[int, ...] | None:
    """Sizes as numbers, symbolic ones as they were when the program was exported."""
    found = []
    for dim in dims:
        value = dim.get("as_int")
        if value is None:
            value = ((dim.get("as_expr") or {}).get("hint") or {}).get("as_int")
        if not isinstance(value, int):
            return None
        found.append(value)
    return tuple(found)
