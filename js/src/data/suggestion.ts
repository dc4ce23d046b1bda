/** A change that lint suggests: what it saw, and what of the quantization would be another then. */

import { isRecord } from "./container.js";

export interface Suggestion {
  readonly id: string;
  readonly severity: string;
  readonly title: string;
  readonly evidence: string;
  readonly why: string;
  readonly source: string;
  /** What to do, in a few words. */
  readonly label: string;
  /** Rows of the float report that it speaks of. */
  readonly ops: readonly number[];
  /** Rows to be kept float, or given 16 bits. */
  readonly keep_float: readonly number[];
  readonly int16: readonly number[];
  readonly changes: readonly string[];
}

/** null: lint was not asked. */
export function readSuggestions(value: unknown): readonly Suggestion[] | null {
  if (!Array.isArray(value)) return null;
  return value.filter(isRecord).map((one) => ({
    id: text(one["id"]),
    severity: text(one["severity"]),
    title: text(one["title"]),
    evidence: text(one["evidence"]),
    why: text(one["why"]),
    source: text(one["source"]),
    label: text(one["label"]),
    ops: rows(one["ops"]),
    keep_float: rows(one["keep_float"]),
    int16: rows(one["int16"]),
    changes: list(one["changes"]).filter((name) => typeof name === "string"),
  }));
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function rows(value: unknown): number[] {
  return list(value).filter((row): row is number => Number.isSafeInteger(row) && (row as number) >= 0);
}
