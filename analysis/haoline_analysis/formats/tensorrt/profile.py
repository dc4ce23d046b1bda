"""Time per layer: what ``trtexec --exportProfile`` writes, and the table that ``--dumpProfile`` prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from haoline_analysis.errors import MalformedModelError, ModelError
from haoline_analysis.formats.tensorrt import bounded_json as checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN = 3


class LayerTime(NamedTuple):
    """The time of one layer. Milliseconds."""

    name: str
    total_ms: float  # over all iterations
    average_ms: float  # of one
    median_ms: float | None = None


@dataclass(frozen=True)
class Profile:
    """The times of the layers that ran, in the order in which they are stated."""

    times: tuple[LayerTime, ...]
    count: int | None = None  # iterations

    @property
    def total_ms(self) -> float:
        """The sum over layers and iterations."""
        return sum(entry.total_ms for entry in self.times)

    @property
    def average_ms(self) -> float:
        """The sum over layers of one iteration."""
        return sum(entry.average_ms for entry in self.times)


def read_profile(value: Any) -> Profile:
    """The profile of a JSON list: objects with a name and a time, and one with the count of iterations.

    Raises:
        MalformedModelError: if it is none.
    """
    count: int | None = None
    times = []
    for index, entry in enumerate(checked.listing(value, "the profile")):
        row = checked.mapping(entry, f"entry {index} of the profile")
        if "name" not in row and "count" in row:
            count = checked.integer(row["count"], "the count of the profile", at_least=1)
        elif "name" in row:
            times.append(_entry(row, f"entry {index} of the profile"))
    if not times:
        raise MalformedModelError("the profile states no layer's time")
    return Profile(tuple(_averaged(times, count)), count)


def _entry(row: dict[str, Any], where: str) -> LayerTime:
    name = checked.text(row["name"], f"the name of {where}")
    total = checked.number(row.get("timeMs", 0.0), f"timeMs of {where}")
    average = checked.number(row.get("averageMs", -1.0), f"averageMs of {where}", at_least=-1.0)
    median = row.get("medianMs")
    return LayerTime(name, total, average, None if median is None else checked.number(median, f"medianMs of {where}"))


def _averaged(times: Iterable[LayerTime], count: int | None) -> Iterable[LayerTime]:
    """Averages where a writer left them out."""
    return (time if time.average_ms >= 0 else time._replace(average_ms=time.total_ms / (count or 1)) for time in times)


_ITERATIONS = re.compile(r"=== Profile \((\d{1,15}) iterations")


def printed_profile(lines: Sequence[str]) -> Profile | None:
    """The last table of times among the lines of a log, their time stamps removed; None where there is none."""
    starts = [(index, mark) for index, line in enumerate(lines) if (mark := _ITERATIONS.search(line))]
    if not starts:
        return None
    start, mark = starts[-1]
    heading = lines[start + 1] if start + 1 < len(lines) else ""
    times: list[LayerTime] = []
    for line in lines[start + 2 :]:
        row = _row(line, 4 if "Median" in heading else 3, heading.strip().endswith("Layer"))
        if row is None or row.name == "Total":
            break
        times.append(row)
    return Profile(tuple(times), int(mark.group(1)) or None) if times else None


def _row(line: str, columns: int, name_last: bool) -> LayerTime | None:
    """A row of the table: TensorRT 10 names the layer last, 8 first; total, average, median (since 8.2), percentage."""
    parts = line.split(None, columns) if name_last else line.rsplit(None, columns)
    if len(parts) != columns + 1:
        return None
    name, words = (parts[-1], parts[:-1]) if name_last else (parts[0], parts[1:])
    numbers = [number for word in words if (number := _number(word)) is not None]
    if len(numbers) != columns:
        return None
    return LayerTime(name.strip(), numbers[0], numbers[1], numbers[2] if columns == 4 else None)


def _number(word: str) -> float | None:
    digits = word.removesuffix("%")
    return float(digits) if len(digits) <= 20 and digits.replace(".", "", 1).isdecimal() else None


def join(names: Sequence[str], profile: Profile) -> list[LayerTime | None]:
    """The time of each layer by name; of layers of one name in their order. None for a layer that did not run.

    Raises:
        ModelError: if the profile times a layer that the engine does not have: it is of another build.
    """
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    joined: list[LayerTime | None] = [None] * len(names)
    seen: dict[str, int] = {}
    strange = []
    for entry in profile.times:
        at = seen.get(entry.name, 0)
        seen[entry.name] = at + 1
        places = rows.get(entry.name, [])
        if at < len(places):
            joined[places[at]] = entry
        else:
            strange.append(entry.name)
    if strange:
        raise ModelError(_mismatch(strange, len(profile.times), len(names)))
    return joined


def _mismatch(strange: Sequence[str], timed: int, layers: int) -> str:
    shown = ", ".join(repr(name if len(name) <= 80 else f"{name[:80]}…") for name in strange[:SHOWN])
    more = ", …" if len(strange) > SHOWN else ""
    return (
        f"the profile is of another build: {len(strange)} of the {timed} layers it times are not among the engine's "
        f"{layers} ({shown}{more}); export the layer information and the profile of one build"
    )
