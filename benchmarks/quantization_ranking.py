"""Whether a ranking of quantizers finds those that are worth leaving out: MiniLM with trained weights, real sentences.

    python benchmarks/quantization_ranking.py [--model FILE --tokenizer FILE] [--draws 5] [--ops] [--csv FILE]

Everything is quantized (static INT8, QDQ), then the top K of each ranking are left out, the model is built, opened by
onnxruntime as usual, and its outputs on held-out sentences are compared with the float model's: SQNR in dB over all
elements, and their cosine. Rankings rest on calibration sentences alone.

``sensitivity``  error at the outputs with only this quantizer on (``measure_sensitivity``)
``own``          SQNR of rounding the tensor alone, from one float pass (its prior)
``accumulated``  SQNR of the tensor in the quantized model against the float model's; a weight: of what its op makes
``weight``       SQNR of the weight; what is no weight: of the weight of an op that asks for it
``random``       mean of several draws

With ``--ops`` whole ops are kept float (``quantize(keep_float=...)``) in place of single quantizers.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from tokenizers import Tokenizer

from haoline_analysis.quantization import compare, measure_sensitivity, quantize
from haoline_analysis.quantization.sensitivity.noise import Noise, decibels

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
from make_minilm import SENTENCES, minilm

TOPS = (8, 16, 32)
RANKED_ON = 4
"""Calibration sentences that rankings are made of."""
BY = ("sensitivity", "own", "accumulated", "weight")


def feeds_of(tokenizer: Path) -> tuple[list[dict], list[dict]]:
    """Calibration and held-out sentences: every other line, so that no sentence is in both."""
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    lines = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line.strip()]
    encoded = [words.encode(line) for line in lines]
    feeds = [
        {
            "input_ids": np.array([each.ids], np.int64),
            "attention_mask": np.array([each.attention_mask], np.int64),
            "token_type_ids": np.array([each.type_ids], np.int64),
        }
        for each in encoded
    ]
    return feeds[::2], feeds[1::2]


def opened(model: str | bytes) -> ort.InferenceSession:
    """The model as onnxruntime runs it by default, without its warnings of weights that nothing reads any more."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(model, options)


class Judge:
    """Outputs of a variant against those of the float model."""

    def __init__(self, model: Path, feeds: list[dict]) -> None:
        session = opened(str(model))
        self._feeds, self._truth = feeds, [session.run(None, each) for each in feeds]

    def __call__(self, variant: str | bytes) -> tuple[float, float]:
        """SQNR in dB and cosine."""
        session, noise = opened(variant), Noise(1)
        for feeds, truth in zip(self._feeds, self._truth, strict=True):
            noise.add(truth, session.run(None, feeds))
        return decibels(noise.power), noise.cosine


def without(variant: onnx.ModelProto, model: onnx.ModelProto, tensors: set[str]) -> bytes:
    """The variant with the quantizers of some tensors taken out: readers get the tensor itself, or the float weight."""
    made = onnx.ModelProto()
    made.CopyFrom(variant)
    graph = made.graph
    weights = {each.name: each for each in model.graph.initializer}
    outputs = {each.name for each in graph.output}
    ends: dict[str, list[int]] = {}
    for at, node in enumerate(graph.node):
        for name in node.input:
            ends.setdefault(name, []).append(at)
    bare, gone = {}, set()  # what to read in place of what a DQ made; places of nodes
    for at, node in enumerate(graph.node):
        if node.op_type == "QuantizeLinear":
            made_of = {graph.node[end].output[0] for end in ends[node.output[0]]}
            if node.input[0] in tensors or made_of & tensors:
                gone |= {at, *ends[node.output[0]]}
                bare |= dict.fromkeys(made_of, node.input[0])
        elif (
            node.op_type == "DequantizeLinear" and node.input[0].removesuffix("_quantized") in tensors & weights.keys()
        ):
            gone.add(at)
            bare[node.output[0]] = node.input[0].removesuffix("_quantized")
            graph.initializer.append(weights[bare[node.output[0]]])
    renamed = {bare[name]: name for name in outputs & bare.keys()}  # what made the tensor makes the output then
    for at, node in enumerate(graph.node):
        for slot, name in enumerate(node.input):
            node.input[slot] = renamed.get(bare.get(name, name), bare.get(name, name))
        for slot, name in enumerate(node.output):
            node.output[slot] = name if at in gone else renamed.get(name, name)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for at, node in enumerate(graph.node) if at not in gone]
    del graph.node[:]
    graph.node.extend(kept)
    return made.SerializeToString()


