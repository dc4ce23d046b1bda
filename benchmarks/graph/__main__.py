"""Measure the graph view beside its peers.

python -m benchmarks.graph [--peers FOLDER] [--out FOLDER] [--graphs …] [--subjects …] [--limit S] [--json FILE]

Needs node, Chromium, and an environment with haoline-jupyter[test]; ``--peers`` names a folder for an environment with
netron and ai-edge-model-explorer, made if it is not there. What the figures mean stands in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import graphs, table
from .measure import measure
from .peers import python_of
from .screens import inspect
from .subjects import Explorer, HaoLine, Netron, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = (Netron.name, Explorer.name)
SHARED = ("dense-2k", "moe-2k", "moe-20k", "dense-2k-bare", "dense-20k", "moe-100k")
"""What peers are given unless graphs are named: each graph that one of them does not finish costs the whole limit."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "haoline-graph-benchmark")
    parser.add_argument("--peers", type=Path, help="folder of the environment of the peers")
    parser.add_argument("--subjects", nargs="+", choices=[HaoLine.name, *PEERS], default=[HaoLine.name, *PEERS])
    parser.add_argument("--graphs", nargs="+", choices=graphs.NAMES)
    parser.add_argument("--limit", type=float, default=300, help="seconds for one viewer and one graph")
    parser.add_argument("--views", type=Path, help="folder with a built views.js; default: build it now")
    parser.add_argument("--json", type=Path, help="all figures; default: results.json in --out")
    return parser.parse_args()


def _subjects(options: argparse.Namespace) -> list[Subject]:
    """Those that are wanted and there; the others are named."""
    wanted: list[Subject] = [HaoLine(options.views)] if HaoLine.name in options.subjects else []
    if options.peers and set(PEERS) & set(options.subjects):
        python = python_of(options.peers)
        wanted += [peer(python) for peer in (Netron, Explorer) if peer.name in options.subjects]
    found = [subject for subject in wanted if subject.ready()]
    for name in options.subjects:
        if name not in {subject.name for subject in found}:
            print(f"{name} is not there: left out", file=sys.stderr)
    return found


def _given(subject: Subject, options: argparse.Namespace) -> list[str]:
    if options.graphs:
        return [name for name in graphs.NAMES if name in options.graphs]
    return [name for name in graphs.NAMES if subject.name == HaoLine.name or name in SHARED]


def _family(graph: str) -> str:
    return graph.split("-")[0] + ("-bare" if graph.endswith("-bare") else "")


def _results(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One result after the other; a viewer that did not draw a graph is spared the larger ones of its kind."""
    for subject in _subjects(options):
        failed: dict[str, str] = {}
        for graph in _given(subject, options):
            files = graphs.write(graph, options.out / "graphs")
            print(f"{subject.name} {subject.release}, {graph}, {files.ops:,} ops", file=sys.stderr, flush=True)
            kind = _family(graph)
            if kind in failed:
                result = {"end": f"not tried: {failed[kind]}", "total": None, "shots": []}
            else:
                result = measure(subject, files, options.limit, options.out / "screens" / f"{graph}-{subject.name}")
            if "open" not in result:
                failed.setdefault(kind, f"{graph} {result['end']}")
            print(f"  {result['end']}", file=sys.stderr, flush=True)
            facts = {"subject": subject.name, "version": subject.release, "graph": graph, "ops": files.ops}
            yield {**facts, "area": subject.area, **result}


def main() -> None:
    options = _options()
    results: list[dict[str, Any]] = []
    kept = options.json or options.out / "results.json"
    for result in _results(options):
        results.append(result)
        kept.write_text(json.dumps(results, indent=1))
    inspect(results)
    kept.write_text(json.dumps(results, indent=1))
    print(table.report(sorted(results, key=lambda result: graphs.NAMES.index(result["graph"]))))


if __name__ == "__main__":
    main()
