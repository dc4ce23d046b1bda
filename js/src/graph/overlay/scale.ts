/** Where a number stands between the least and the greatest: the axis that colours, ticks and histogram share. */

import type { ScaleHint } from "../../data/index.js";

export type ScaleKind = "linear" | "log" | "diverging";

export interface Scale {
  readonly kind: ScaleKind;
  readonly min: number;
  readonly max: number;
  /** Where a diverging scale turns. */
  readonly center: number;
  /** Whether values lie beyond an end and share its colour. */
  readonly below: boolean;
  readonly above: boolean;
}

/** What the user asks for; auto: as the column or its values say. */
export interface ScaleChoice {
  readonly kind: "auto" | "linear" | "log";
  /** Stretches the colours over these values. */
  readonly domain: readonly [number, number] | null;
}

export const AUTO: ScaleChoice = { kind: "auto", domain: null };

export interface Hint {
  readonly scale?: ScaleHint | null;
  readonly center?: number | null;
}

/** Positive values that span more than this are easier to tell apart by their logarithms. */
const LOG_FROM = 1000;
/** A log scale reaches this far down from its top: what is smaller does not matter beside it. */
const LOG_DEPTH = 1e6;

/** What the choice of a scale rests on. */
export interface Spread {
  readonly least: number;
  readonly most: number;
  /** The least of the values above zero, 0 where there are none. */
  readonly leastPositive: number;
  /** Finite values in order, a part of them where there are many. */
  readonly sample: Float64Array;
}

/** Enough for quantiles; to sort a hundred thousand values would take longer than all the rest. */
const SAMPLE = 4096;

/** The spread of the finite values, as others have no place on a scale; null where there are none. */
export function spreadOf(values: ArrayLike<number>): Spread | null {
  let [least, most, leastPositive, count] = [Infinity, -Infinity, Infinity, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    count += 1;
    if (value < least) least = value;
    if (value > most) most = value;
    if (value > 0 && value < leastPositive) leastPositive = value;
  }
  if (count === 0) return null;
  const sample = sortedFinite(values, Math.ceil(count / SAMPLE));
  return { least, most, leastPositive: leastPositive === Infinity ? 0 : leastPositive, sample };
}

/** Finite values in order; with a stride, one in so many. */
export function sortedFinite(values: ArrayLike<number>, stride = 1): Float64Array {
  const kept = new Float64Array(values.length);
  let [seen, count] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isFinite(value) && seen++ % stride === 0) kept[count++] = value;
  }
  return kept.slice(0, count).sort();
}

/** The scale for values spread like this; null where there are none. */
export function chooseScale(spread: Spread | null, hint: Hint, choice: ScaleChoice = AUTO): Scale | null {
  if (!spread) return null;
  const wanted = choice.kind === "auto" ? autoKind(spread, hint.scale ?? null) : choice.kind;
  const kind = wanted === "log" && !logFits(spread) ? "linear" : wanted;
  const [min, max] = choice.domain ?? extent(spread, kind);
  const center = hint.center ?? 0;
  const ends = { below: spread.least < min, above: spread.most > max };
  if (kind !== "diverging" || choice.domain) return { kind, min, max, center, ...ends };
  // Equal distances from the centre get equal strength, so both sides reach as far.
  const reach = Math.max(Math.abs(min - center), Math.abs(max - center));
  return { kind, min: center - reach, max: center + reach, center, ...ends };
}

/** Whether a logarithm makes sense: nothing negative, something positive. */
export function logFits(spread: Spread | null): boolean {
  return spread !== null && spread.least >= 0 && spread.most > 0;
}

function autoKind(spread: Spread, hint: ScaleHint | null): ScaleKind {
  if (hint === "linear" || hint === "log" || hint === "diverging") return hint;
  if (spread.least < 0 && spread.most > 0) return "diverging";
  return logFits(spread) && spread.most / spread.leastPositive > LOG_FROM ? "log" : "linear";
}

function extent({ least, most, leastPositive, sample }: Spread, kind: ScaleKind): readonly [number, number] {
  if (kind === "log") return [Math.max(leastPositive, most / LOG_DEPTH), most];
  // Without single values so far out that all others would share one colour.
  const [low, high] = [quantile(sample, 0.02), quantile(sample, 0.98)];
  const far = FAR * (high - low);
  if (sample.length < FEW || far <= 0) return [least, most];
  return [least < low - far ? low : least, most > high + far ? high : most];
}

const FEW = 20;
const FAR = 5;

/** As numpy's default: linear between neighbours. */
export function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (b - a) * (place - low);
}

/** Place of a value on its scale, 0 to 1; beyond the ends it is the end, on a scale without width the middle. */
export function place(scale: Scale, value: number): number {
  const { kind, min, max } = scale;
  if (max <= min) return value < min ? 0 : value > max ? 1 : 0.5;
  if (value <= min) return 0;
  if (value >= max) return 1;
  if (kind === "log") return (Math.log10(value) - Math.log10(min)) / (Math.log10(max) - Math.log10(min));
  // Halves, because the difference of the ends may be beyond the largest number.
  return (value / 2 - min / 2) / (max / 2 - min / 2);
}

/** The value at a place, the inverse of `place`. */
export function valueAt(scale: Scale, t: number): number {
  const { kind, min, max } = scale;
  if (t <= 0) return min;
  if (t >= 1) return max;
  return kind === "log" ? min * (max / min) ** t : min * (1 - t) + max * t;
}

/** How many sorted values lie in a closed range. */
export function countBetween(sorted: Float64Array, low: number, high: number): number {
  return Math.max(0, lowerBound(sorted, high, true) - lowerBound(sorted, low, false));
}

/** Index of the first value ≥ `value`, or with `after` the first > `value`. */
function lowerBound(sorted: Float64Array, value: number, after: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (after && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
