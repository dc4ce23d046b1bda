/** Errors as people read them. */

import { digits, percent, UNKNOWN } from "../data/format.js";

type Maybe = number | null | undefined;

export { decibels } from "../activations/words.js";

/** An error as a share of the signal: `3.2 %`. */
export function share(value: Maybe): string {
  if (value === 0) return "none";
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return value < 1e-6 ? "< 0.0001 %" : percent(value);
}

/** As many digits as tell it from 1. */
export function cosine(value: Maybe): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const off = Math.abs(1 - value);
  const places = off > 0 && off < 0.01 ? Math.min(7, Math.ceil(-Math.log10(off)) + 1) : 3;
  return value.toFixed(places).replace("-", "−");
}

/** `3.9× smaller`, `1.2× larger`; about equal is said so. */
export function times(before: Maybe, after: Maybe, less: string, more: string): string {
  if (!before || !after) return UNKNOWN;
  const ratio = before / after;
  if (Math.abs(ratio - 1) < 0.02) return "the same";
  return ratio > 1 ? `${digits(ratio)}× ${less}` : `${digits(1 / ratio)}× ${more}`;
}
