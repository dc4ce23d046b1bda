/** Histograms as bars: the bins as they were counted, or spread evenly over a linear axis. */

import type { Histogram } from "../../data/activations.js";

export interface Bar {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** The bins that were counted, without the empty ones. */
export function countedBars({ low, high, count }: Histogram): Bar[] {
  const bars: Bar[] = [];
  for (let at = 0; at < count.length; at += 1) {
    if (count[at]! > 0) bars.push({ low: low[at]!, high: high[at]!, count: count[at]! });
  }
  return bars;
}

/** As many equal bars between two values; a bin that reaches over several is shared out evenly among them. */
export function evenBars(histogram: Histogram, low: number, high: number, amount: number): Bar[] {
  const counts = new Float64Array(amount);
  const width = (high - low) / amount;
  for (const bin of countedBars(histogram)) share(bin, counts, low, width);
  return Array.from(counts, (count, at) => ({ low: low + at * width, high: low + (at + 1) * width, count }));
}

function share(bin: Bar, counts: Float64Array, low: number, width: number): void {
  const last = counts.length - 1;
  const place = (value: number): number => Math.floor((value - low) / width);
  const [first, final] = [place(bin.low), place(bin.high)];
  if (final < 0 || first > last + 1) return;
  if (!(bin.high > bin.low) || first === final) {
    // The greatest value belongs to the last bar, which it ends.
    if (first <= last || bin.low <= low + (last + 1) * width * (1 + 1e-9))
      add(counts, Math.min(first, last), bin.count);
    return;
  }
  const density = bin.count / (bin.high - bin.low);
  for (let at = Math.max(0, first); at <= Math.min(last, final); at += 1) {
    const [from, to] = [Math.max(bin.low, low + at * width), Math.min(bin.high, low + (at + 1) * width)];
    if (to > from) add(counts, at, density * (to - from));
  }
}

function add(counts: Float64Array, at: number, count: number): void {
  if (at >= 0) counts[at] = counts[at]! + count;
}

/** Of the values that are not zero, so many may be smaller than what a logarithmic axis tells apart. */
const LOST = 0.001;

/** The magnitude above which nearly all values that are not zero lie; 0 where there are none. */
export function tiniest(histogram: Histogram): number {
  const bins = countedBars(histogram)
    .filter(({ low, high }) => low !== 0 || high !== 0)
    .map(({ low, high, count }) => ({ edge: Math.min(Math.abs(low), Math.abs(high)) || Math.max(-low, high), count }))
    .sort((a, b) => a.edge - b.edge);
  let left = LOST * bins.reduce((sum, { count }) => sum + count, 0);
  for (const { edge, count } of bins) {
    left -= count;
    if (left < 0) return edge;
  }
  return 0;
}
