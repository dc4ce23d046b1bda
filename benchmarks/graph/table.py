"""The results as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Result = dict[str, Any]
OURS = "haoline"
NONE = "–"


def report(results: Sequence[Result]) -> str:
    """All tables."""
    ours = {result["graph"]: result for result in results if result["subject"] == OURS}
    parts = [opening(results, ours), moving(results), goals(list(results), ours), screens(results)]
    return "\n\n".join(part for part in parts if part)


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def opening(results: Sequence[Result], ours: dict[str, Result]) -> str:
    """First paint, opening everything, memory; CPU as a multiple of ours."""
    head = (
        "graph", "ops", "viewer", "data → drawn", "navigation → drawn", "→ on screen", "main thread",
        "CPU to first paint", "expand one", "expand all", "CPU of expand all", "JS heap (+ buffers)", "end",
    )  # fmt: skip

    def rows() -> Iterator[list[str]]:
        for result in results:
            first, every = result.get("open", {}), result.get("expand_all", {})
            own = ours.get(result["graph"], {}) if result["subject"] != OURS else {}
            yield [
                result["graph"],
                f"{result['ops']:,}",
                result["subject"],
                _ms(first.get("data_ms")),
                _ms(first.get("navigation_ms")),
                _ms(first.get("shown_ms")),
                _ms(first.get("main_ms")),
                _cpu(first or result["total"], own.get("open"), least=not first),
                _press(result.get("expand_one", {}).get("samples", [])),
                _press([every] if every else []),
                _cpu(every, own.get("expand_all")),
                _memory(result),
                result["end"],
            ]

    note = "In brackets behind a time: CPU ms of the page's main thread, which other programs do not lengthen."
    return f"### Opening\n\n{note}\n\n" + _table(head, rows())


def moving(results: Sequence[Result]) -> str:
    """Frames while panning and zooming."""
    columns = [f"{act}_{when}" for when in ("collapsed", "expanded") for act in ("pan", "zoom")]
    head = ("graph", "viewer", *(column.replace("_", ", ") for column in columns))

    def rows() -> Iterator[list[str]]:
        for result in results:
            if any(column in result for column in columns):
                yield [result["graph"], result["subject"], *(_frames(result.get(column)) for column in columns)]

    note = (
        "Frame interval median / p95 ms; main-thread work median / p95 ms; CPU ms a frame of all threads; "
        "events where fewer than 60 got through."
    )
    return f"### Moving\n\n{note}\n\n" + _table(head, rows())


def goals(results: list[Result], ours: dict[str, Result]) -> str:
    """Each goal of the graph view beside what was measured."""
    lines = [*_own_goals(ours), *_bare(ours), *_peer_ratios(results, ours)]
    return "### Goals\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _own_goals(ours: dict[str, Result]) -> Iterator[str]:
    for graph, result in ours.items():
        if "100k" not in graph or "open" not in result:
            continue
        first = result["open"]
        figures = [_verdict("first paint", {**first, "first_ms": first["data_ms"]}, 1000)]
        if "expand_one" in result:
            figures.append(_verdict("expand one (median)", _middle(result["expand_one"]["samples"]), 30))
        if "expand_all" in result:
            figures.append(_verdict("expand all", result["expand_all"], 250))
        for act in ("pan", "zoom"):
            frames = result.get(f"{act}_expanded", {})
            if "gap_ms" in frames:
                figures.append(_verdict(f"{act} p95", {"first_ms": frames["gap_ms"][1]}, 20))
        yield f"{graph}: {'; '.join(figures)}"


def _verdict(what: str, figures: dict[str, float], limit: float) -> str:
    value = figures["first_ms"]
    main = f", main thread {figures['main_ms']:.0f}" if "main_ms" in figures else ""
    return f"{what} {value:.0f} ms{main} (goal {limit:.0f}: {'met' if value <= limit else 'missed'})"


def _bare(ours: dict[str, Result]) -> Iterator[str]:
    for graph, result in ours.items():
        named = ours.get(graph.removesuffix("-bare"))
        if named is result or named is None or "open" not in result or "open" not in named:
            continue
        cpu = result["open"]["renderer"] / max(named["open"]["renderer"], 0.01)
        wall = result["open"]["data_ms"] / named["open"]["data_ms"]
        yield f"{graph}: first paint {cpu:.1f}× the CPU and {wall:.1f}× the time of the named graph (goal 2)"


def _peer_ratios(results: list[Result], ours: dict[str, Result]) -> Iterator[str]:
    for result in results:
        own = ours.get(result["graph"])
        if result["subject"] == OURS or not own:
            continue
        for step, name in (("open", "first paint"), ("expand_all", "expand all")):
            if step in result and step in own:
                renderer, drawing = (
                    result[step][kind] / max(own[step][kind], 0.01) for kind in ("renderer", "drawing")
                )
                yield (
                    f"{result['graph']}, {name}: {result['subject']} needs {renderer:.0f}× our renderer CPU, "
                    f"{drawing:.0f}× with the GPU process (goal 20)"
                )


def screens(results: Sequence[Result]) -> str:
    """Screenshots that do not show what they should."""
    faults = [
        f"- {result['graph']}, {result['subject']}: {shot['step']} is {shot['wrong']}"
        for result in results
        for shot in result["shots"]
        if shot.get("wrong")
    ]
    shots = sum(len(result["shots"]) for result in results)
    summary = f"{shots} screenshots looked at, {len(faults)} not as they should be."
    return "\n".join(["### Screens", "", summary, *faults])


def _ms(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.1f} s"


def _cpu(used: dict[str, float] | None, own: dict[str, float] | None, *, least: bool = False) -> str:
    """Seconds of the renderer, and with the GPU process where that makes a difference."""
    if not used:
        return NONE
    text = f"{used['renderer']:.2f} s"
    if used["drawing"] > 1.2 * used["renderer"]:
        text += f" ({used['drawing']:.2f} with GPU process)"
    if least:
        text = f"> {text}"
    if own:
        text += f", {used['renderer'] / max(own['renderer'], 0.01):.0f}×"
    return text


def _press(samples: list[dict[str, float]]) -> str:
    """Wall time, with the main thread's CPU time in brackets; of several the median and the first."""
    if not samples:
        return NONE
    texts = [f"{_ms(sample['first_ms'])} ({sample['main_ms']:.0f})" for sample in (_middle(samples), samples[0])]
    return texts[0] if len(samples) == 1 else f"{texts[0]}, first {texts[1]}"


def _middle(samples: list[dict[str, float]]) -> dict[str, float]:
    return sorted(samples, key=lambda sample: sample["first_ms"])[(len(samples) - 1) // 2]


def _memory(result: Result) -> str:
    last = result.get("memory_last") or result.get("memory_first")
    return f"{last['heap_mb']:.0f} (+ {last['buffers_mb']:.0f}) MB" if last else NONE


def _frames(frames: dict[str, Any] | None) -> str:
    if not frames or "gap_ms" not in frames:
        return NONE
    gap, work = frames["gap_ms"], frames["work_ms"]
    text = f"{gap[0]:.0f} / {gap[1]:.0f}; {work[0]:.0f} / {work[1]:.0f}; {frames['cpu_ms']:.0f}"
    return text if frames["events"] >= 60 else f"{text} ({frames['events']} events)"
