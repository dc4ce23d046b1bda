/** By what the ops of a model are ranked: an error as a share of the signal, for each row of a comparison. */

import type { DivergenceDocument } from "../data/divergence.js";

export type MeasureName = "local" | "accumulated" | "weights" | "outputs";

export interface Measure {
  readonly label: string;
  readonly title: string;
}

export const MEASURES: Readonly<Record<MeasureName, Measure>> = {
  local: { label: "Made here", title: "Local error: the quantized op alone, fed what the float model has there" },
  accumulated: {
    label: "Seen here",
    title: "Accumulated error: what the variant has here, with all that came before",
  },
  weights: { label: "Weights", title: "Error of the stored weights alone" },
  outputs: {
    label: "Costs at the outputs",
    title: "Error of the model's outputs with nothing but this op quantized",
  },
};

/** Root of the power of the error over that of the signal: 0 without error, NaN where unknown. */
export function errors(doc: DivergenceDocument, measure: MeasureName): Float64Array {
  if (measure === "outputs") return outputErrors(doc);
  const of =
    measure === "weights" ? (row: number) => doc.value(row, "weight_sqnr_db") : (row: number) => doc.sqnr(row, measure);
  return Float64Array.from({ length: doc.tensors.rows }, (_, row) => fromDecibels(of(row)));
}

function fromDecibels(db: number | null): number {
  return db === null ? Number.NaN : 10 ** (-db / 20);
}

/** What each op costs at the outputs, by op row; what several ops share counts in equal parts. */
export function opNoise(doc: DivergenceDocument): Map<number, number> {
  const noise = new Map<number, number>();
  for (const unit of doc.header.what_if?.units ?? []) {
    if (unit.noise === null) continue;
    for (const op of unit.ops) noise.set(op, (noise.get(op) ?? 0) + unit.noise / unit.ops.length);
  }
  return noise;
}

function outputErrors(doc: DivergenceDocument): Float64Array {
  const noise = opNoise(doc);
  return Float64Array.from({ length: doc.tensors.rows }, (_, row) => {
    const op = doc.opOf(row);
    // An op with several outputs costs once: at its first.
    const first = doc.rowsOfOp(op)[0] === row;
    return first ? Math.sqrt(noise.get(op) ?? Number.NaN) : Number.NaN;
  });
}

/** What says best which op to change: the cost at the outputs, else the error made, whichever was measured. */
export function ranking(doc: DivergenceDocument): MeasureName {
  if (doc.header.what_if) return "outputs";
  return errors(doc, "local").every(Number.isNaN) ? "accumulated" : "local";
}

/** Why there is no error to show; empty where there is one. */
export function errorless(doc: DivergenceDocument): string {
  const known = [...errors(doc, "local"), ...errors(doc, "accumulated")].filter((error) => !Number.isNaN(error));
  if (known.some((error) => error > 0)) return "";
  return known.length > 0 ? "No error: what was compared is the same to the last bit." : "Nothing was compared.";
}

/** Rows with the largest values, largest first. */
export function largest(values: Float64Array, count: number): number[] {
  const rows: number[] = [];
  for (const [row, value] of values.entries()) if (value > 0) rows.push(row);
  return rows.sort((a, b) => values[b]! - values[a]! || a - b).slice(0, count);
}
