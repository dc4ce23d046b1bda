/** Boxes that nothing connects, packed in rows in their order, as wide as a page rather than as one long line. */

import { GAP, type Layout, type LayoutInput } from "./types.js";

/** Width to height of what the packed boxes should fill: less than a page, whose left has the legend. */
const ASPECT = 1.4;
/** Widths that are tried, as parts of the width of a square as large as the boxes. */
const TRIED = [0.5, 0.7, 0.85, 1, 1.15, 1.3, 1.5, 1.75, 2, 2.4, 3, 4];

/** Whether a group has nothing but boxes. */
export function isLoose({ n, edges, inPorts, outPorts }: LayoutInput): boolean {
  return n > 1 && edges === 0 && inPorts === 0 && outPorts === 0;
}

interface Row {
  readonly start: number;
  readonly stop: number;
  readonly width: number;
  readonly height: number;
}

/** Rows in the order of the boxes; those of a row stand in the middle of its height. */
export function layoutGrid({ n, width, height }: LayoutInput): Layout {
  const rows = bestRows(width, height);
  const [x, y, rank] = [new Float64Array(n), new Float64Array(n), new Int32Array(n)];
  let top = 0;
  rows.forEach((row, number) => {
    let left = 0;
    for (let box = row.start; box < row.stop; box += 1) {
      x[box] = left;
      y[box] = top + (row.height - height[box]!) / 2;
      rank[box] = number;
      left += width[box]! + GAP.box;
    }
    top += row.height + GAP.rank;
  });
  const empty = { start: new Int32Array(1), points: new Float64Array(), stub: new Uint8Array() };
  return { ...empty, width: widest(rows), height: top - GAP.rank, x, y, rank };
}

/** The rows that can be drawn largest on the page. */
function bestRows(width: Float64Array, height: Float64Array): Row[] {
  let area = 0;
  for (let box = 0; box < width.length; box += 1) area += (width[box]! + GAP.box) * (height[box]! + GAP.rank);
  const side = Math.sqrt(area);
  const choices = TRIED.map((part) => makeRows(width, height, part * side));
  return choices.reduce((best, rows) => (extent(rows) < extent(best) ? rows : best));
}

/** How large a page has to be, as its height. */
function extent(rows: readonly Row[]): number {
  const height = rows.reduce((sum, row) => sum + row.height + GAP.rank, -GAP.rank);
  return Math.max(height, widest(rows) / ASPECT);
}

function widest(rows: readonly Row[]): number {
  return rows.reduce((most, row) => Math.max(most, row.width), 0);
}

function makeRows(width: Float64Array, height: Float64Array, limit: number): Row[] {
  const rows: Row[] = [];
  for (let start = 0; start < width.length; ) {
    let [stop, right, tall] = [start + 1, width[start]!, height[start]!];
    while (stop < width.length && right + GAP.box + width[stop]! <= limit) {
      right += GAP.box + width[stop]!;
      tall = Math.max(tall, height[stop]!);
      stop += 1;
    }
    rows.push({ start, stop, width: right, height: tall });
    start = stop;
  }
  return rows;
}
