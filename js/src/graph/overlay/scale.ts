/** Colours of numbers. Viridis: even steps to the eye, safe for colour-blind people, readable in grey. */

import { mix, type Rgb } from "../paint/theme.js";

/** Seventeen samples of matplotlib's viridis (CC0). */
const VIRIDIS: readonly Rgb[] = [
  [68, 1, 84],
  [72, 24, 106],
  [71, 45, 123],
  [66, 64, 134],
  [59, 82, 139],
  [51, 99, 141],
  [44, 114, 142],
  [38, 130, 142],
  [33, 145, 140],
  [31, 160, 136],
  [40, 174, 128],
  [63, 188, 115],
  [94, 201, 98],
  [132, 212, 75],
  [173, 220, 48],
  [216, 226, 25],
  [253, 231, 37],
];

/** Okabe and Ito's eight, for categories. */
const DISTINCT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8a8a8a"] as const;

export function viridis(t: number): string {
  const at = Math.max(0, Math.min(1, t)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return mix(VIRIDIS[low]!, VIRIDIS[low + 1]!, at - low);
}

export function distinct(index: number): string {
  return DISTINCT[index % DISTINCT.length]!;
}

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
}

/** The range of known values; logarithmic where they are positive and span more than three decades. */
export function rangeOf(values: Iterable<number>): Range | null {
  let [min, max, least] = [Infinity, -Infinity, Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (value > 0) least = Math.min(least, value);
  }
  if (min > max) return null;
  const log = min >= 0 && max / least > 1000;
  return { min: log ? Math.max(least, max / 1e6) : min, max, log };
}

/** Place of a value in its range, 0 to 1. */
export function normalize(value: number, range: Range): number {
  if (range.max <= range.min) return 1;
  if (!range.log) return (value - range.min) / (range.max - range.min);
  if (value <= range.min) return 0;
  return Math.log(value / range.min) / Math.log(range.max / range.min);
}
