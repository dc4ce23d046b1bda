"""onnxruntime sessions of a model: the plain one, and those that hand out what happens in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime import providers
from haoline_analysis.runtime.cores import cores
from haoline_analysis.runtime.failures import onnxruntime, refused_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.formats.storage import Buffer
    from haoline_analysis.runtime.source import ModelSource

_LEVELS = {"none": "ORT_DISABLE_ALL", "all": "ORT_ENABLE_ALL"}
_FEW = 2  # cores
_FATAL = 4  # what goes wrong is raised; onnxruntime need not print it as well
_FOLDER = "session.model_external_initializers_file_folder_path"


class Session:
    """One onnxruntime session, with what has to live as long as it does."""

    def __init__(
        self,
        source: ModelSource,
        data: bytes | None,
        provider: str | None,
        linked: dict[str, Path],
        *,
        capturing: bool,
        beside: bool = False,
        weights: tuple[str, Buffer] | None = None,
        level: str = "",
    ) -> None:
        """Make the model ready to run.

        Args:
            source: the model.
            data: its bytes with more outputs; None: as the file is.
            provider: an execution provider, None or "auto" for the best there is.
            linked: external files that onnxruntime would not follow.
            capturing: keep to the layouts of the graph, so that no tensor exists twice.
            beside: other work wants the cores too while this session runs.
            weights: what ``data`` calls the file that its weights are in, and the bytes of that file, which are copied.
            level: how much to optimise: ``"none"`` for what onnxruntime has made of a model already, ``"all"`` with
                layouts of its own; "": as usual where nothing is captured, else all but those layouts.

        Raises:
            RuntimeFailure: if onnxruntime refuses it.
        """
        self._held: list[np.memmap] = []
        options = self._options(source, linked, capturing=capturing, beside=beside, detached=weights is not None)
        if weights is not None:
            held = np.frombuffer(weights[1], np.uint8)
            options.add_external_initializers_from_files_in_memory([weights[0]], [held], [len(held)])
        asked = providers.chosen(provider)
        model: Any = source.data if data is None else data
        if model is None:
            model = str(source.path)
        if level:
            options.graph_optimization_level = getattr(onnxruntime().GraphOptimizationLevel, _LEVELS[level])
        self.ort = opened(model, options, asked, source)
        self.provider = providers.actual(self.ort, provider)

    def _options(
        self, source: ModelSource, linked: dict[str, Path], *, capturing: bool, beside: bool, detached: bool
    ) -> Any:
        ort = onnxruntime()
        options = ort.SessionOptions()
        options.log_severity_level = _FATAL
        options.intra_op_num_threads = cores()  # onnxruntime counts those of the machine, and all of them would spin
        # Threads that wait for work would do so on a core that counts the sample before, or this one afterwards; and
        # where cores are few, on one that prepares the next session.
        waiting = beside or (capturing and cores() <= _FEW)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0" if waiting else "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        if capturing:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        if source.folder is not None and not linked and not detached:
            options.add_session_config_entry(_FOLDER, str(source.folder))
        if linked:
            self._held = [np.memmap(path, np.uint8, "r") for path in linked.values()]
            sizes = [len(held) for held in self._held]
            options.add_external_initializers_from_files_in_memory(list(linked), self._held, sizes)
        return options


def opened(model: str | bytes, options: Any, asked: Sequence[str], source: ModelSource, label: str = "") -> Any:
    """Onnxruntime's own session.

    Args:
        model: the path or bytes of what is to run.
        options: how.
        asked: execution providers by their full names.
        source: the model that it is, or comes from.
        label: how to call it in messages, if not like its source.

    Raises:
        RuntimeFailure: if onnxruntime refuses it.
    """
    ort = onnxruntime()
    # Only the optimizers for the layouts of the CPU run into what those to be spared leave behind.
    full = options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    spared = source.spared if full and asked[0] == providers.CPU else ()
    try:
        session = ort.InferenceSession(model, options, providers=list(asked), disabled_optimizers=list(spared))
    except Exception as error:
        raise refused_model(error, label or source.label) from error
    session._model_bytes = None  # noqa: SLF001 - it would keep the weights a second time, for a fallback nobody asks for
    return session
