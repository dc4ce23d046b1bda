/** Which values get the first and the last colour. */

import type { Pictured, TensorDocument } from "../panel.js";
import type { ColorMap } from "../settings.js";
import { isDifference } from "../subject.js";
import { NAN_CODE, type Tile, TOP } from "../tiles/tile.js";
import type { TableName } from "./tables.js";

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Share of the values beyond robust limits at either end. */
const TAIL = 0.001;
const BUCKETS = 1024;
/** Values on the lesser side of zero that make a scale diverge, against the greater. */
const LOPSIDED = 0.02;

/** The least and greatest value of a tensor over all samples, or robustly; null: unknown, or differences are shown. */
export function measuredLimits(shown: Pictured): Limits | null {
  if (isDifference(shown)) return null;
  const { doc, row, settings } = shown;
  const all = pair(doc.value(row, "min"), doc.value(row, "max"));
  const most = settings.limits === "robust" ? pair(doc.value(row, "q001"), doc.value(row, "q999")) : null;
  // Where 99.8 % are one value, the others are what there is to see.
  if (!most || most.low === most.high) return all;
  return within(most, usual(doc, row));
}

function pair(low: number | null, high: number | null): Limits | null {
  return low === null || high === null ? null : { low, high };
}

/** The part of robust limits that channels which are no outliers reach: one outlier of 64 holds far more than 0.2 %. */
function within(most: Limits, some: Limits | null): Limits {
  const part = some && { low: Math.max(most.low, some.low), high: Math.min(most.high, some.high) };
  return part && part.low < part.high ? part : most;
}

/** Range of the channels that are no outliers; null: there are no channels, or none is marked. */
function usual(doc: TensorDocument, row: number): Limits | null {
  const [outlier, min, max] = ["outlier", "min", "max"].map((name) => doc.channelValues(row, name));
  if (!outlier || !min || !max || !outlier.includes(1)) return null;
  let [low, high] = [Infinity, -Infinity];
  outlier.forEach((flag, channel) => {
    if (flag === 1 || Number.isNaN(min[channel])) return;
    low = Math.min(low, min[channel]!);
    high = Math.max(high, max[channel]!);
  });
  return { low, high };
}

export function union(a: Limits | null, b: Limits | null): Limits | null {
  if (!a || !b) return a ?? b;
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** Limits of one picture; null: it has no number. */
export function tileLimits(tile: Tile, robust: boolean): Limits | null {
  if (!Number.isFinite(tile.low) || !Number.isFinite(tile.high)) return null;
  return robust ? robustOf(tile) : { low: tile.low, high: tile.high };
}

const known = new WeakMap<Tile, Limits>();

function robustOf(tile: Tile): Limits {
  const before = known.get(tile);
  if (before) return before;
  const counts = new Uint32Array(BUCKETS);
  let total = 0;
  for (const code of tile.codes) {
    if (code >= NAN_CODE) continue;
    counts[Math.floor((code * BUCKETS) / (TOP + 1))]! += 1;
    total += 1;
  }
  const limits = trimmed(tile, counts, total * TAIL);
  known.set(tile, limits);
  return limits;
}

function trimmed({ low, high }: Tile, counts: Uint32Array, most: number): Limits {
  let [first, last] = [0, BUCKETS - 1];
  for (let sum = 0; first < last && sum + counts[first]! <= most; first += 1) sum += counts[first]!;
  for (let sum = 0; last > first && sum + counts[last]! <= most; last -= 1) sum += counts[last]!;
  const value = (bucket: number): number => low + ((high - low) * bucket) / BUCKETS;
  return { low: value(first), high: value(last + 1) };
}

/** The table that shows values between limits best: one that turns at zero where they lie on both sides of it. */
export function tableFor(map: ColorMap, limits: Limits | null, difference: boolean): TableName {
  if (map !== "auto") return map;
  if (difference) return "diverging";
  const [below, above] = [Math.max(0, -(limits?.low ?? 0)), Math.max(0, limits?.high ?? 0)];
  return Math.min(below, above) > LOPSIDED * Math.max(below, above) ? "diverging" : "viridis";
}

/** The limits as a table wants them: as far below zero as above, if it turns there. */
export function fitted(limits: Limits | null, name: TableName): Limits {
  const { low, high } = limits ?? { low: 0, high: 0 };
  if (name === "diverging") {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return { low: -most, high: most };
  }
  return low < high ? { low, high } : { low, high: low + (Math.abs(low) || 1) };
}
