"""Time and memory of capturing every tensor of a run, as ratios against plain inference and two peers.

    python benchmarks/activations.py [--peers PYTHON] [--only minilm resnet50 ...] [--samples 32] [--repeats 5]

The floor is an onnxruntime session and a run of each sample, nothing kept. Every figure is one child process on the
same samples (``activation_contenders.py``): wall and CPU seconds (user + system, all threads) from the model's path to
the result, imports left out (those made on first use too, but for the row that says so), and the peak resident memory
of the whole process, imports included. Contenders take turns; of ``--repeats`` runs the least time and the most memory
are shown. With ``--patience`` each run waits at most so many seconds for others on the machine to be still; *busy* is
the share of the machine that they took all the same.

``--peers`` names an interpreter with ``polygraphy``, ``onnx`` and the same onnxruntime; without it Polygraphy is left
out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import activation_models
from activation_contenders import CONTENDERS

CHILD = Path(__file__).resolve().with_name("activation_contenders.py")
BEST = {"wall_s": min, "cpu_s": min, "peak_mb": max, "tensors": max, "busy": min}
STILL = 0.1
# With bytecode on disk, as pip leaves it: compiling is not what is measured.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def busy_seconds() -> float:
    """CPU seconds that all processors have spent on work since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # not idle, not waiting for a disk


def wait_until_still(patience: float) -> None:
    """Wait until others take little of the machine for two seconds, or patience is at its end."""
    stop = time.monotonic() + patience
    while time.monotonic() < stop:
        before = busy_seconds()
        time.sleep(2)
        if (busy_seconds() - before) / (2 * os.cpu_count()) < STILL:
            return


def measure(python: str, contender: str, path: Path, count: int, options: argparse.Namespace) -> dict:
    """One run of a contender, with the share of the machine that others took meanwhile."""
    wait_until_still(options.patience)
    start, busy, own = time.monotonic(), busy_seconds(), sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    result = run_child(python, contender, path, count, options.limit)
    own = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - own
    room = (time.monotonic() - start) * os.cpu_count()
    return result | {"busy": max(0.0, (busy_seconds() - busy - own) / room)}


def run_child(python: str, contender: str, path: Path, count: int, limit: float) -> dict:
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


def best(runs: list[dict]) -> dict:
    """The least time and the most memory, or the first failure."""
    failed = [run for run in runs if "failed" in run]
    return failed[0] if failed else {key: pick(run[key] for run in runs) for key, pick in BEST.items()}


def compare(python: dict[str, str], path: Path, count: int, options: argparse.Namespace) -> dict[str, dict]:
    """All contenders on one model, taking turns so that a busy minute hits each."""
    runs: dict[str, list[dict]] = {name: [] for name in python}
    for _ in range(options.repeats):
        for name, interpreter in python.items():
            runs[name].append(measure(interpreter, name, path, count, options))
    return {name: best(measured) for name, measured in runs.items()}


def line(name: str, count: int, result: dict, floor: dict) -> str:
    """One row of the table: seconds, ratios to the floor, memory over the floor's."""
    if "failed" in result:
        return f"| {name} | {count} | {result['failed']} | | | | |"
    wall, cpu = (f"{result[key]:.2f} s ({result[key] / floor[key]:.2f}x)" for key in ("wall_s", "cpu_s"))
    over = result["peak_mb"] - floor["peak_mb"]
    memory, rest = f"{result['peak_mb']:.0f} MB ({over:+.0f})", f"{result['tensors']:.0f} | {result['busy']:.0%}"
    return f"| {name} | {count} | {wall} | {cpu} | {memory} | {rest} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "haoline-benchmarks")
    parser.add_argument("--peers", help="python of an environment with polygraphy")
    parser.add_argument("--only", nargs="*", default=["minilm", "resnet50", "resnet50_bn"])
    parser.add_argument("--contenders", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--samples", type=int, nargs="*", default=[32])
    parser.add_argument("--growth", type=int, nargs="*", default=[8, 32, 128], help="sample counts, ours against floor")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=float, default=600, help="seconds allowed per measurement")
    parser.add_argument("--patience", type=float, default=0, help="seconds to wait for a still machine before each run")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    python = {name: options.peers if "Polygraphy" in name else sys.executable for name in options.contenders}
    python = {"floor": sys.executable} | {name: interpreter for name, interpreter in python.items() if interpreter}
    growing = {name: python[name] for name in ("floor", "capture, streaming") if name in python}
    results: dict = {}
    for model in options.only:
        path = activation_models.make(model, options.folder)
        print(
            f"\n{model}\n| contender | samples | wall | CPU | peak | tensors |\n|---|---|---|---|---|---|", flush=True
        )
        for count, contenders in [(n, python) for n in options.samples] + [(n, growing) for n in options.growth]:
            row = compare(contenders, path, count, options)
            results[f"{model} {count} {len(contenders)}"] = row
            for name, result in row.items():
                print(line(name, count, result, row["floor"]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
