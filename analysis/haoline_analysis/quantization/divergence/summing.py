"""From sums to the report: frames, columns, findings."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from haoline_analysis.model import Gap
from haoline_analysis.quantization.divergence import frames
from haoline_analysis.quantization.divergence.columns import add_measures
from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport
from haoline_analysis.quantization.divergence.findings import findings
from haoline_analysis.quantization.divergence.loading import Loader
from haoline_analysis.quantization.divergence.pairing import counterparts
from haoline_analysis.quantization.divergence.units import units
from haoline_analysis.quantization.structure.recorded import PROVENANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.quantization.divergence.running import Done


def report_of(job: Job, done: Done, models: tuple[Any, Any]) -> DivergenceReport:
    """Everything that was measured.

    Raises:
        KeyboardInterrupt: if it was interrupted before the first sample was through.
    """
    if not done.samples and done.stopped:
        job.deployed.close()
        raise KeyboardInterrupt
    tensors = _tensors(job, done)
    report, variant_report = job.report.result(), job.variant_report.result()
    add_measures(report, tensors, "op_row")
    add_measures(variant_report, tensors, "variant_op_row")
    outputs = frames.output_frame(done.taken.outputs)
    ops = frames.op_frame(tensors, report)
    found = findings(tensors, outputs)
    numeric = {pair.op: pair.variant_op for pair in job.pairs if pair.name not in job.dropped}
    return DivergenceReport(
        report=report,
        variant_report=variant_report,
        ops=ops,
        tensors=tensors,
        channels=frames.channel_frame(job.pairs, done.taken, done.exact, local=done.local),
        outputs=outputs,
        output_samples={
            name: {"cosine": told.cosine, "sqnr_db": told.sqnr_db} for name, told in done.taken.outputs.told.items()
        },
        samples_table=frames.sample_frame(done.taken.outputs, job.samples, done.samples),
        unmatched=frames.unmatched_frame(tensors),
        findings=found,
        gaps=[*_gaps(tensors)],
        notes=tuple(_notes(job, done)),
        samples=job.samples,
        done=done.samples,
        complete=done.samples == len(job.samples) and not done.stopped,
        provider=job.deployed.provider,
        check=done.check,
        sizes={"float": job.model.file_bytes or None, "variant": job.deployed.raw.file_bytes or None},
        latency=done.latency,
        scheme=scheme_of(job.deployed.raw),
        bins=_bins(job, done),
        forms={pair.name: pair.form for pair in job.pairs},
        layouts={name: job.layouts.get(name, "other") for name in tensors.index},
        channel_axes={name: job.axes.get(name) for name in tensors.index},
        counterpart=counterparts(report.tables["ops"].rows, numeric),
        loader=Loader(job.deployed, done.steps, job.samples, job.forms),
        float_model=models[0],
        variant_model=models[1],
    )


def _tensors(job: Job, done: Done) -> pd.DataFrame:
    """One row per comparable tensor."""
    raw = job.deployed.raw
    known = _precisions(job)
    weights = job.weight_errors.result()
    words: Mapping[str, Mapping[str, Any]] = {
        "variant_op": {pair.name: raw.ops[pair.variant_op].name for pair in job.pairs if pair.variant_op >= 0},
        "precision": {pair.name: known[pair.op] for pair in job.pairs if pair.op in known},
        "weight_sqnr_db": _by_output(job.model, weights),
        "unit": units(job.model, job.pairs, _hidden(job)),
        "shape": frames.shapes_of(job.pairs, done.taken),
    }
    found = frames.measured(job.pairs, done.taken, done.exact, local=done.local).drop(index=list(job.dropped))
    kept = [pair for pair in job.pairs if pair.name not in job.dropped]
    unmatched = {one.tensor: one.why for one in job.unmatched}
    unmatched |= {pair.tensor: job.dropped[pair.name] for pair in job.pairs if pair.name in job.dropped}
    return frames.tensor_frame(job.model, kept, found, words, unmatched)


def _by_output(model: Model, found: Mapping[int, float]) -> dict[str, float]:
    """What is known of ops by the names of what they make, which the variant need not have."""
    made = ((row, at) for row in found for at in model.ops[row].outputs if at >= 0)
    return {model.tensors[at].name: found[row] for row, at in made}


def _hidden(job: Job) -> list[int]:
    """Comparable tensors without a counterpart."""
    return [*(one.tensor for one in job.unmatched), *(pair.tensor for pair in job.pairs if pair.name in job.dropped)]


def _precisions(job: Job) -> dict[int, str]:
    """What the variant computes in, by op row of the float model: as it runs where that is known, else as it says."""
    from haoline_analysis.quantization.structure import precisions

    deployed = job.deployed
    said = precisions(deployed.raw, deployed.given)
    runs = precisions(deployed.model, deployed.running, executed=True)
    found = {pair.op: said[pair.variant_op] for pair in job.pairs if pair.variant_op >= 0}
    return found | {op: runs[row] for op, row in job.work.items() if row < len(runs) and runs[row]}


def _bins(job: Job, done: Done) -> dict[str, Any]:
    """Histograms by tensor."""
    if done.taken.bins is None:
        return {}
    held = zip(job.pairs, done.taken.bins.held, strict=True)
    return {pair.name: counted for pair, counted in held if counted is not None}


def _gaps(tensors: pd.DataFrame) -> list[Gap]:
    """What could not be compared, by reason."""
    alone = tensors[~tensors["matched"].astype(bool)]
    found = []
    for why, some in alone.groupby("why", sort=False):
        names = ", ".join(repr(name) for name in some.index[:3]) + (", …" if len(some) > 3 else "")
        count = f"{len(some)} tensors are" if len(some) > 1 else "One tensor is"
        rows = tuple(sorted({int(row) for row in some["op_row"] if row >= 0}))
        found.append(Gap(f"{count} not compared, because of this: {why}. {names}.", rows))
    return found


def _notes(job: Job, done: Done) -> list[str]:
    """What a reader should know of how it was measured."""
    notes, count = list(job.notes), len(job.samples)
    if len(done.steps) > 1:
        notes.append(f"One sample's tensors are large: they were compared in {len(done.steps)} passes.")
    if done.stopped:
        notes.append(f"Interrupted: the figures are those of {done.samples} of {count} samples.")
    if done.check is not None and not done.check.identical:
        notes.append(f"What was measured is not quite the deployed variant. {done.check.note}")
    return notes


def scheme_of(model: Model) -> str | None:
    """How a variant says it was quantized; None where it does not."""
    with suppress(ValueError, TypeError, AttributeError):
        told = json.loads(model.metadata.get(PROVENANCE, ""))
        recipe = told.get("recipe") or {}
        scheme = recipe.get("scheme") if isinstance(recipe, dict) else None
        return scheme if isinstance(scheme, str) else None
    return None
