"""A re-iterable sequence of checked samples."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, overload

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.samples.check import check_feeds
from haoline_analysis.runtime.samples.layouts import picture_in
from haoline_analysis.runtime.samples.sources import Grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from haoline_analysis.runtime.samples.ports import Port
    from haoline_analysis.runtime.samples.sample import Sample
    from haoline_analysis.runtime.samples.sources import Source


class Samples:
    """Samples that are made, and their files opened, when they are asked for. Picklable if the source is."""

    def __init__(
        self,
        source: Source,
        ports: tuple[Port, ...],
        origin: str,
        *,
        synthetic: bool = False,
        tokenized: bool = False,
        notes: Iterable[str] = (),
    ) -> None:
        """Samples of ``source``, to be checked against ``ports``."""
        self._source = source
        self._ports = ports
        self._notes = dict.fromkeys(notes)
        self.origin = origin
        self.synthetic = synthetic
        self.tokenized = tokenized
        """Whether the samples may have words: a tokenizer was given."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """The model inputs that every sample feeds."""
        return self._ports

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or noticed, so far: presets, padding, conversions, NaN in a sample already seen."""
        return tuple(self._notes)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self._source)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Sample | Samples:
        """Make one sample, or take a range of samples without making any.

        Raises:
            ModelError: if the sample cannot be read or does not fit; the message starts with its label.
            IndexError: if there is no such sample.
        """
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise IndexError("samples are taken apart in steps of 1")
            return self._piece(start, max(start, stop))
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"there are {len(self)} samples, none is number {index}")
        return self._checked(self._source.sample(at), at)

    def __iter__(self) -> Iterator[Sample]:
        """Make one sample after the other."""
        for index in range(len(self)):
            yield self[index]

    def label(self, index: int) -> str:
        """What a sample is called, without making it."""
        return self._source.label(index) or f"sample {index}"

    def split(self, parts: int) -> list[Samples]:
        """At most ``parts`` consecutive pieces of nearly equal length, none of them empty."""
        count = max(1, min(parts, len(self)))
        ends = [len(self) * i // count for i in range(count + 1)]
        return [self._piece(start, stop) for start, stop in pairwise(ends)]

    def batched(self, size: int) -> Samples:
        """The same, ``size`` samples joined along axis 0 into one; the last may hold fewer.

        Raises:
            InputError: if samples of several shapes would come together; when such a batch is made.
        """
        batches = Grouped(self._source, size, fill=False)
        made = Samples(batches, self._ports, self.origin, synthetic=self.synthetic, notes=self._notes)
        made.tokenized = self.tokenized
        made.add_notes([f"{len(self):,} samples were run {size:,} at a time: a sample is a batch of them"])
        return made

    def add_notes(self, notes: Iterable[str]) -> None:
        """Take over what pieces of these samples noticed elsewhere, in another process."""
        self._notes.update(dict.fromkeys(notes))

    def __repr__(self) -> str:
        """``Samples(32, "folder images/, 32 images")``."""
        return f"Samples({len(self)}, {self.origin!r})"

    def _piece(self, start: int, stop: int) -> Samples:
        part = self._source.part(start, stop)
        piece = Samples(part, self._ports, self.origin, synthetic=self.synthetic, notes=self._notes)
        piece.tokenized = self.tokenized
        return piece

    def _checked(self, sample: Sample, index: int) -> Sample:
        label = sample.label or self.label(index)
        try:
            feeds = check_feeds(sample.feeds, self._ports, lambda note: self._note(note, label))
        except ModelError as error:
            raise type(error)(f"{label}: {error}") from error
        self.add_notes(sample.notes)
        return sample.fed(feeds, label, partial(picture_in, feeds, self._ports))

    def _note(self, note: str, label: str) -> None:
        """Conversions are the same for all samples; what is special about one is said with its label."""
        self._notes.setdefault(f"{label}: {note}" if " NaN " in note else note)
