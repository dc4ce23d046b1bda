/** What a reader would keep float or 16-bit: op rows in two lists, each op in at most one; and changes by name. */

import type { Plan, Suggestion } from "../../data/index.js";
import { plural } from "../../views/units.js";

export type Choice = "int8" | "int16" | "float";

export const EMPTY: Plan = { keep_float: [], int16: [], changes: [] };

const MOST_NAME = 40;

export function choiceOf(plan: Plan, op: number): Choice {
  if (plan.keep_float.includes(op)) return "float";
  return plan.int16.includes(op) ? "int16" : "int8";
}

export function withChoice(plan: Plan, ops: readonly number[], choice: Choice): Plan {
  const without = (rows: readonly number[]): number[] => rows.filter((row) => !ops.includes(row));
  return {
    ...plan,
    keep_float: choice === "float" ? sorted([...without(plan.keep_float), ...ops]) : without(plan.keep_float),
    int16: choice === "int16" ? sorted([...without(plan.int16), ...ops]) : without(plan.int16),
  };
}

/** Whether a plan does all that is suggested. */
export function follows(plan: Plan, { keep_float, int16, changes }: Suggestion): boolean {
  return (
    keep_float.every((op) => choiceOf(plan, op) === "float") &&
    int16.every((op) => choiceOf(plan, op) !== "int8") &&
    changes.every((name) => plan.changes.includes(name))
  );
}

/** The plan with what is suggested, or without. What is to stay float is not put to 16 bits. */
export function withSuggestion(plan: Plan, { keep_float, int16, changes }: Suggestion, chosen: boolean): Plan {
  const wide = int16.filter((op) => !chosen || choiceOf(plan, op) !== "float");
  const ops = withChoice(withChoice(plan, wide, chosen ? "int16" : "int8"), keep_float, chosen ? "float" : "int8");
  const rest = plan.changes.filter((name) => !changes.includes(name));
  return { ...ops, changes: chosen ? named([...rest, ...changes]) : rest };
}

export function isEmpty(plan: Plan): boolean {
  return size(plan) === 0;
}

/** How many choices it holds. */
export function size({ keep_float, int16, changes }: Plan): number {
  return keep_float.length + int16.length + changes.length;
}

/** What it would do, in words; "" for nothing. */
export function planText({ keep_float, int16, changes }: Plan): string {
  const words = [
    keep_float.length > 0 && `${plural(keep_float.length, "op")} float`,
    int16.length > 0 && `${plural(int16.length, "op")} INT16`,
    ...changes,
  ];
  return words.filter(Boolean).join(", ");
}

export function samePlan(a: Plan, b: Plan): boolean {
  return key(a) === key(b);
}

/** A plan from anywhere: rows that the model has and names, each once. */
export function parsePlan(plan: Partial<Plan> | null | undefined, ops: number): Plan {
  const rows = (given: unknown): number[] =>
    Array.isArray(given) ? sorted(given.filter((row) => Number.isInteger(row) && row >= 0 && row < ops)) : [];
  const keep = rows(plan?.keep_float);
  const changes: unknown = plan?.changes;
  return {
    keep_float: keep,
    int16: rows(plan?.int16).filter((row) => !keep.includes(row)),
    changes: Array.isArray(changes) ? named(changes.filter(isName)) : [],
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MOST_NAME;
}

function key({ keep_float, int16, changes }: Plan): string {
  return `${sorted(keep_float).join()}|${sorted(int16).join()}|${named(changes).join()}`;
}

function sorted(rows: readonly number[]): number[] {
  return [...new Set(rows)].sort((a, b) => a - b);
}

function named(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
