"""What comparing a quantized model with its float one costs, as ratios against plain inference of both, and two peers.

    python benchmarks/quantization.py [--peers PYTHON] [--only minilm-qdq ...] [--rounds 3]

The floor is one plain run of the float model and one of the quantized model per sample. All but the last table is
measured on one core.
``steady`` is one process in which floors and comparisons take turns: CPU seconds per further sample, the median over
rounds of the ratio to the floor of the same round; set-up is what a comparison takes beyond its samples. Memory and the
peers are measured in a process each (``quantization_contenders.py``), from the models' paths to the result, imports
left out: CPU seconds on one core, and how long it takes on all. ``--peers`` names an interpreter with ``polygraphy``,
``onnx`` and ``onnxruntime``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import activation_models
import quantization_models

CHILD = Path(__file__).resolve().with_name("quantization_contenders.py")
OURS = {
    "ours": "ours",
    "ours, no histograms": "ours_lean",
    "ours, accumulated only": "ours_accumulated",
    "qdq_loss_debug": "qdq_loss_debug",
}
"""Contenders that run in our own interpreter."""
TABLES = ("steady", "memory", "peers", "all-cores")
CASES = ("minilm-qdq", "minilm-qoperator", "minilm-dynamic", "minilm-nbits", "resnet50-qdq", "resnet50-qoperator")


def child(python: str, contender: str, case: str, folder: Path, *words: object) -> dict:
    """What a contender says; an empty dict with ``error`` where it fails."""
    model, variant = quantization_models.paths(case, folder)
    command = [python, str(CHILD), contender, str(model), str(variant), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    return {"error": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:200]}


def steady(case: str, folder: Path, rounds: int) -> None:
    """The table of ratios."""
    found = child(sys.executable, "steady", case, folder, rounds)
    if "error" in found:
        print(f"| {case} | {found['error']} |")
        return
    ratios = " | ".join(f"{found[name]:.2f}" for name in ("accumulated", "local", "histograms"))
    per = found["setup_s"] / found["bytes"] * 1e8
    print(f"| {case} | {found['floor_ms']:.0f} ms | {ratios} | {found['setup_s']:.2f} s | {per:.2f} s |", flush=True)


def memory(case: str, folder: Path) -> None:
    """Peak memory at 8, 32 and 64 samples, over the imports."""
    found = {count: child(sys.executable, "ours", case, folder, count) for count in (8, 32, 64)}
    text = " | ".join(_megabytes(one) for one in found.values())
    other = child(sys.executable, "qdq_loss_debug", case, folder, 32) if case.endswith("-qdq") else {}
    print(f"| {case} | {text} | {_megabytes(other) if other else 'QDQ only'} |", flush=True)


def _megabytes(found: dict) -> str:
    return f"{found['peak_mb']:,.0f} MB" if "peak_mb" in found else found.get("error", "")


def peers(case: str, folder: Path, python: str | None, *cores: str) -> None:
    """From the paths to the result with 8 samples: CPU seconds on one core, or seconds on all."""
    rows = {
        name: child(sys.executable, contender, case, folder, 8, *cores)
        for name, contender in OURS.items()
        if contender != "qdq_loss_debug" or case.endswith("-qdq")
    }
    if python:
        rows["Polygraphy API"] = child(python, "polygraphy", case, folder, 8, *cores)
        rows["Polygraphy command line"] = child(python, "polygraphy_cli", case, folder, 8, *cores)
    key = "wall_s" if cores else "cpu_s"
    least, own = (rows[name].get(key) for name in ("ours, accumulated only", "ours"))
    for name, row in rows.items():
        if key in row:
            ratios = f"{row[key] / least:.1f} | {row[key] / own:.1f}"
            text = f"{row[key]:.2f} s | {ratios} | {row['peak_mb']:,.0f} MB | {row['tensors'] or ''}"
        else:
            text = f"{row['error']} | | | |"
        print(f"| {case} | {name} | {text} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="an interpreter with polygraphy")
    parser.add_argument("--only", nargs="+", default=CASES, choices=CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "haoline-benchmarks")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    for case in options.only:
        activation_models.make(case.split("-")[0], options.folder)
        quantization_models.make(case, options.folder)
    if "steady" in options.tables:
        print("| case | floor per sample | accumulated | with local | with histograms | set-up | per 100 MB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for case in options.only:
            steady(case, options.folder, options.rounds)
    if "memory" in options.tables:
        print("\n| case | 8 samples | 32 | 64 | qdq_loss_debug, 32 |\n| --- | --- | --- | --- | --- |")
        for case in options.only:
            memory(case, options.folder)
    for table, what, cores in (("peers", "CPU, one core", ()), ("all-cores", "all cores", ("--all-cores",))):
        if table in options.tables:
            print(f"\n| case | 8 samples | {what} | to accumulated | to ours | peak | tensors |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            for case in options.only:
                peers(case, options.folder, options.peers, *cores)


if __name__ == "__main__":
    main()
