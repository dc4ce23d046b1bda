"""Opening large checkpoints, as ratios against ``safetensors``' and ``gguf``'s own readers on the same files.

    python benchmarks/formats.py [--folder DIR] [--material DIR] [--repeat N] [--json FILE]

Every figure is a child process: CPU and wall seconds from the path to every tensor's name, type, shape and bytes, and
its peak resident memory, all of it and what it grew by after the imports. Of ``--repeat`` runs the fastest counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import format_files

MEASURE = """
import sys, time
path = sys.argv[1]
{imports}
def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
base, wall, cpu = peak(), time.perf_counter(), time.process_time()
{work}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print("\\nRESULT", cpu, wall, peak() - base, peak(), count)
"""

OPEN = (
    "import numpy, haoline_analysis; from haoline_analysis import open_model; open_model",
    "model = open_model(path); count = len([(t.name, t.dtype, t.shape, t.weight.nbytes) for t in model.tensors])",
)
AGAIN = (f"{OPEN[0]}; open_model(path)", OPEN[1])  # what is imported on first use is there
REPORT = (
    "import numpy, pandas, haoline_analysis; from haoline_analysis import analyze; analyze",
    "report = analyze(path); report.ops, report.totals, report.breakdown; count = len(report.tensors)",
)
SAFE_OPEN = (
    "import glob, numpy; from safetensors import safe_open",
    (
        "count = 0\n"
        "for shard in sorted(glob.glob(path + '/*.safetensors')):\n"
        "    with safe_open(shard, 'numpy') as file:\n"
        "        for name in file.keys():\n"
        "            part = file.get_slice(name); part.get_shape(), part.get_dtype(); count += 1"
    ),
)
GGUF_READER = (
    "import numpy; from gguf import GGUFReader",
    "reader = GGUFReader(path); count = len([(t.name, t.tensor_type, t.shape, t.n_bytes) for t in reader.tensors])",
)
ANALYTIC = (REPORT[0], REPORT[1].replace("analyze(path)", "analyze(path, graph='analytic')"))

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(contender: tuple[str, str], path: Path, repeat: int) -> dict[str, float]:
    """The fastest of some runs: seconds, MB, tensors found."""
    imports, work = contender
    command = [sys.executable, "-c", MEASURE.format(imports=imports, work=work), str(path)]
    rows = []
    for _ in range(repeat):
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
        rows += [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("RESULT")]
    best = min(rows, key=lambda row: float(row[0]))
    return dict(zip(("cpu_s", "wall_s", "grown_mb", "peak_mb", "tensors"), map(float, best), strict=True))


def subjects(folder: Path, material: Path) -> dict[str, tuple[Path, dict[str, tuple[str, str]]]]:
    """What is opened and by whom; the first is the floor."""
    safetensors = format_files.safetensors_70b(folder)
    gguf = format_files.gguf_50gb(folder)
    found = {
        "70B safetensors, 30 shards": (
            safetensors,
            {
                "safe_open": SAFE_OPEN,
                "open_model": OPEN,
                "open_model, again": AGAIN,
                "analyze": REPORT,
                "analyze, analytic": ANALYTIC,
            },
        ),
        "50 GB GGUF": (
            gguf,
            {"GGUFReader": GGUF_READER, "open_model": OPEN, "open_model, again": AGAIN, "analyze": REPORT},
        ),
    }
    vocabulary = material / "gguf" / "vocab" / "models" / "ggml-vocab-falcon.gguf"
    if vocabulary.exists():
        found["tokenizer of Falcon, GGUF"] = (
            vocabulary,
            {"GGUFReader": GGUF_READER, "open_model": OPEN, "open_model, again": AGAIN},
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "haoline-benchmarks")
    beside = Path(__file__).resolve().parents[2] / "shared" / "material"
    parser.add_argument("--material", type=Path, default=beside, help="folder with GGUF vocabularies")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    print("| file | contender | CPU | ratio | wall | memory grown | memory in all | tensors |\n|" + "---|" * 8)
    for subject, (path, contenders) in subjects(options.folder, options.material).items():
        rows = {name: measure(contender, path, options.repeat) for name, contender in contenders.items()}
        floor = next(iter(rows.values()))["cpu_s"]
        for name, row in rows.items():
            print(
                f"| {subject} | {name} | {row['cpu_s']:.3f} s | {row['cpu_s'] / floor:.2g} | {row['wall_s']:.3f} s "
                f"| {row['grown_mb']:.0f} MB | {row['peak_mb']:.0f} MB | {row['tensors']:.0f} |",
                flush=True,
            )
        results[subject] = rows
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
