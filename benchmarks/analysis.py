"""CPU seconds and memory of one analysis, as ratios against a floor and two peers on the same files.

    python benchmarks/analysis.py [--folder DIR] [--peers PYTHON] [--only cnn.onnx ...] [--json FILE]

The floor is ``onnx.load`` plus C++ shape inference. The peers are PyPI ``haoline`` 1.3.0 and ``onnx-tool`` 1.0.1,
installed in an environment of their own whose interpreter ``--peers`` names. Every figure is one child process:
CPU seconds (user + system) and peak resident memory over what the bare imports cost. Read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import models

MEASURE = """
import resource, sys, time
{imports}
def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
path = sys.argv[1]
base, start = peak(), time.process_time()
{work}
print("\\nRESULT", time.process_time() - start, peak() - base)
"""

CONTENDERS = {
    "floor": (
        "import onnx, onnx.shape_inference, numpy, os",
        (
            "model = onnx.load(path)\n"
            "if os.path.exists(path + '.data'): model = onnx.load(path, load_external_data=False)  # over 2 GB else\n"
            "onnx.shape_inference.infer_shapes(model, data_prop=True)"
        ),
    ),
    "haoline_analysis": (
        "import numpy, onnx, pandas, haoline_analysis; from haoline_analysis import analyze; analyze",
        "r = analyze(path, hardware='a100-sxm-80'); r.totals.macs; r.ops; r.findings",
    ),
    "haoline 1.3.0": (
        "import logging; from haoline.report import ModelInspector",
        "ModelInspector(logger=logging.getLogger('x')).inspect(path)",
    ),
    "onnx-tool": (
        "import onnx_tool, numpy",
        (
            "m = onnx_tool.loadmodel(path, {'verbose': False}); g = m.graph\n"
            "b = lambda d: d if isinstance(d, int) and d > 0 else (1 if d == 'batch' else 128)\n"
            "feeds = {n: numpy.zeros([b(d) for d in g.tensormap[n].shape], g.tensormap[n].dtype) for n in g.input}\n"
            "g.shape_infer(feeds); g.profile()"
        ),
    ),
}
FILES = ("cnn.onnx", "bert.onnx", "llama.onnx", "decoder_25k.onnx")
SCALING = ("decoder_2k.onnx", "decoder_25k.onnx", "decoder_100k.onnx")


# With bytecode on disk, as pip leaves it: compiling is not what is measured.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(python: str, contender: str, path: Path, limit: float) -> dict:
    """CPU seconds and MB of one contender on one file, or how it failed."""
    imports, work = CONTENDERS[contender]
    code = MEASURE.format(imports=imports, work=work)
    try:
        done = subprocess.run(
            [python, "-c", code, str(path)],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            env=ENVIRONMENT,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not finished in {limit:.0f} s"}
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not rows:
        return {"failed": (done.stderr.strip().splitlines() or ["no output"])[-1][:100]}
    return {"cpu_s": float(rows[0][1]), "peak_mb": float(rows[0][2])}


REBIND = """
import sys, time
from haoline_analysis import analyze
report = analyze(sys.argv[1], hardware="a100-sxm-80")
times = []
for batch in (2, 4, 8, 16, 32):
    start = time.process_time()
    report.bind(batch=batch).totals.macs
    times.append(time.process_time() - start)
print("RESULT", sorted(times)[2])
"""

IMPORT = """
import sys, time
import numpy, onnx, pandas
start = time.process_time()
import haoline_analysis
if len(sys.argv) > 1:
    haoline_analysis.analyze, haoline_analysis.open_model, haoline_analysis.profiles
print("RESULT", time.process_time() - start)
"""


def run_snippet(code: str, *arguments: str) -> float:
    """The least of three numbers a snippet prints after RESULT."""
    command = [sys.executable, "-c", code, *arguments]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout for _ in range(3)
    ]
    return min(float(line.split()[1]) for out in runs for line in out.splitlines() if line.startswith("RESULT"))


def cell(result: dict, floor: dict) -> str:
    """One table cell: seconds, ratio to the floor, memory."""
    if "failed" in result:
        return result["failed"]
    return f"{result['cpu_s']:.2f} s ({result['cpu_s'] / floor['cpu_s']:.1f}x) / {result['peak_mb']:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "haoline-benchmarks")
    parser.add_argument("--peers", help="python of an environment with haoline==1.3.0 and onnx-tool")
    parser.add_argument("--only", nargs="*", default=FILES)
    parser.add_argument("--limit", type=float, default=300, help="seconds allowed per measurement")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    contenders = {"floor": sys.executable, "haoline_analysis": sys.executable}
    if options.peers:
        contenders |= {"haoline 1.3.0": options.peers, "onnx-tool": options.peers}
    results: dict = {}
    print("| file | " + " | ".join(contenders) + " |\n|" + "---|" * (len(contenders) + 1))
    for path in models.make(options.folder, list(options.only)):
        row = {name: measure(python, name, path, options.limit) for name, python in contenders.items()}
        results[path.name] = row
        print(f"| {path.name} | " + " | ".join(cell(row[name], row["floor"]) for name in contenders) + " |", flush=True)
    print("\nLinear in ops? CPU seconds per 1000 ops:")
    for path in models.make(options.folder, list(SCALING)):
        result = measure(sys.executable, "haoline_analysis", path, options.limit)
        ops = {"2k": 2, "25k": 25, "100k": 100}[path.stem.split("_")[1]]
        results[f"scaling {path.name}"] = result
        print(f"  {path.name}: {result['cpu_s'] / ops:.4f}", flush=True)
    results["rebind_25k_s"] = run_snippet(REBIND, str(options.folder / "decoder_25k.onnx"))
    results["import_s"] = run_snippet(IMPORT)
    results["import_all_s"] = run_snippet(IMPORT, "all")
    print(f"\nRebinding shapes at 25k ops: {results['rebind_25k_s'] * 1000:.0f} ms of CPU")
    print(f"Import beyond numpy, onnx, pandas: {results['import_s'] * 1000:.0f} ms,")
    print(f"with all that analyze() needs: {results['import_all_s'] * 1000:.0f} ms")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
