/** Boxes that nothing connects, packed in rows in their order, as wide as a page rather than as one long line. */

import { GAP, type Layout, type LayoutInput } from "./types.js";

/** Width to height of the packed boxes. */
const ASPECT = 1.9;
/** Fewer boxes stand in one row. */
const FEW = 4;

/** Whether a group has nothing but boxes. */
export function isLoose({ n, edges, inPorts, outPorts }: LayoutInput): boolean {
  return n > FEW && edges === 0 && inPorts === 0 && outPorts === 0;
}

/** Rows in the order of the boxes; those of a row stand in the middle of its height. */
export function layoutGrid({ n, width, height }: LayoutInput): Layout {
  const limit = rowWidth(width, height);
  const [x, y, rank] = [new Float64Array(n), new Float64Array(n), new Int32Array(n)];
  let [top, row, widest] = [0, 0, 0];
  for (let start = 0; start < n; row += 1) {
    const stop = rowEnd(width, start, limit);
    const tall = height.subarray(start, stop).reduce((most, value) => Math.max(most, value), 0);
    let left = 0;
    for (let box = start; box < stop; box += 1) {
      x[box] = left;
      y[box] = top + (tall - height[box]!) / 2;
      rank[box] = row;
      left += width[box]! + GAP.box;
    }
    widest = Math.max(widest, left - GAP.box);
    top += tall + GAP.rank;
    start = stop;
  }
  const empty = { start: new Int32Array(1), points: new Float64Array(), stub: new Uint8Array() };
  return { ...empty, width: widest, height: top - GAP.rank, x, y, rank };
}

function rowWidth(width: Float64Array, height: Float64Array): number {
  let [area, widest] = [0, 0];
  for (let box = 0; box < width.length; box += 1) {
    area += (width[box]! + GAP.box) * (height[box]! + GAP.rank);
    widest = Math.max(widest, width[box]!);
  }
  return Math.max(widest, Math.sqrt(area * ASPECT));
}

/** One past the last box of a row. */
function rowEnd(width: Float64Array, start: number, limit: number): number {
  let stop = start + 1;
  let right = width[start]!;
  while (stop < width.length && right + GAP.box + width[stop]! <= limit) {
    right += GAP.box + width[stop]!;
    stop += 1;
  }
  return stop;
}
