/** `is:…` and `has:…`: questions that no single column answers. */

import { NumericColumn, StringColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { bottleneck } from "./bottleneck.js";
import { misses, type Scores } from "./scores.js";

/** Scores of the ops of which the answer is yes; null for a question that nobody can answer. */
export function answer(model: GraphModel, verb: "is" | "has", what: string): Scores | null {
  if (verb === "has") return what.startsWith("finding") ? yes(model, findingOps(model)) : known(model, what);
  switch (what) {
    case "bottleneck":
      return dearestFirst(model);
    case "constant":
      return flagged(model, (op) => model.graph.constant[op] === 1);
    case "quantizer":
      return flagged(model, quantizes(model));
    case "quantized":
      return flagged(model, narrow(model));
    default:
      return marked(model, what);
  }
}

/** Integers of eight bits and fewer, and floats of eight and fewer: what a model is quantized to. */
export const NARROW = /^(u?int[1-8]|float[48]\w*|fp[48]\w*|nf4|mxfp\w+)$/i;
const QUANTIZERS = /^(Quantize|Dequantize)Linear$/;

function findingOps(model: GraphModel): number[] {
  return model.doc.header.findings.flatMap((finding) => [...finding.ops]);
}

function yes(model: GraphModel, ops: Iterable<number>): Scores {
  const scores = misses(model.doc.ops.rows);
  for (const op of ops) if (op >= 0 && op < scores.length) scores[op] = 0;
  return scores;
}

function flagged(model: GraphModel, flag: (op: number) => boolean): Scores {
  const scores = misses(model.doc.ops.rows);
  for (let op = 0; op < scores.length; op += 1) if (flag(op)) scores[op] = 0;
  return scores;
}

/** Stepping through bottlenecks begins with the worst. */
function dearestFirst(model: GraphModel): Scores {
  const { ops } = bottleneck(model.doc);
  const scores = misses(model.doc.ops.rows);
  ops.forEach((op, i) => {
    scores[op] = i / ops.length;
  });
  return scores;
}

function quantizes(model: GraphModel): (op: number) => boolean {
  return wordTest(model.doc.ops.text("type"), QUANTIZERS);
}

function narrow(model: GraphModel): (op: number) => boolean {
  const [computes, holds] = ["precision", "weight_precision"].map((name) => wordTest(model.doc.ops.text(name), NARROW));
  return (op) => computes!(op) || holds!(op);
}

function wordTest(column: StringColumn | undefined, pattern: RegExp): (op: number) => boolean {
  const fits = column?.dictionary.map((word) => pattern.test(word)) ?? [];
  return (op) => fits[column?.codes[op] ?? -1] ?? false;
}

/** `has:parameters`: a column that is known and not zero. */
function known(model: GraphModel, name: string): Scores | null {
  const column = model.doc.column(name);
  if (column instanceof StringColumn) return flagged(model, (op) => (column.at(op) ?? "") !== "");
  return column instanceof NumericColumn ? flagged(model, (op) => (column.at(op) ?? 0) !== 0) : null;
}

/** `is:folded`: a column of yes and no. */
function marked(model: GraphModel, name: string): Scores | null {
  const column = model.doc.column(name);
  return column?.info.type === "u8" ? flagged(model, (op) => column.at(op) === 1) : null;
}
