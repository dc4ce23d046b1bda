/** What each captured tensor looks like along the execution order. */

import type { ActivationsDocument } from "../../data/activations.js";
import type { ReportDocument } from "../../data/index.js";

/** Flags of a tensor. */
export const DEAD = 1;
export const SATURATED = 2;
export const BROKEN = 4;

/** Shape arithmetic and masks: their values say nothing of the scale of the signal. */
const NO_SIGNAL = new Set(["int64", "uint64", "bool", "string"]);
/** Less is what clipping to the limits of a type does to any signal. */
const SATURATED_SHARE = 0.001;

export interface DepthData {
  /** Rows of the document, in execution order. */
  readonly rows: Int32Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** 0.1 % and 99.9 % of the values. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly sparsity: Float64Array;
  readonly flags: Uint8Array;
}

export function depthData(doc: ActivationsDocument, report: ReportDocument): DepthData {
  const dtypes = report.tensors.text("dtype");
  const rows: number[] = [];
  for (let row = 0; row < doc.tensors.rows; row += 1) {
    if (!NO_SIGNAL.has(dtypes?.at(doc.tensorOf(row)) ?? "")) rows.push(row);
  }
  const column = (name: string, or = name): Float64Array =>
    Float64Array.from(rows, (row) => doc.value(row, name) ?? doc.value(row, or) ?? Number.NaN);
  return {
    rows: Int32Array.from(rows),
    min: column("min"),
    max: column("max"),
    low: column("q001", "min"),
    high: column("q999", "max"),
    sparsity: column("sparsity"),
    flags: Uint8Array.from(rows, (row) => flagsOf(doc, row)),
  };
}

function flagsOf(doc: ActivationsDocument, row: number): number {
  const value = (name: string): number => doc.value(row, name) ?? 0;
  return (
    (value("dead_channels") > 0 ? DEAD : 0) |
    (value("saturation") > SATURATED_SHARE ? SATURATED : 0) |
    (value("nan") + value("inf") > 0 ? BROKEN : 0)
  );
}

/** The least magnitude of an end of the ranges that is not vanishing, for an axis that bends around zero. */
export function tiniestEnd({ low, high }: DepthData): number {
  const ends = [...low, ...high].map(Math.abs).filter((end) => end > 0 && Number.isFinite(end));
  if (ends.length === 0) return 0;
  ends.sort((a, b) => a - b);
  // One tensor that vanishes must not stretch the axis for all.
  return ends[Math.floor(ends.length / 20)]!;
}

/** The least or greatest known value of a stretch; NaN: none. */
export function extreme(
  values: Float64Array,
  from: number,
  to: number,
  pick: (a: number, b: number) => number,
): number {
  let found = Number.NaN;
  for (let at = from; at < to; at += 1) {
    const value = values[at]!;
    if (!Number.isNaN(value)) found = Number.isNaN(found) ? value : pick(found, value);
  }
  return found;
}
