"""What each kernel of two models takes, by onnxruntime's own profile of the graphs that it really runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.cores import cores
from haoline_analysis.runtime.failures import failed_run, onnxruntime
from haoline_analysis.runtime.providers import chosen
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.sessions import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop

_RUNS, _WARM = 12, 2
_INTEGERS = frozenset({"int8", "uint8", "int16", "uint16", "int4", "uint4"})


@dataclass(frozen=True)
class Kernel:
    """A node of the optimised graph and its median time."""

    name: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    us: float
    elements: int  # of its first output
    integer: bool  # whether it reads integers that stand for reals


def kernels_of(
    first: ModelSource,
    second: ModelSource,
    feeds: Sequence[Mapping[str, np.ndarray]],
    provider: str | None = None,
    stop: Stop | None = None,
) -> tuple[list[Kernel], list[Kernel]]:
    """The kernels of two models on the same samples, run in turns.

    Raises:
        ModelError: if one of them does not run.
        StoppedError: if it was told to stop.
    """
    with TemporaryDirectory(prefix="haoline-profile-") as folder:
        profiles = [_Profile(source, Path(folder) / str(at), provider) for at, source in enumerate((first, second))]
        for at in range(_RUNS + _WARM):
            for profile in profiles:
                if stop is not None and stop.asked:
                    raise StoppedError
                profile.run(feeds[at % len(feeds)])
        return profiles[0].kernels(), profiles[1].kernels()


class _Profile:
    """A session that writes down what it does."""

    def __init__(self, source: ModelSource, folder: Path, provider: str | None) -> None:
        folder.mkdir()
        self._label, self._graph = source.label, folder / "optimised.onnx"
        ort = onnxruntime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = cores()
        options.log_severity_level = 4  # that the optimised graph fits this machine alone
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
        options.optimized_model_filepath = str(self._graph)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "weights.bin")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        model: Any = source.data if source.path is None else str(source.path)
        self._session = opened(model, options, chosen(provider), source)

    def run(self, feeds: Mapping[str, np.ndarray]) -> None:
        try:
            self._session.run(None, dict(feeds))
        except Exception as error:  # onnxruntime's own exceptions share no base class
            raise failed_run(error, "a sample") from error

    def kernels(self) -> list[Kernel]:
        """The nodes with the medians of their times, warm-up left out."""
        import onnx

        graph = onnx.load(str(self._graph), load_external_data=False).graph
        named = {node.name: node for node in graph.node if node.name}
        found = []
        for events in self._events().values():
            name = events[0]["name"].removesuffix("_kernel_time")
            node = named.get(name) or _at(graph, events[0]["args"])
            found.append(_kernel(name, node, events))
        return found

    def _events(self) -> dict[str, list[dict[str, Any]]]:
        """The runs of each node, by its index."""
        try:
            told = json.loads(Path(self._session.end_profiling()).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{self._label}: onnxruntime's profile cannot be read: {error}") from error
        found: dict[str, list[dict[str, Any]]] = {}
        for event in told:
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                found.setdefault(event["args"]["node_index"], []).append(event)
        return found


def _at(graph: Any, args: Mapping[str, Any]) -> Any:
    """A node without a name, if the one at its place is of its type."""
    at = int(args["node_index"])
    node = graph.node[at] if at < len(graph.node) else None
    return node if node is not None and node.op_type == args["op_name"] else None


def _kernel(name: str, node: Any, events: Sequence[Mapping[str, Any]]) -> Kernel:
    args = events[-1]["args"]
    made = [shape for each in args.get("output_type_shape", ()) for shape in each.values()]
    read = [kind for each in args.get("input_type_shape", ()) for kind in each]
    return Kernel(
        name=name,
        type=args["op_name"],
        inputs=() if node is None else tuple(node.input),
        outputs=() if node is None else tuple(node.output),
        us=float(np.median([event["dur"] for event in events[_WARM:] or events])),
        elements=int(np.prod(made[0])) if made else 0,
        integer=any(kind in _INTEGERS for kind in read),
    )
