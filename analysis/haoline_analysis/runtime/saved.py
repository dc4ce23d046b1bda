"""A capture in a folder: its statistics beside its tensors, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from haoline_analysis.errors import ModelError
from haoline_analysis.findings import Finding
from haoline_analysis.model import Gap
from haoline_analysis.report import ModelReport
from haoline_analysis.runtime.activation_report import ActivationReport
from haoline_analysis.runtime.loading import FromStore
from haoline_analysis.runtime.outputs_check import OutputCheck
from haoline_analysis.runtime.samples import Sample
from haoline_analysis.runtime.saved_checks import check_channels, check_header, check_histograms, check_tensors
from haoline_analysis.runtime.statistics import Histogram
from haoline_analysis.runtime.store import StoredTensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from haoline_analysis.runtime.store import TensorStore

SCHEMA = 1
_KIND = "activations"
_SIDES = ("low", "high", "count")


def save(captured: ActivationReport, store: TensorStore) -> None:
    """Write everything but the tensors, and finish the store.

    Raises:
        ModelError: if there is no room.
    """
    store.put_table("report", {"json": np.frombuffer(captured.report.to_json().encode(), np.uint8)})
    store.put_table("tensors", {"tensor": list(captured.tensors.index), **_columns(captured.tensors)})
    store.put_table("channels", _channels(captured))
    store.put_table("histograms", _histograms(captured))
    labels: list[str | None] = []
    tokens: list[list[str] | None] = []
    for index in range(captured.done):
        sample = captured.samples[index]
        labels.append(sample.label)
        tokens.append(None if sample.tokens is None else list(sample.tokens))
        store.put_table(f"input {index}", _fed(sample))
    store.finish(_header(captured) | {"labels": labels, "tokens": tokens})


def _header(captured: ActivationReport) -> dict[str, Any]:
    samples = captured.samples
    return {
        "kind": _KIND,
        "schema": SCHEMA,
        "id": captured.id,
        "provider": captured.provider,
        "done": captured.done,
        "complete": captured.complete,
        "notes": list(captured.notes),
        "check": None if captured.check is None else asdict(captured.check),
        "findings": [asdict(finding) | {"ops": list(finding.ops)} for finding in captured.findings],
        "gaps": [{"what": gap.what, "ops": list(gap.ops)} for gap in captured.gaps],
        "origin": samples.origin,
        "synthetic": samples.synthetic,
        "sample_notes": list(samples.notes),
        "sample_count": len(samples),
        "layouts": dict(captured.layouts),
        "channel_axes": dict(captured.channel_axes),
    }


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    """The columns of a frame as arrays of numbers or lists of text."""
    found: dict[str, Any] = {}
    for name, values in frame.items():
        numeric = pd.api.types.is_numeric_dtype(values.dtype)
        found[str(name)] = values.to_numpy() if numeric else [_word(value) for value in values]
    return found


def _word(value: Any) -> Any:
    """Text, a number, or None for what is missing."""
    if value is None or value is pd.NA or value != value:
        return None
    return value if isinstance(value, str) else float(value)


def _channels(captured: ActivationReport) -> dict[str, Any]:
    """The channel frame, tensors being rows of the tensor frame."""
    frame = captured.channels
    rows = captured.tensors.index.get_indexer(pd.Index(frame["tensor"])).astype(np.int32)
    return {"tensor": rows, **_columns(frame.drop(columns="tensor"))}


def _histograms(captured: ActivationReport) -> dict[str, np.ndarray]:
    """All histograms one after the other, with the number of bins of each."""
    found = [captured.histograms[name] for name in captured.tensors.index]
    joined = {side: np.concatenate([np.zeros(0), *(getattr(one, side) for one in found)]) for side in _SIDES}
    return {
        "bins": np.array([len(one) for one in found], np.int64),
        "sampled": np.array([one.sampled for one in found], bool),
        **joined,
    }


def _fed(sample: Sample) -> dict[str, Any]:
    """What a sample was fed, and its picture; text as a list."""
    arrays: dict[str, Any] = {}
    for name, array in sample.feeds.items():
        text = array.dtype.kind in "OUST"
        arrays[f"feed {name}"] = [str(word) for word in array.reshape(-1)] if text else array
    return arrays if sample.picture is None else arrays | {"picture": sample.picture}


class SavedSamples:
    """The samples of a stored capture: what was fed, under which label."""

    def __init__(self, stored: StoredTensors) -> None:
        """Take an opened store."""
        header = stored.header
        self._stored, self._count = stored, int(header["sample_count"])
        self._labels, self._tokens = header["labels"], header["tokens"]
        self.origin = str(header["origin"])
        self.synthetic = bool(header["synthetic"])
        self.notes = tuple(map(str, header["sample_notes"]))
        self.tokenized = any(words is not None for words in self._tokens)

    def __len__(self) -> int:
        """How many samples there were; the first ones are stored."""
        return self._count

    def __getitem__(self, index: int) -> Sample:
        """A stored sample.

        Raises:
            IndexError: if it was not stored.
        """
        at = index + self._count if index < 0 else index
        if not 0 <= at < len(self._labels):
            raise IndexError(f"{len(self._labels)} samples are stored, none is number {index}")
        table, words = self._stored.table(f"input {at}"), self._tokens[at]
        feeds = {name.removeprefix("feed "): _array(value) for name, value in table.items() if name != "picture"}
        return Sample(feeds, self.label(at), _picture(table.get("picture")), None if words is None else tuple(words))

    def __iter__(self) -> Iterator[Sample]:
        """The stored samples."""
        for index in range(len(self._labels)):
            yield self[index]

    def label(self, index: int) -> str:
        """What a sample is called."""
        return str(self._labels[index]) if index < len(self._labels) else f"sample {index}"


def _picture(value: Any) -> np.ndarray | None:
    """The picture, if it is one: H×W×3 bytes."""
    fits = isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3
    return value if fits else None


def _array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else np.array(value, dtype=object)


def reopen(folder: str | Path) -> ActivationReport:
    """A capture that was stored, without running the model again.

    Raises:
        ModelError: if there is none in the folder, or a damaged one.
    """
    stored = StoredTensors.open(folder)
    header = stored.header
    if header.get("kind") != _KIND or header.get("schema") != SCHEMA:
        raise ModelError(f"The folder {str(folder)!r} holds stored tensors, but no capture that this version can open.")
    try:
        return _restored(stored, header)
    except KeyError as error:
        raise ModelError(f"The capture in {str(folder)!r} is damaged: {error.args[0]!r} is missing.") from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise ModelError(f"The capture in {str(folder)!r} is damaged: {error}.") from error


def _restored(stored: StoredTensors, header: Mapping[str, Any]) -> ActivationReport:
    check_header(header)
    tables = {name: stored.table(name) for name in ("tensors", "channels", "histograms")}
    check_tensors(tables["tensors"])
    tensors = _tensor_frame(tables["tensors"])
    check_channels(tables["channels"], len(tensors))
    check_histograms(tables["histograms"], len(tensors))
    check = header["check"]
    return ActivationReport(
        report=ModelReport.from_json(bytes(stored.table("report")["json"])),
        tensors=tensors,
        channels=_channel_frame(tables["channels"], tensors.index),
        findings=[Finding(**finding | {"ops": tuple(finding["ops"])}) for finding in header["findings"]],
        gaps=[Gap(gap["what"], tuple(gap["ops"])) for gap in header["gaps"]],
        notes=tuple(header["notes"]),
        samples=SavedSamples(stored),
        done=int(header["done"]),
        complete=bool(header["complete"]),
        mode="stored",
        provider=header["provider"],
        check=None if check is None else OutputCheck(**check),
        histograms=_restored_histograms(tables["histograms"], tensors.index),
        layouts=header["layouts"],
        channel_axes=header["channel_axes"],
        loader=FromStore(stored),
        folder=stored.folder,
        id=header["id"],
    )


def _tensor_frame(table: Mapping[str, Any]) -> pd.DataFrame:
    columns = {name: values for name, values in table.items() if name != "tensor"}
    index = pd.Index(table["tensor"], name="tensor", dtype=object)
    return pd.DataFrame({name: pd.Series(values, index=index) for name, values in columns.items()}, index=index)


def _channel_frame(table: Mapping[str, Any], names: pd.Index) -> pd.DataFrame:
    owners = pd.Series(np.asarray(names, object)[table["tensor"]], dtype=object)
    return pd.DataFrame({"tensor": owners, **{name: values for name, values in table.items() if name != "tensor"}})


def _restored_histograms(table: Mapping[str, Any], names: pd.Index) -> dict[str, Histogram]:
    ends = np.cumsum(table["bins"])
    found: dict[str, Histogram] = {}
    for name, start, stop, sampled in zip(names, ends - table["bins"], ends, table["sampled"], strict=True):
        low, high, count = (table[side][start:stop] for side in _SIDES)
        found[name] = Histogram(low, high, count, bool(sampled))
    return found
