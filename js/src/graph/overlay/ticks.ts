/** Round values along a scale, with their words. */

import { format } from "../../data/index.js";
import { place, type Scale } from "./scale.js";

export interface Tick {
  /** Place on the scale, 0 to 1. */
  readonly at: number;
  readonly text: string;
}

/** Units that the formatter turns into words of their own; others are said once, beside the title. */
const SPOKEN = new Set(["B", "us", "%", "MAC", "FLOP"]);

/** The unit to show beside a title, "" where the numbers carry it. */
export function titleUnit(unit: string): string {
  return SPOKEN.has(unit) ? "" : unit;
}

/** A value in few letters, without the unit that stands beside the title. */
export function tickText(value: number, unit: string): string {
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  return format.withUnit(value, SPOKEN.has(unit) ? unit : "").replace(/^-/, "−");
}

/** A value with its unit; infinities by their sign. */
export function valueText(value: number, unit: string): string {
  return Math.abs(value) === Infinity ? tickText(value, unit) : format.withUnit(value, unit);
}

/** About `most` ticks, in order. Bytes are round in powers of two. */
export function ticks(scale: Scale, unit: string, most = 4): Tick[] {
  const { kind, min, max } = scale;
  if (max <= min) return [{ at: 0.5, text: tickText(min, unit) }];
  const base = unit === "B" ? 1024 : 10;
  const values = kind === "log" ? powers(min, max, base, most) : steps(min, max, base, most);
  const shown = values.length > 1 ? values : [min, max];
  return shown.map((value) => ({ at: place(scale, value), text: tickText(value, unit) }));
}

/** Powers of the base, every second, third, … where there are many; where there are few, halves too. */
function powers(min: number, max: number, base: number, most: number): number[] {
  const step = Math.log(base);
  const [first, last] = [Math.ceil(Math.log(min) / step - 1e-9), Math.floor(Math.log(max) / step + 1e-9)];
  const stride = Math.max(1, Math.ceil((last - first + 1) / most));
  const values: number[] = [];
  for (let power = first; power <= last; power += stride) values.push(base ** power);
  if (values.length > 1) return values;
  return base === 1024 ? powers(min, max, 32, most) : [];
}

function steps(min: number, max: number, base: number, most: number): number[] {
  const span = max / most - min / most;
  const size = base === 1024 ? 2 ** Math.ceil(Math.log2(span)) : nice(span);
  if (!Number.isFinite(size) || size <= 0) return [];
  const values: number[] = [];
  for (let i = Math.ceil(min / size - 1e-9); i * size <= max + size * 1e-9 && values.length <= 2 * most; i += 1) {
    values.push(i * size || 0);
  }
  return values;
}

/** The least of 1, 2, 5 times a power of ten that is not below `step`. */
function nice(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = step / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}
