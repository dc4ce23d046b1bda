/** What a reader would keep float or 16-bit: op rows in two lists, each op in at most one. */

import type { Plan } from "../../data/index.js";

export type Choice = "int8" | "int16" | "float";

export const EMPTY: Plan = { keep_float: [], int16: [] };

export function choiceOf(plan: Plan, op: number): Choice {
  if (plan.keep_float.includes(op)) return "float";
  return plan.int16.includes(op) ? "int16" : "int8";
}

export function withChoice(plan: Plan, ops: readonly number[], choice: Choice): Plan {
  const without = (rows: readonly number[]): number[] => rows.filter((row) => !ops.includes(row));
  return {
    keep_float: choice === "float" ? sorted([...without(plan.keep_float), ...ops]) : without(plan.keep_float),
    int16: choice === "int16" ? sorted([...without(plan.int16), ...ops]) : without(plan.int16),
  };
}

export function isEmpty(plan: Plan): boolean {
  return plan.keep_float.length + plan.int16.length === 0;
}

export function samePlan(a: Plan, b: Plan): boolean {
  return key(a) === key(b);
}

/** A plan from anywhere: rows that the model has, each once. */
export function parsePlan(plan: Plan | null | undefined, ops: number): Plan {
  const rows = (given: unknown): number[] =>
    Array.isArray(given) ? sorted(given.filter((row) => Number.isInteger(row) && row >= 0 && row < ops)) : [];
  const keep = rows(plan?.keep_float);
  return { keep_float: keep, int16: rows(plan?.int16).filter((row) => !keep.includes(row)) };
}

function key({ keep_float, int16 }: Plan): string {
  return `${sorted(keep_float).join()}|${sorted(int16).join()}`;
}

function sorted(rows: readonly number[]): number[] {
  return [...new Set(rows)].sort((a, b) => a - b);
}
