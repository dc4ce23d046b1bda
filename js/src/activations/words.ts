/** Numbers of activations as people read them: four digits, a true minus sign. */

import { percent, UNKNOWN } from "../data/format.js";

export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "−Inf";
  const magnitude = Math.abs(value);
  const far = magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e6);
  const text = far ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return text.replaceAll("-", "−");
}

/** Three digits, for captions. */
export function shortText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  const magnitude = Math.abs(value);
  const far = magnitude !== 0 && (magnitude < 1e-2 || magnitude >= 1e4);
  return (far ? value.toExponential(1) : String(Number(value.toPrecision(3)))).replaceAll("-", "−");
}

/** `38.8 dB`; what has no error at all is exact. */
export function decibels(value: number | null | undefined): string {
  if (value === Number.POSITIVE_INFINITY) return "exact";
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return `${(Math.abs(value) < 0.05 ? 0 : value).toFixed(1).replace("-", "−")} dB`;
}

export function shareText(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? UNKNOWN : percent(value);
}
