"""From what the user typed to a report, with the hardware of this kernel as the default."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.model import Model
from haoline_analysis.report import ModelReport, analyze
from haoline_analysis.report.formatting import plain
from haoline_jupyter.options import RESERVED, SOURCE_OPTIONS, OptionError, merged
from haoline_jupyter.session import session

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Request:
    """The options that decide what a report holds; None where the user said nothing."""

    shapes: Mapping[str, Any] | None = None
    hardware: str | None = None
    gpus: int | None = None
    precision: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only the reader of the format knows: ``example_inputs``, ``graph``, ``profile``, …"""

    @property
    def places(self) -> bool:
        """Whether anything is said about the hardware."""
        return (self.hardware, self.gpus, self.precision) != (None, None, None)


def requested(given: argparse.Namespace, source: Any, variables: Mapping[str, Any]) -> Request:
    """What the options of a line ask of a source.

    Raises:
        OptionError: if an option names nothing, or two name the same.
    """
    options = {name: value for name in SOURCE_OPTIONS if (value := getattr(given, name)) is not None}
    if given.example is not None:
        from haoline_jupyter.example_inputs import example_of

        options["example_inputs"] = example_of(given.example, variables, source)
    return Request(merged(given.shape), given.hardware, given.gpus, given.precision, options)


def answer(
    given: argparse.Namespace, variables: Mapping[str, Any], progress: Callable[[str, float], None]
) -> ModelReport:
    """The report that a line asks for.

    Raises:
        ModelError: if the model or an option is refused.
    """
    source = resolve(given.model, variables)
    request = requested(given, source, variables)
    if given.engine is None:
        return report_of(source, request, progress)
    from haoline_jupyter.engine_overlay import EXPECTED, with_engine, with_expected

    if given.engine == EXPECTED:
        return with_expected(source, request, progress)
    return with_engine(source, resolve(given.engine, variables), request, progress)


def resolve(word: str, variables: Mapping[str, Any]) -> Any:
    """The model a word stands for: a variable's value, else a path of a file or a folder.

    Raises:
        OptionError: if the variable holds no model, or the word is kept for a later command.
    """
    if word in RESERVED:
        raise OptionError(f"{word!r} is kept for a later command; for a file of that name write ./{word}.")
    if not word.isidentifier() or word not in variables:
        return Path(word).expanduser()
    value = variables[word]
    if isinstance(value, str | Path):
        return Path(value).expanduser()
    if isinstance(value, Model | ModelReport | bytes) or type(value).__name__ == "ModelProto":
        return value
    if type(value).__name__ == "MixedPrecision":
        value = value.model
    if type(value).__name__ == "QuantizedModel":
        return Path(value.path)
    if is_readable(value):
        return value
    raise OptionError(f"The variable {word} holds a {type(value).__name__}, not a path, a model or a report.")


def is_readable(value: Any) -> bool:
    """Whether a reader takes an object of this kind: a PyTorch module, an exported program."""
    return format_of(value) is not None


def format_of(value: Any) -> str | None:
    """The format that an object in hand is read as; None for paths, reports and whatever no reader takes."""
    from haoline_analysis.formats.registry import readers
    from haoline_analysis.formats.source import Source

    if isinstance(value, str | Path | bytes | Model | ModelReport):
        return None
    return next((reader.info.name for reader in readers() if reader.can_read(Source(value=value))), None)


def report_of(source: Any, request: Request, progress: Callable[[str, float], None]) -> ModelReport:
    """Analyse a model, or look at a report anew under the options given.

    Raises:
        ModelError: if the model or an option is refused.
    """
    if isinstance(source, ModelReport):
        return _again(source, request)
    with session.lock:
        choice = session.choice
    if choice is None:
        return analyze(
            source,
            shapes=request.shapes,
            hardware=request.hardware,
            precision=request.precision,
            gpus=request.gpus or 1,
            progress=progress,
            **request.options,
        )
    own = request.hardware is not None  # another device does not inherit the number and precision of the chosen one
    return analyze(
        source,
        shapes=request.shapes,
        hardware=request.hardware or choice.profile,
        precision=request.precision or (None if own else choice.precision),
        gpus=request.gpus or (1 if own else choice.count),
        progress=progress,
        **request.options,
    )


def _again(report: ModelReport, request: Request) -> ModelReport:
    """A report under other shapes or on other hardware; the same one where nothing is asked."""
    if request.options:
        said = ", ".join(f"--{name}".replace("_", "-") for name in request.options).replace("example-inputs", "example")
        raise OptionError(f"{said} tells how a model is read; a report has been read already.")
    if request.shapes:
        report = report.bind(request.shapes)
    if not request.places:
        return report
    now = report.hardware
    hardware = request.hardware or (now.profile if now else None)
    if hardware is None:
        raise OptionError("The report has no hardware yet; name it with --hardware.")
    count = request.gpus or (now.count if now and request.hardware is None else 1)
    return report.on(hardware, count=count, precision=request.precision or (now.precision if now else None))


def message(error: Exception) -> str:
    """An error in one line, without control characters of a file's names; with the option that mends it."""
    hint = " Name them with --example." if "needs example_inputs" in str(error) else ""
    return f"{type(error).__name__}: {plain(error, 1000)}{hint}"
