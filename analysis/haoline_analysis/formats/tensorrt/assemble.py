"""The model of an engine, with times, device and build options joined to its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.tensorrt import beside
from haoline_analysis.formats.tensorrt import bounded_json as checked
from haoline_analysis.formats.tensorrt.engine_facts import engine_facts
from haoline_analysis.formats.tensorrt.engine_model import build_model
from haoline_analysis.formats.tensorrt.log import Log, read_log
from haoline_analysis.formats.tensorrt.profile import Profile, join, read_profile
from haoline_analysis.formats.tensorrt.statements import read_builder, read_device, read_performance
from haoline_analysis.formats.tensorrt.timing import read_timing
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from haoline_analysis.formats.tensorrt.engine_model import EngineModel
    from haoline_analysis.formats.tensorrt.layers import Layer

OPTION_KINDS = {"profile": beside.PROFILE, "timing": beside.TIMING, "build_metadata": beside.BUILDER}
_OPTIONS = {kind: option for option, kind in OPTION_KINDS.items()}

NAMES_ONLY = (
    "The layer information states names only: types, shapes, precision and tactics are not known "
    "(build with profiling verbosity DETAILED)."
)
NO_TIMES = "No time per layer is known: give the profile that trtexec --exportProfile writes."


@dataclass(eq=False)
class Parts:
    """What one file tells of an engine."""

    layers: list[Layer]
    bindings: list[str]
    log: Log | None = None


@dataclass(eq=False)
class _Beside:
    """What is joined to the layers."""

    profile: Profile | None = None
    timing: dict[str, Any] | None = None
    builder: dict[str, Any] | None = None
    device: dict[str, Any] | None = None
    performance: dict[str, Any] | None = None
    version: str | None = None


def assemble(parts: Parts, given: Mapping[str, Any], found: Mapping[str, Path], name: str) -> EngineModel:
    """The model of an engine from its parts, the files that options name, and those found beside it by kind.

    Raises:
        ModelError: if a file that an option names is not what it should be, or of another build. One that merely
            lies beside is left out with a gap.
    """
    model = build_model(parts.layers, parts.bindings, name)
    joined = _Beside()
    for option, value in given.items():
        with_option = _Reader(joined, option)
        with_option.read(beside.read_text(beside.open_option(value, option), option), OPTION_KINDS[option])
        if option == "profile":
            _join(model, joined)
    for kind, path in found.items():
        if _OPTIONS.get(kind) in given:
            continue
        try:
            _Reader(joined, kind).read(beside.read_text(beside.open_option(path, kind), kind), kind)
            if kind == beside.PROFILE:
                _join(model, joined)
        except ModelError as error:
            joined.profile = None if kind == beside.PROFILE else joined.profile
            model.gaps.append(Gap(f"{path.name}, found beside the file, is left out: {error}."))
    _from_log(model, parts.log, joined)
    _note_gaps(model, parts, joined)
    log = parts.log or Log()
    model.facts["engine"] = engine_facts(
        model,
        profile=joined.profile,
        version=joined.version or log.version,
        builder=joined.builder or log.builder,
        device=joined.device or log.device,
        memory=log.memory,
        timing=joined.timing,
        performance=joined.performance,
    )
    return model


class _Reader:
    """Reads one file into what is joined."""

    def __init__(self, into: _Beside, what: str) -> None:
        self.into, self.what = into, what

    def read(self, text: str, kind: str) -> None:
        """Read a file of a kind.

        Raises:
            ModelError: if it is something else.
        """
        if kind == beside.PROFILE and beside.kind_of(text[:4096].encode()) == beside.LOG:
            self._printed(text)
            return
        value = checked.parse(text, self.what)
        readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
            beside.PROFILE: ("profile", read_profile),
            beside.TIMING: ("timing", read_timing),
            beside.BUILDER: ("builder", read_builder),
            beside.DEVICE: ("device", read_device),
            beside.PERFORMANCE: ("performance", read_performance),
        }
        name, reader = readers[kind]
        setattr(self.into, name, reader(value))

    def _printed(self, text: str) -> None:
        """A profile that trtexec printed into its log."""
        log = read_log(text)
        if log.profile is None:
            raise ModelError("the profile is a log without times per layer: run trtexec with --dumpProfile")
        self.into.profile = log.profile
        self.into.version = log.version


def _join(model: EngineModel, joined: _Beside) -> None:
    """Give every layer its time.

    Raises:
        ModelError: if the profile is of another build.
    """
    if joined.profile is not None:
        model.times = list(join([layer.name for layer in model.layers], joined.profile))


def _from_log(model: EngineModel, log: Log | None, joined: _Beside) -> None:
    """The profile in the same log, where none is given."""
    if log is None or log.profile is None or joined.profile is not None:
        return
    joined.profile = log.profile
    try:
        _join(model, joined)
    except ModelError as error:
        joined.profile = None
        model.gaps.append(Gap(f"The times in the log are left out: {error}."))


def _note_gaps(model: EngineModel, parts: Parts, joined: _Beside) -> None:
    if parts.log is not None and parts.log.engines > 1:
        model.gaps.append(
            Gap(f"The log lists the layers of {parts.log.engines} engines; the last of the most detailed is shown.")
        )
    unnamed = tuple(i for i, layer in enumerate(model.layers) if not layer.attributes and not layer.outputs)
    if unnamed and len(unnamed) == len(model.layers):
        model.gaps.append(Gap(NAMES_ONLY))
    if joined.profile is None:
        model.gaps.append(Gap(NO_TIMES))
    elif idle := tuple(row for row, time in enumerate(model.times) if time is None):
        model.gaps.append(Gap("The profile does not time these layers: they did not run in it.", idle))
