/** The sides of a comparison as pictures: who they are, what they are called, in which colours. */

import type { Limits } from "../../../activations/color/limits.js";
import type { Pictured } from "../../../activations/panel.js";
import type { Side } from "../../../activations/source.js";
import type { DivergenceDocument } from "../../../data/index.js";
import type { Inspected } from "../scene.js";

/** Share of the float values beyond robust limits at either end. */
const TAIL = 0.001;

export function sideOf({ divergence, row, sample, settings }: Inspected, which: Side): Pictured {
  return { doc: divergence, row, sample, against: null, mean: false, which, settings };
}

/** "Quantized" where there are integers, else "Variant". */
export function variantWord(divergence: DivergenceDocument, row: number): string {
  return divergence.grid(row).bits === null ? "Variant" : "Quantized";
}

/** "Quantized, 8 bits", "Variant, float16". */
export function variantName(divergence: DivergenceDocument, row: number): string {
  const { bits } = divergence.grid(row);
  const kind = bits === null ? divergence.text(row, "precision") : `${bits} bits`;
  return [variantWord(divergence, row), kind].filter((part) => part !== "").join(", ");
}

/** Limits of the colours of both sides, from the float values over all samples; null: they were not counted. */
export function valueLimits({ divergence, row, settings }: Inspected): Limits | null {
  const histogram = divergence.histogram(row);
  if (!histogram) return null;
  const { low, high, float } = histogram;
  const total = float.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) return null;
  const most = settings.limits === "robust" ? TAIL * total : 0;
  const [first, last] = [endOf(float, most, 0, 1), endOf(float, most, float.length - 1, -1)];
  const limits = { low: low[first]!, high: high[last]! };
  return limits.low < limits.high ? limits : null;
}

/** The first bin from an end that leaves no more than `most` values behind it. */
function endOf(counts: Float64Array, most: number, from: number, step: number): number {
  let [at, left] = [from, 0];
  while (at + step >= 0 && at + step < counts.length && left + counts[at]! <= most) {
    left += counts[at]!;
    at += step;
  }
  return at;
}
