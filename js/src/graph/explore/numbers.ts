/** Numbers in a query: `1e9`, `2.5M`, `64KiB`, `3ms`, and ranges `1e6..1e9`. */

import type { Operator } from "./query.js";

const AMOUNT = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµ%]*)$/i;

const PREFIXES: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };
const BINARY: Readonly<Record<string, number>> = { ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, pi: 2 ** 50 };
const MICROSECONDS: Readonly<Record<string, number>> = { ns: 1e-3, us: 1, µs: 1, ms: 1e3, s: 1e6 };

/** NaN for what is no amount. `unit` is the column's: an `s` counts seconds only where it holds a time. */
export function parseAmount(text: string, unit: string): number {
  const match = AMOUNT.exec(text.trim());
  return match ? Number(match[1]) * factor(match[2]!.toLowerCase(), unit) : Number.NaN;
}

function factor(suffix: string, unit: string): number {
  if (unit === "us" && Object.hasOwn(MICROSECONDS, suffix)) return MICROSECONDS[suffix]!;
  if (suffix === "%") return 0.01;
  const prefix = unit === "B" ? suffix.replace(/b$/, "") : suffix;
  if (Object.hasOwn(BINARY, prefix)) return BINARY[prefix]!;
  return Object.hasOwn(PREFIXES, prefix) ? PREFIXES[prefix]! : Number.NaN;
}

export type Test = (value: number) => boolean;

/** What a comparison asks of a number; null where its value cannot be read. */
export function parseTest(operator: Operator, text: string, unit: string): Test | null {
  if (operator === ":" || operator === "=") {
    const cut = text.indexOf("..");
    if (cut >= 0) return between(text.slice(0, cut), text.slice(cut + 2), unit);
  }
  const amount = parseAmount(text, unit);
  return Number.isNaN(amount) ? null : compare(operator, amount);
}

function between(low: string, high: string, unit: string): Test | null {
  const [from, to] = [low ? parseAmount(low, unit) : -Infinity, high ? parseAmount(high, unit) : Infinity];
  if (Number.isNaN(from) || Number.isNaN(to) || (!low && !high)) return null;
  return (value) => value >= from && value <= to;
}

function compare(operator: Operator, amount: number): Test {
  switch (operator) {
    case ">":
      return (value) => value > amount;
    case ">=":
      return (value) => value >= amount;
    case "<":
      return (value) => value < amount;
    case "<=":
      return (value) => value <= amount;
    case "!=":
      return (value) => value !== amount;
    default:
      return (value) => value === amount;
  }
}
