/** How the values of a column are spread along its scale. */

import { place, type Scale } from "./scale.js";

export interface Histogram {
  readonly counts: Uint32Array;
  /** Rows without a value. */
  readonly unknown: number;
  /** Zeros, which have no place on a log scale; 0 on others. */
  readonly zeros: number;
  readonly infinite: number;
}

/** Equal bins along the scale, the last one closed; what lies beyond an end counts at the end. */
export function histogram(values: ArrayLike<number>, scale: Scale, bins: number): Histogram {
  const counts = new Uint32Array(bins);
  let [unknown, zeros, infinite] = [0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) unknown += 1;
    else if (!Number.isFinite(value)) infinite += 1;
    else if (scale.kind === "log" && value <= 0) zeros += 1;
    else counts[Math.min(bins - 1, Math.floor(place(scale, value) * bins))]! += 1;
  }
  return { counts, unknown, zeros, infinite };
}
