/** From where to where the values of a tensor are shown, and what of them the grid holds. */

import type { Limits } from "../../../activations/color/limits.js";
import type { QuantizationGrid, SharedHistogram } from "../../../data/index.js";

/** A grid that reaches so many times as far as the values would leave them a sliver. */
const MOST_GRID = 3;

/** The values, and the ends of the grid where these are not far off. */
export function extentOf(values: Limits, { low, high, scale }: QuantizationGrid): Limits {
  const span = values.high - values.low;
  if (low === null || high === null) return padded(values);
  // Half a step belongs to the last level; what is beyond begins there.
  const room = 0.75 * (scale ?? 0);
  const all = { low: Math.min(values.low, low - room), high: Math.max(values.high, high + room) };
  return padded(all.high - all.low <= MOST_GRID * span ? all : values);
}

/** From the least to the greatest float value that was counted; null: none was. */
export function rangeOf({ low, high, float }: SharedHistogram): Limits | null {
  const first = float.findIndex((count) => count > 0);
  const last = float.findLastIndex((count) => count > 0);
  return first < 0 ? null : { low: low[first]!, high: high[last]! };
}

/** Share of the grid's levels that lie within limits; null: there is no grid. */
export function usedShare({ low, high }: Limits, grid: QuantizationGrid): number | null {
  if (grid.low === null || grid.high === null || !(grid.high > grid.low)) return null;
  return Math.max(0, Math.min(high, grid.high) - Math.max(low, grid.low)) / (grid.high - grid.low);
}

/** The outermost values do not touch the frame. */
function padded({ low, high }: Limits): Limits {
  const room = (high - low) * 0.015 || Math.abs(low) / 2 || 1;
  return { low: low - room, high: high + room };
}
