/** Both histograms as bars over the quantization grid: bars end between levels, so that each holds as many as the next. */

import type { QuantizationGrid, SharedHistogram } from "../../../data/index.js";

export interface StepBar {
  readonly low: number;
  readonly high: number;
  /** Values for each step of the grid, or for each bar where there is none. */
  readonly density: number;
  readonly count: number;
}

export interface StepBars {
  readonly float: readonly StepBar[];
  readonly variant: readonly StepBar[];
}

/** A grid whose levels are known. */
export interface Levels {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Part of a step by which roundings may be off. */
const SLACK = 1e-4;

export function levelsOf({ scale, zeroPoint }: QuantizationGrid): Levels | null {
  return scale !== null && scale > 0 ? { scale, zeroPoint: zeroPoint ?? 0 } : null;
}

/** The integer whose level is nearest to a value. */
export function levelAt({ scale, zeroPoint }: Levels, value: number): number {
  return Math.round(value / scale + zeroPoint);
}

/** Bars from `low` to `high`, at most about so many. */
export function stepBars(
  histogram: SharedHistogram,
  levels: Levels | null,
  low: number,
  high: number,
  most: number,
): StepBars {
  const unit = levels?.scale ?? (high - low) / most;
  const start = levels ? (levelAt(levels, low) - 0.5 - levels.zeroPoint) * levels.scale : low;
  const steps = Math.max(1, Math.ceil((high - start) / unit - SLACK));
  const together = Math.max(1, Math.ceil(steps / most));
  const apart = levels && together === 1 ? Math.max(1, Math.floor(most / steps)) : 1;
  const float = new Edges(start, (unit * together) / apart, Math.ceil((steps * apart) / together), unit);
  const variant = new Edges(start, unit * together, Math.ceil(steps / together), unit);
  for (let bin = 0; bin < histogram.low.length; bin += 1) {
    const [from, to] = [histogram.low[bin]!, histogram.high[bin]!];
    float.share(from, to, histogram.float[bin]!);
    land(variant, from, to, histogram.variant[bin]!, levels);
  }
  return { float: float.bars(), variant: variant.bars() };
}

/** What is on the grid lies at the levels within its bin, not all over it. */
function land(edges: Edges, from: number, to: number, count: number, levels: Levels | null): void {
  if (!levels || count === 0) return edges.share(from, to, count);
  const { scale, zeroPoint } = levels;
  const [first, last] = [Math.ceil(from / scale + zeroPoint - SLACK), Math.floor(to / scale + zeroPoint + SLACK)];
  if (last < first) return edges.share(from, to, count);
  for (let level = first; level <= last; level += 1) edges.put((level - zeroPoint) * scale, count / (last - first + 1));
}

/** Bars of one width, one beside the other. */
class Edges {
  readonly #start: number;
  readonly #width: number;
  readonly #unit: number;
  readonly #counts: Float64Array;

  constructor(start: number, width: number, amount: number, unit: number) {
    [this.#start, this.#width, this.#unit] = [start, width, unit];
    this.#counts = new Float64Array(Math.max(1, amount));
  }

  put(value: number, count: number): void {
    const at = Math.floor((value - this.#start) / this.#width);
    if (at >= 0 && at < this.#counts.length) this.#counts[at]! += count;
  }

  /** A bin that reaches over several bars is shared out evenly among them. */
  share(from: number, to: number, count: number): void {
    if (count === 0) return;
    if (!(to > from)) return this.put(from, count);
    const [first, last] = [from, to].map((value) => (value - this.#start) / this.#width) as [number, number];
    for (let at = Math.max(0, Math.floor(first)); at <= Math.min(this.#counts.length - 1, Math.floor(last)); at += 1) {
      const part = Math.min(last, at + 1) - Math.max(first, at);
      if (part > 0) this.#counts[at]! += (count * part) / (last - first);
    }
  }

  bars(): StepBar[] {
    const perUnit = this.#unit / this.#width;
    return Array.from(this.#counts, (count, at) => {
      const low = this.#start + at * this.#width;
      return { low, high: low + this.#width, count, density: count * perUnit };
    });
  }
}
