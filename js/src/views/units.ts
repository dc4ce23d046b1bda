import { type ColumnInfo, format } from "../data/index.js";

const { count, UNKNOWN } = format;

/** A figure of a data sheet with decimal prefixes: 80 GB, 3.35 TB/s, 989 TFLOP/s. */
export function size(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return count(value, unit);
}

/** `1 op`, `3 ops`. */
export function plural(amount: number, noun: string): string {
  return `${amount.toLocaleString("en-US")} ${noun}${amount === 1 ? "" : "s"}`;
}

/** A value of a column as people read it; bytes of 0 and 1 are a flag. */
export function cellText(value: number | null, info: ColumnInfo, unit: string = info.unit): string {
  if (info.type !== "u8" || value === null || value > 1) return format.withUnit(value, unit);
  return value === 1 ? "yes" : "no";
}

/** Text of a header value that may be a string, a number or something structured. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return format.exact(value);
  if (Array.isArray(value)) return value.map(asText).join(", ");
  if (typeof value !== "object") return String(value);
  const parts = Object.entries(value).map(([key, item]) => `${key.replaceAll("_", " ")}: ${asText(item)}`);
  return parts.join("; ");
}
