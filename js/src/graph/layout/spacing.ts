/** How much room neighbours in a rank keep, and what stands in line with what. */

import { GAP, type Proper } from "./types.js";

/** Only groups are wider than this; two whose widths are within this ratio stand in a row. */
const WIDE = 195;
const ALIKE = 0.6;
/** A point this far from the middle of a very wide group is not followed: the drawing would be a flight of stairs. */
const FAR = 500;

/**
 * How far right of its upper node's centre the lower node of a segment stands when the two are in line: their points
 * above each other, or the centres of two groups of a size, which by their points would make a stair.
 */
export function inLine({ from, to, fromDx, toDx, width }: Proper, s: number): number {
  const [upper, lower] = [width[from[s]!]!, width[to[s]!]!];
  const [least, most] = [Math.min(upper, lower), Math.max(upper, lower)];
  const offset = fromDx[s]! - toDx[s]!;
  const row = least > WIDE && least > ALIKE * most;
  const stairs = least > 0 && Math.abs(offset) > FAR;
  return row || stairs ? 0 : offset;
}

/** Least distance between the centres of two neighbours in a rank. */
export function distance(proper: Proper, a: number, b: number): number {
  const dummies = (a >= proper.real ? 1 : 0) + (b >= proper.real ? 1 : 0);
  const gap = dummies === 0 ? GAP.box : dummies === 1 ? GAP.mixed : GAP.edge;
  return (proper.width[a]! + proper.width[b]!) / 2 + gap;
}

/** Left and right end of a drawing. */
export function extent(proper: Proper, x: Float64Array): [number, number] {
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let node = 0; node < x.length; node += 1) {
    left = Math.min(left, x[node]! - proper.width[node]! / 2);
    right = Math.max(right, x[node]! + proper.width[node]! / 2);
  }
  return [left, right];
}
