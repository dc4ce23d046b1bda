/** Histograms as bars: the bins as they were counted, or spread evenly over an axis. */

import type { Histogram } from "../../data/activations.js";
import type { Scale } from "../../views/charts/scale.js";

/** Part of a bar by which roundings may be off. */
const EDGE = 1e-6;

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

/**
 * As many bars as an axis from 0 to `amount` has room for, equally wide on it; a bin that reaches over several is shared
 * out evenly among them. What is one value alone, as zero is, joins the bar around it, or with `apart` stays by itself.
 */
export function evenBars(histogram: Histogram, axis: Scale, amount: number, apart = false): Bar[] {
  const counts = new Float64Array(amount);
  const alone: Bar[] = [];
  for (const bin of countedBars(histogram)) {
    if (apart && bin.low === bin.high) alone.push(bin);
    else share(bin, counts, axis);
  }
  const even = Array.from(counts, (count, at) => ({ low: axis.invert(at), high: axis.invert(at + 1), count }));
  return [...even, ...alone].sort((a, b) => a.low - b.low);
}

function share(bin: Bar, counts: Float64Array, axis: Scale): void {
  const [from, to] = [axis(bin.low), axis(bin.high)];
  const last = counts.length - 1;
  const [first, final] = [Math.floor(from + EDGE), Math.floor(to - EDGE)];
  if (final <= first) {
    // The greatest value belongs to the last bar, which it ends.
    const at = from > last + 1 - EDGE && from < last + 1 + EDGE ? last : first;
    if (at >= 0 && at <= last) counts[at] = counts[at]! + bin.count;
    return;
  }
  for (let at = Math.max(0, first); at <= Math.min(last, final); at += 1) {
    const part = Math.min(to, at + 1) - Math.max(from, at);
    if (part > 0) counts[at] = counts[at]! + (bin.count * part) / (to - from);
  }
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
