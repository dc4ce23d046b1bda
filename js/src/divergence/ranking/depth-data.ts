/** The two errors of each compared tensor along the execution order. */

import type { DivergenceDocument } from "../../data/divergence.js";
import type { ReportDocument } from "../../data/index.js";
import { errors, largest, type MeasureName, ranking } from "../measures.js";

export interface DepthErrors {
  /** Shares of the signal: 0 without error, NaN where unknown. */
  readonly local: Float64Array;
  readonly accumulated: Float64Array;
  /** 1: it has no counterpart in the variant. */
  readonly unmatched: Uint8Array;
  /** The rows that cost most, most first. */
  readonly costliest: readonly number[];
  /** Where these are marked: what was folded into another op, at that op. */
  readonly marked: readonly number[];
  /** The ends of the axis, powers of ten. */
  readonly low: number;
  readonly high: number;
}

const COSTLIEST = 3;
const COSTLIEST_TEXT: Readonly<Record<MeasureName, string>> = {
  outputs: "cost most at the outputs",
  local: "make most error",
  accumulated: "have most error",
  weights: "lose most of their weights",
};
/** Powers of ten that the axis tells apart: what is smaller matters to nobody. */
const DECADES = 5;

export function depthErrors(doc: DivergenceDocument, report: ReportDocument): DepthErrors {
  const [local, accumulated] = [errors(doc, "local"), errors(doc, "accumulated")];
  const costliest = largest(errors(doc, ranking(doc)), COSTLIEST);
  const { rows } = doc.tensors;
  const [least, most] = ends(local, accumulated);
  return {
    local,
    accumulated,
    unmatched: Uint8Array.from({ length: rows }, (_, row) => (doc.matched(row) ? 0 : 1)),
    costliest,
    marked: costliest.map((row) => reader(doc, report, row)),
    low: Math.max(Math.floor(Math.log10(least)), Math.ceil(Math.log10(most)) - DECADES),
    high: Math.max(Math.ceil(Math.log10(most) - 1e-9), Math.floor(Math.log10(least)) + 1),
  };
}

/** Why the marked ops are marked. */
export function costliestText(doc: DivergenceDocument): string {
  return COSTLIEST_TEXT[ranking(doc)];
}

/** The row itself where it was compared, else the first after it that was and whose op reads it. */
function reader(doc: DivergenceDocument, report: ReportDocument, row: number): number {
  if (doc.matched(row)) return row;
  const [ops, tensors] = [report.uses.indices("op"), report.uses.indices("tensor")];
  const tensor = doc.tensorOf(row);
  const readers = new Set<number>();
  for (const [at, used] of tensors.entries()) if (used === tensor) readers.add(ops[at]!);
  for (let next = row + 1; next < doc.tensors.rows; next += 1)
    if (doc.matched(next) && readers.has(doc.opOf(next))) return next;
  return row;
}

function ends(...columns: readonly Float64Array[]): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const values of columns) {
    for (const value of values) {
      if (!(value > 0 && Number.isFinite(value))) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return most > 0 ? [least, most] : [0.01, 1];
}
