/** The errors of a group of ops as two numbers. */

import type { DivergenceDocument } from "../../data/divergence.js";
import { errors } from "../measures.js";
import type { Group } from "./blocks.js";

export interface GroupError {
  readonly group: Group;
  /** Root of the sum of the powers of the errors made; NaN: none is known. */
  readonly local: number;
  /** Of the power of all errors made. */
  readonly part: number;
  /** Of a block: seen at its end. Of other groups: the worst seen. NaN: unknown. */
  readonly accumulated: number;
}

export function groupErrors(doc: DivergenceDocument, groups: readonly Group[], seen: "end" | "worst"): GroupError[] {
  const [local, accumulated] = [errors(doc, "local"), errors(doc, "accumulated")];
  const powers = groups.map(({ rows }) => power(local, rows));
  const all = powers.reduce((sum, value) => sum + (value || 0), 0);
  return groups.map((group, at) => ({
    group,
    local: Math.sqrt(powers[at]!),
    part: all > 0 ? powers[at]! / all : Number.NaN,
    accumulated: seen === "end" ? lastOf(accumulated, group.rows) : worstOf(accumulated, group.rows),
  }));
}

function power(values: Float64Array, rows: readonly number[]): number {
  let [sum, known] = [0, false];
  for (const row of rows) {
    const value = values[row]!;
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    known = true;
  }
  return known ? sum : Number.NaN;
}

function lastOf(values: Float64Array, rows: readonly number[]): number {
  for (let at = rows.length - 1; at >= 0; at -= 1) if (!Number.isNaN(values[rows[at]!]!)) return values[rows[at]!]!;
  return Number.NaN;
}

function worstOf(values: Float64Array, rows: readonly number[]): number {
  return rows.reduce((worst, row) => (values[row]! > worst || Number.isNaN(worst) ? values[row]! : worst), Number.NaN);
}
