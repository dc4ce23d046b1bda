/** Axes for measured values, which lie on both sides of zero and may span many powers of ten. */

import type { Scale } from "../../views/charts/scale.js";

/** Pixels that a tick of an axis takes: numbers are wider than high. */
const TICK = { across: 64, up: 18 };
/** Powers of ten below the largest magnitude that an axis tells apart. */
const MOST_DECADES = 8;

export type AxisKind = "linear" | "log";

/** `tiny` is the least magnitude that matters to a logarithmic axis: it is linear around zero. */
export function valueAxis(
  kind: AxisKind,
  low: number,
  high: number,
  tiny: number,
  from: number,
  to: number,
  decades = MOST_DECADES,
): Scale {
  const [start, stop] = widened(low, high);
  const most = Math.max(2, Math.floor(Math.abs(to - from) / room(from, to)));
  if (kind === "linear") return axis(start, stop, from, to, (value) => value, linearTicks(start, stop, most));
  const largest = Math.max(Math.abs(start), Math.abs(stop));
  const least = Math.min(largest, Math.max(tiny, largest / 10 ** decades));
  const base = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return axis(start, stop, from, to, logOf(base), logTicks(start, stop, base, most), powerOf(base));
}

/** Linear up to `base`, a unit for each power of ten beyond it. */
function logOf(base: number): (value: number) => number {
  return (value) => {
    const magnitude = Math.abs(value) / base;
    return magnitude <= 1 ? value / base : Math.sign(value) * (1 + Math.log10(magnitude));
  };
}

function powerOf(base: number): (place: number) => number {
  return (place) => {
    const magnitude = Math.abs(place);
    return magnitude <= 1 ? place * base : Math.sign(place) * base * 10 ** (magnitude - 1);
  };
}

type Bend = (value: number) => number;

function axis(
  low: number,
  high: number,
  from: number,
  to: number,
  bend: Bend,
  ticks: readonly number[],
  straighten: Bend = bend,
): Scale {
  const [start, stop] = [bend(low), bend(high)];
  const scale = (value: number): number => from + ((bend(value) - start) / (stop - start)) * (to - from);
  return Object.assign(scale, {
    invert: (pixel: number): number => straighten(start + ((pixel - from) / (to - from)) * (stop - start)),
    ticks: ticks.filter((tick) => tick >= low && tick <= high && clear(scale(tick), scale(0), room(from, to))),
  });
}

/** Powers of ten crowd around zero, whose tick is worth more than theirs. */
function clear(place: number, zero: number, room: number): boolean {
  const apart = Math.abs(place - zero);
  return apart < 1e-9 || apart > room / 2;
}

/** Pixels that a tick takes. Pixels run down: an axis whose values run up starts at its lower end. */
function room(from: number, to: number): number {
  return to < from ? TICK.up : TICK.across;
}

/** An axis of one value has no length: it gets some to both sides. */
function widened(low: number, high: number): readonly [number, number] {
  if (!(Number.isFinite(low) && Number.isFinite(high))) return [0, 1];
  if (high > low) return [low, high];
  const room = Math.abs(low) / 2 || 1;
  return [low - room, low + room];
}

/** An axis that has but one tick says nothing of its scale: with so many ticks at most it is left at that. */
const MOST_TRIED = 6;

/** Steps of 1, 2 or 5 times a power of ten. */
function linearTicks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((nice) => nice * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  if (count < 2 && most < MOST_TRIED) return linearTicks(low, high, most + 1);
  // Multiples of the step, not sums of it: 0.3, not 0.30000000000000004.
  return Array.from({ length: Math.max(0, count) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

function logTicks(low: number, high: number, base: number, most: number): number[] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const powers = Math.max(1, Math.floor(Math.log10(largest / base) + 1e-9) + 1);
  const both = low < 0 && high > 0;
  const stride = Math.ceil((powers * (both ? 2 : 1)) / most);
  const sizes: number[] = [];
  // From the largest down, so that the ends of the axis have their tick.
  for (let power = powers - 1; power >= 0; power -= stride) sizes.push(Number((base * 10 ** power).toPrecision(6)));
  return [...sizes.map((size) => -size), 0, ...sizes.reverse()];
}
