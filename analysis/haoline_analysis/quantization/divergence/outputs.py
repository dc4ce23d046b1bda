"""How the outputs of a model differ: per sample and over all, and what that means for the task where it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics import Grid, Job, Tally
from haoline_analysis.quantization.divergence.metrics.figures import figures_of
from haoline_analysis.quantization.divergence.metrics.plain import summed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model

CLASSES, TOKENS, EMBEDDING = "classification", "token classification", "embedding"
_SCORES = ("logit", "class", "prob", "score", "label")
_VECTORS = ("embed", "hidden", "pool", "feature", "state")
_SOFTMAX = ("Softmax", "LogSoftmax")


@dataclass
class Told:
    """One output."""

    name: str
    task: str  # "" where it is not known
    probabilities: bool = False  # after a softmax
    agreed: float = 0.0
    divergence: float = 0.0
    rows: int = 0
    cosine: dict[int, float] = field(default_factory=dict)  # by sample
    sqnr_db: dict[int, float] = field(default_factory=dict)

    @property
    def top1_agreement(self) -> float:
        """Share of rows with the same first choice; NaN where there are no classes."""
        return self.agreed / self.rows if self.rows else np.nan

    @property
    def kl(self) -> float:
        """Mean Kullback-Leibler divergence of the variant's classes from the float model's, in nats; NaN without.

        Probabilities are made to sum up to 1 first: on the grid of a quantized Softmax they do not quite, and then the
        sum would measure that too, and could be negative.
        """
        return self.divergence / self.rows if self.rows else np.nan


class Outputs:
    """Compares the outputs of two models, which are matched by name, else by place."""

    def __init__(self, model: Model, variant: Model, known: Mapping[str, str] | None = None) -> None:
        """Take both models, and which output of the variant is which where that is known."""
        names, others = ([one.tensors[at].name for at in one.outputs] for one in (model, variant))
        by_place = dict(zip(names, others, strict=False)) if len(names) == len(others) else {}
        named = {name: name for name in names if name in others}
        self.pairs = {name: {**by_place, **named, **(known or {})}.get(name) for name in names}
        self.told = {name: Told(name, *_task(model, at)) for name, at in zip(names, model.outputs, strict=True)}
        self.tally = Tally(list(self.told), [None] * len(self.told), [Grid()] * len(self.told))

    def add(self, floats: Mapping[str, np.ndarray], variant: Mapping[str, np.ndarray], sample: int) -> None:
        """Take in one sample."""
        jobs = []
        for slot, (name, other) in enumerate(self.pairs.items()):
            if other is not None and name in floats and other in variant and _numbers(floats[name], variant[other]):
                jobs.append(Job(slot, floats[name], variant[other]))
        self.tally.add(jobs, sample)
        names = list(self.told)
        for slot, value, there in jobs:
            told = self.told[names[slot]]
            figures = figures_of(summed(value, there, None, -np.inf, np.inf)[0])
            told.cosine[sample], told.sqnr_db[sample] = float(figures.cosine[0]), float(figures.sqnr_db[0])
            if told.task in (CLASSES, TOKENS):
                _choices(told, value, there)

    def merge(self, other: Outputs) -> None:
        """Take in other samples."""
        self.tally.merge(other.tally)
        for name, more in other.told.items():
            told = self.told[name]
            told.agreed, told.divergence = told.agreed + more.agreed, told.divergence + more.divergence
            told.rows += more.rows
            told.cosine |= more.cosine
            told.sqnr_db |= more.sqnr_db


def _numbers(value: np.ndarray, other: np.ndarray) -> bool:
    return value.dtype.kind in "fiub" and other.dtype.kind in "fiub" and value.shape == other.shape


def _choices(told: Told, value: np.ndarray, other: np.ndarray) -> None:
    """First choices and divergence of rows of classes."""
    first, second = (side.reshape(-1, side.shape[-1]).astype(np.float64) for side in (value, other))
    told.agreed += float((first.argmax(axis=1) == second.argmax(axis=1)).sum())
    logs = [_log_shares(side) if told.probabilities else _log_softmax(side) for side in (first, second)]
    told.divergence += float((np.exp(logs[0]) * (logs[0] - logs[1])).sum())
    told.rows += len(first)


def _log_shares(rows: np.ndarray) -> np.ndarray:
    positive = np.maximum(rows, 1e-30)
    return np.asarray(np.log(positive / positive.sum(axis=1, keepdims=True)))


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _task(model: Model, tensor: int) -> tuple[str, bool]:
    """What an output is, by its name, its rank and the op that makes it; and whether it is probabilities."""
    told = model.tensors[tensor]
    maker = model.ops[told.producer] if told.producer >= 0 else None
    op = maker.type if maker is not None else ""
    name, rank = told.name.lower(), len(told.shape) if told.shape is not None else 0
    if not _float(told.dtype) or rank not in (2, 3):
        return "", False
    if maker is not None and op in _SOFTMAX and maker.attributes.get("axis", -1) not in (-1, rank - 1):
        return "", False  # classes along another axis
    scores = op in _SOFTMAX or _has(name, _SCORES)
    if scores or (rank == 2 and op in ("Gemm", "MatMul", "Add") and not _has(name, _VECTORS)):
        return (CLASSES if rank == 2 else TOKENS), op == "Softmax"
    return (EMBEDDING if _has(name, _VECTORS) else ""), False


def _float(dtype: str | None) -> bool:
    return not dtype or dtype.startswith(("float", "bfloat"))


def _has(name: str, words: Sequence[str]) -> bool:
    return any(word in name for word in words)
