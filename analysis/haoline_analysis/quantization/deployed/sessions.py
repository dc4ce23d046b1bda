"""Sessions that save what they optimise, and sessions that optimise nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.wire import scan

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.source import ModelSource

_WEIGHTS_FILE = "session.optimized_model_external_initializers_file_name"
_LEAST_BYTES = "session.optimized_model_external_initializers_min_size_in_bytes"


class Optimising(Session):
    """The plain session of a model, which also saves the graph it runs."""

    def __init__(
        self,
        source: ModelSource,
        model: Model,
        provider: str | None,
        path: Path,
        *,
        separate: bool,
        threads: int | None = None,
    ) -> None:
        """Optimise and save.

        Args:
            source: the model's bytes.
            model: the same, opened.
            provider: an execution provider, None or "auto" for the best there is.
            path: where to save the graph.
            separate: save weights in a file beside it, as is done anyway where the model's own are in one.
            threads: cores for one op; None: all.

        Raises:
            RuntimeFailure: if onnxruntime refuses the model.
        """
        locations: set[str] = set()
        if any(tensor.weight is not None and tensor.weight.location is not None for tensor in model.tensors):
            with source.buffer() as buf:
                locations = scan(buf).locations
        self._path, self._threads = path, threads
        self._separate = separate or bool(locations)
        super().__init__(source, None, provider, source.linked(locations), capturing=False)

    def _options(self, *args: Any, **keywords: Any) -> Any:
        options = super()._options(*args, **keywords)
        options.optimized_model_filepath = str(self._path)
        if self._separate:
            options.add_session_config_entry(_WEIGHTS_FILE, f"{self._path.name}.weights")
            options.add_session_config_entry(_LEAST_BYTES, "1024")
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        return options


class Fixed(Session):
    """A session that runs a graph as it is."""

    def __init__(self, source: ModelSource, data: bytes, provider: str | None, *, threads: int | None = None) -> None:
        """Make bytes ready to run; external data is beside the file of ``source``.

        Raises:
            RuntimeFailure: if onnxruntime refuses them.
        """
        self._threads = threads
        super().__init__(source, data, provider, {}, capturing=False)

    def _options(self, *args: Any, **keywords: Any) -> Any:
        options = super()._options(*args, **keywords)
        options.graph_optimization_level = onnxruntime().GraphOptimizationLevel.ORT_DISABLE_ALL
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        return options