def sites(found, report) -> dict[str, dict[str, float]]:
    """How bad each quantizer is by every ranking; the larger the worse, NaN last."""
    accumulated = report.tensors["sqnr_db"].to_dict()
    after = {name: row["sqnr_db"] for name, row in report.ops.iterrows()}
    weights: dict[str, float] = {}
    for _, row in found.units.iterrows():
        if row["kind"] == "weight":
            for op in row["ops"]:
                weights[op] = min(weights.get(op, math.inf), row["prior"])
    scores = {}
    for name, row in found.units.iterrows():
        own = min((after.get(op, math.nan) for op in row["ops"]), default=math.nan)
        by_op = min((weights[op] for op in row["ops"] if op in weights), default=math.nan)
        scores[name] = {
            "sensitivity": row["noise"],
            "own": -row["prior"],
            "accumulated": -accumulated.get(name, own),
            "weight": -row["prior"] if row["kind"] == "weight" else -by_op - 1e3,
        }
    return scores


def ops(found, report) -> dict[str, dict[str, float]]:
    """The same for ops that ask for quantizers."""
    prior: dict[str, float] = {}
    weights: dict[str, float] = {}
    for _, row in found.units.iterrows():
        for op in row["ops"]:
            prior[op] = min(prior.get(op, math.inf), row["prior"])
            if row["kind"] == "weight":
                weights[op] = min(weights.get(op, math.inf), row["prior"])
    after = {name: row["sqnr_db"] for name, row in report.ops.iterrows()}
    return {
        op: {
            "sensitivity": row["involved"],
            "own": -prior[op],
            "accumulated": -after.get(op, math.nan),
            "weight": -weights.get(op, math.nan),
        }
        for op, row in found.ops.iterrows()
    }


def top(scores: dict[str, dict[str, float]], by: str, count: int) -> list[str]:
    """The worst of a ranking."""
    known = {name: each[by] for name, each in scores.items() if not math.isnan(each[by])}
    return sorted(known, key=known.__getitem__, reverse=True)[:count]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--ops", action="store_true")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    made = minilm() if options.model is None else None
    model, tokenizer = (made.model, made.tokenizer) if made else (options.model, options.tokenizer)
    calibration, held_out = feeds_of(tokenizer)
    judge = Judge(model, held_out)
    with tempfile.TemporaryDirectory() as folder:
        base = quantize(model, calibration=calibration, output=Path(folder) / "base.onnx")
        unit = "op" if options.ops else "quantizer"
        found = measure_sensitivity(model, calibration, variant=base, limit=RANKED_ON, unit=unit)
        report = compare(model, base.path, calibration, limit=RANKED_ON, histograms=False)
        scores = ops(found, report) if options.ops else sites(found, report)
        if options.ops:

            def build(names: list[str]) -> str:
                return str(quantize(model, calibration=calibration, keep_float=names, output=f"{folder}/k.onnx").path)

        else:
            variant, floats = onnx.load(str(base.path)), onnx.load(str(model))

            def build(names: list[str]) -> bytes:
                return without(variant, floats, set(names))

        rows = [["everything quantized", 0, *judge(str(base.path))]]
        print(f"{len(scores)} {'ops' if options.ops else 'quantizers'}, {len(held_out)} held-out sentences")
        print(f"{'everything quantized':<24}{rows[0][2]:8.1f} dB  {rows[0][3]:.4f}", flush=True)
        for count in TOPS:
            for by in BY:
                rows.append([by, count, *judge(build(top(scores, by, count)))])
                print(f"{by:<18}{count:>4}  {rows[-1][2]:8.1f} dB  {rows[-1][3]:.4f}", flush=True)
            chance = random.Random(0)
            drawn = [judge(build(chance.sample(sorted(scores), count))) for _ in range(options.draws)]
            rows.append(["random", count, *np.mean(drawn, axis=0).tolist()])
            print(f"{'random':<18}{count:>4}  {rows[-1][2]:8.1f} dB  {rows[-1][3]:.4f}", flush=True)
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["ranking", "left out", "sqnr_db", "cosine"], *rows])


if __name__ == "__main__":
    main()
