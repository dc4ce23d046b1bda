"""``quantize`` and ``rebuild``: from a float model and a scheme to a quantized model on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.fixes.registry import check_names
from haoline_analysis.quantization.quantizers.making import Making, make
from haoline_analysis.quantization.quantizers.provenance import source_sha256
from haoline_analysis.quantization.quantizers.quantized_model import QuantizedModel
from haoline_analysis.quantization.quantizers.recipe import Recipe
from haoline_analysis.quantization.quantizers.schemes import find_scheme, resolve
from haoline_analysis.quantization.quantizers.workplace import move_into_place, output_path, temporary_path, workplace
from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.source import ModelSource


def quantize(
    model: Any,
    *,
    scheme: str = "static-int8",
    calibration: Any = None,
    target: str | None = None,
    output: str | os.PathLike[str] | None = None,
    per_channel: bool | None = None,
    symmetric: bool | None = None,
    method: str | None = None,
    percentile: float | None = None,
    algorithm: str | None = None,
    block_size: int | None = None,
    keep_float: Iterable[str] = (),
    int16: Iterable[str] = (),
    fixes: Iterable[str] = (),
    reduce_range: bool | None = None,
    preprocess: str | Callable[..., Any] | None = None,
    tokenizer: Any = None,
    limit: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> QuantizedModel:
    """Quantize a model with onnxruntime's own quantizers.

    Needs memory for some four copies of the weights. Ctrl-C leaves no file behind.

    Args:
        model: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.
        scheme: one of ``SCHEMES``.
        calibration: what ranges are taken from, as inputs of ``capture``; needed by static schemes and GPTQ.
        target: ``"cpu"``, ``"cpu-vnni"``, ``"cuda"`` or ``"tensorrt"``, which decides what is left open below; None:
            this machine's CPU.
        output: the file to write; None: a temporary one that goes when the result does.
        per_channel: weights with a scale per output channel.
        symmetric: activations (weights, where only these are quantized) with zero point 0.
        method: how ranges are found: ``"minmax"``, ``"entropy"`` or ``"percentile"``.
        percentile: share of values within the range, in percent, where that is the method.
        algorithm: of weight-only schemes: ``"rtn"``, ``"hqq"``, ``"gptq"`` or ``"k_quant"``.
        block_size: weights that share a scale in weight-only schemes.
        keep_float: names of ops, as in ``report.ops``, that stay float.
        int16: names of ops whose activations get 16 bits.
        fixes: names of changes to make to the float model first; see ``fix_names``.
        reduce_range: weights of 7 bits, which cannot saturate the sums of CPUs without VNNI.
        preprocess: how pictures become arrays, as in ``capture``.
        tokenizer: how text becomes ids, as in ``capture``.
        limit: most calibration samples.
        progress: told the stage and the fraction done, from 0 to 1.

    Raises:
        ModelError: if anything is refused; says what.
    """
    options = {
        "per_channel": per_channel,
        "symmetric": symmetric,
        "method": method,
        "percentile": percentile,
        "algorithm": algorithm,
        "block_size": block_size,
        "reduce_range": reduce_range,
        "int16": _names(int16, "int16"),
        "calibration": None if calibration is None else "data",
    }
    chosen = find_scheme(scheme)
    resolved = resolve(chosen, target, options)
    kept, fixed = _names(keep_float, "keep_float"), _names(fixes, "fixes")
    check_names(fixed)
    place = None if output is None else output_path(output)
    onnxruntime()
    tell = progress or _silent
    tell("Reading the model", 0.0)
    source, opened, _ = source_of(model)
    _check_float(opened, source.label)
    samples = None
    if calibration is not None:
        samples = samples_of(calibration, opened, preprocess=preprocess, tokenizer=tokenizer, limit=limit)
    elif chosen.calibrated:
        raise ModelError(
            f"{scheme} needs calibration data: pass calibration=…, whatever activation capture takes as inputs."
        )
    recipe = Recipe(
        scheme=scheme,
        keep_float=kept,
        fixes=fixed,
        int16=options["int16"],  # type: ignore[arg-type]
        source=source.label,
        source_sha256=source_sha256(source, opened),
        **resolved,
    )
    return _made(_Order(model, source, opened, samples, recipe, place), tell)


def rebuild(
    recipe: Recipe | str | os.PathLike[str],
    model: Any,
    calibration: Any = None,
    output: str | os.PathLike[str] | None = None,
    **options: Any,
) -> QuantizedModel:
    """Make a model again from its recipe; notes say where model, data or versions are others than then.

    Args:
        recipe: a recipe, its JSON text, or the file it was saved to.
        model: the float model.
        calibration: the data, where the recipe was calibrated.
        output: as in :func:`quantize`.
        **options: ``preprocess``, ``tokenizer``, ``limit`` and ``progress`` of :func:`quantize`.

    Raises:
        ModelError: if anything is refused.
    """
    wanted = recipe if isinstance(recipe, Recipe) else Recipe.from_json(_recipe_text(recipe))
    made = quantize(model, calibration=calibration, output=output, **wanted.options(), **options)
    made.notes = (*made.notes, *_differences(wanted, made.recipe))
    return made


def _recipe_text(recipe: Any) -> str:
    text = str(recipe)
    if text.lstrip().startswith("{"):
        return text
    try:
        path = Path(text).expanduser()
        if path.stat().st_size > 8 << 20:
            raise ModelError(f"{path.name}: too large for a recipe.")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"{text[:200]}: there is no recipe to read: {error}.") from error


def _differences(was: Recipe, now: Recipe) -> list[str]:
    """What is not as it was when the recipe was written."""
    notes = []
    if was.source_sha256 and was.source_sha256 != now.source_sha256:
        notes.append("The float model is not the one that the recipe was made with.")
    if was.calibration and now.calibration and was.calibration.sha256 != now.calibration.sha256:
        notes.append("The calibration data is not that of the recipe.")
    changed = [f"{name} {was.versions[name]} → {now.versions.get(name, 'none')}" for name in was.versions]
    changed = [
        each for each, name in zip(changed, was.versions, strict=True) if was.versions[name] != now.versions.get(name)
    ]
    return [*notes, f"Other versions than the recipe's: {', '.join(changed)}."] if changed else notes


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


def _names(given: Any, option: str) -> tuple[str, ...]:
    """Names as a tuple without repeats; one name may stand by itself."""
    if isinstance(given, str):
        return (given,)
    try:
        names = tuple(dict.fromkeys(given))
    except TypeError as error:
        raise ModelError(f"{option} is a list of names, not {type(given).__name__}.") from error
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None:
        raise ModelError(f"{option} is a list of names, which {wrong!r} is not.")
    return names


_INTEGER_OPS = frozenset({"QuantizeLinear", "DequantizeLinear", "MatMulInteger", "ConvInteger", "MatMulNBits"})


def _check_float(model: Model, label: str) -> None:
    """Refuse what is quantized already: a second time would lose twice, and name nothing.

    Raises:
        ModelError: if the model has quantizers or integer kernels.
    """
    found = next((op for op in model.ops if op.type in _INTEGER_OPS or op.type.startswith("QLinear")), None)
    if found is not None:
        raise ModelError(f"{label}: is quantized already ({found.type} op {found.name!r}); give the float model.")
    if not model.ops:
        raise ModelError(f"{label}: has no ops to quantize.")


@dataclass
class _Order:
    """What was asked for."""

    model: Any
    source: ModelSource
    opened: Model
    samples: Samples | None
    recipe: Recipe
    output: Path | None


def _made(order: _Order, tell: Callable[[str, float], None]) -> QuantizedModel:
    """Do the work in a thread, in a folder of its own, and put the result in its place."""
    stem = Path(order.source.label).stem or "model"
    place = order.output or temporary_path(f"{stem}.{order.recipe.scheme}.onnx")
    with workplace(place.parent) as work:
        making = Making(order.source, order.opened, order.samples, order.recipe, work, place.name)
        recipe, notes = _done(making, tell)
        move_into_place(making.result, place)
    tell("Done", 1.0)
    return QuantizedModel(place, recipe, order.model, order.opened.file_bytes, tuple(dict.fromkeys(notes)))


def _done(making: Making, tell: Callable[[str, float], None]) -> tuple[Recipe, list[str]]:
    """The work, in a thread.

    Raises:
        KeyboardInterrupt: if it was interrupted, be it at the last moment.
    """
    try:
        (recipe, notes), stop = interruptible(lambda stop, told: (make(making, stop, told), stop), tell)
    except StoppedError:
        raise KeyboardInterrupt from None
    if stop.asked:
        raise KeyboardInterrupt
    return recipe, notes
