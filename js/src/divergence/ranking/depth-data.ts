/** The two errors of each compared tensor along the execution order. */

import type { DivergenceDocument } from "../../data/divergence.js";
import { errors, largest, ranking } from "../measures.js";

export interface DepthErrors {
  /** Shares of the signal: 0 without error, NaN where unknown. */
  readonly local: Float64Array;
  readonly accumulated: Float64Array;
  /** 1: it has no counterpart in the variant. */
  readonly unmatched: Uint8Array;
  /** The rows that cost most, most first. */
  readonly costliest: readonly number[];
  /** The ends of the axis, powers of ten. */
  readonly low: number;
  readonly high: number;
}

const COSTLIEST = 3;
/** Powers of ten that the axis tells apart: what is smaller matters to nobody. */
const DECADES = 5;

export function depthErrors(doc: DivergenceDocument): DepthErrors {
  const [local, accumulated] = [errors(doc, "local"), errors(doc, "accumulated")];
  const { rows } = doc.tensors;
  const [least, most] = ends(local, accumulated);
  return {
    local,
    accumulated,
    unmatched: Uint8Array.from({ length: rows }, (_, row) => (doc.matched(row) ? 0 : 1)),
    costliest: largest(errors(doc, ranking(doc)), COSTLIEST),
    low: Math.max(Math.floor(Math.log10(least)), Math.ceil(Math.log10(most)) - DECADES),
    high: Math.max(Math.ceil(Math.log10(most) - 1e-9), Math.floor(Math.log10(least)) + 1),
  };
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
