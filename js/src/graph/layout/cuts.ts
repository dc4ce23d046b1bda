/** Decides whether a tall drawing is better read in columns, and between which ranks it is cut. */

import type { Layout, LayoutInput } from "./types.js";

/** Only what is taller than this, and this much taller than wide, is cut. */
const TALL = 4200;
const RATIO = 5;
/** With fewer ranks a drawing is read from top to bottom, unless it is a thread for all that. */
const MANY_RANKS = 8;
const THREAD = 12;
/** From here on columns are needed whatever they hide. */
const VERY_TALL = 20_000;
/** More than this many skip connections must not become stubs for the sake of columns. */
const MOST_HIDDEN = 1;
const FEW_READERS = 2;
/** Width to height of the result. */
const ASPECT = 1.5;
/** Room for edges between two columns. */
export const GUTTER = 44;
/** No column of several ranks is this much taller than wanted, and few are shorter than the least share. */
const LONGEST = 1.7;
const SHORTEST = 0.45;
const TOO_SHORT = 1;
/** What one edge across a cut costs; a column a third too tall costs a ninth. */
const CROSSING = 0.06;

/** Whether columns would hide too much: edges that become stubs although their source has few readers. */
export function hidesTooMuch(input: LayoutInput, layout: Layout, stub: Uint8Array): boolean {
  if (layout.height > VERY_TALL) return false;
  const readers = new Int32Array(layout.x.length);
  for (const from of input.from) readers[from]! += 1;
  let hidden = 0;
  for (let e = 0; e < input.edges; e += 1) {
    if (stub[e] && !layout.stub[e] && readers[input.from[e]!]! <= FEW_READERS) hidden += 1;
  }
  return hidden > MOST_HIDDEN;
}

/** The column of each rank; null where the drawing is fine as it is. */
export function chooseColumns(input: LayoutInput, layout: Layout, ranks: number): Int32Array | null {
  const { width, height } = layout;
  if (height < TALL || height < (ranks < MANY_RANKS ? THREAD : RATIO) * width) return null;
  const top = rankTops(layout, ranks);
  const columns = Math.max(2, Math.round(Math.sqrt((ASPECT * height) / (width + GUTTER))));
  const column = cheapestCuts(top, crossedCuts(input, layout, ranks), height / columns);
  return column.at(-1) === 0 ? null : column;
}

/** Top of each rank, and the bottom of the last. */
function rankTops(layout: Layout, ranks: number): Float64Array {
  const top = new Float64Array(ranks + 1).fill(Number.POSITIVE_INFINITY);
  top[ranks] = layout.height;
  layout.rank.forEach((rank, node) => {
    top[rank] = Math.min(top[rank]!, layout.y[node]!);
  });
  return top;
}

/** How many lines pass from above each rank into it or past it; those that share their source count once. */
function crossedCuts(input: LayoutInput, { rank, stub }: Layout, ranks: number): Int32Array {
  const change = new Int32Array(ranks + 1);
  const reach = new Map<string, [number, number]>();
  for (let e = 0; e < input.edges; e += 1) {
    const [a, b] = [rank[input.from[e]!]!, rank[input.to[e]!]!];
    // Border points stand on the border above or below any column.
    if (stub[e] || input.from[e]! >= input.n || input.to[e]! >= input.n) continue;
    const key = `${input.from[e]} ${input.fromDx[e]}`;
    const known = reach.get(key);
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    reach.set(key, known ? [Math.min(low, known[0]), Math.max(high, known[1])] : [low, high]);
  }
  for (const [low, high] of reach.values()) {
    change[low + 1]! += 1;
    change[high + 1]! -= 1;
  }
  for (let r = 1; r <= ranks; r += 1) change[r]! += change[r - 1]!;
  return change;
}

/** Least sum of what the cuts cross and how far columns are from the wanted height, by dynamic programming. */
function cheapestCuts(top: Float64Array, crossed: Int32Array, wanted: number): Int32Array {
  const ranks = top.length - 1;
  const cost = new Float64Array(ranks + 1).fill(Number.POSITIVE_INFINITY);
  const begin = new Int32Array(ranks + 1);
  cost[0] = 0;
  for (let end = 1; end <= ranks; end += 1) {
    for (let start = end - 1; start >= 0; start -= 1) {
      const share = (top[end]! - top[start]!) / wanted;
      if (share > LONGEST && start < end - 1) break;
      const value = cost[start]! + columnCost(share, start, crossed);
      if (value < cost[end]!) [cost[end], begin[end]] = [value, start];
    }
  }
  return numberColumns(begin, ranks);
}

/** Of a column that is `share` of the wanted height and begins with rank `start`. */
function columnCost(share: number, start: number, crossed: Int32Array): number {
  const height = (share - 1) ** 2 + (share < SHORTEST ? TOO_SHORT : 0);
  return start === 0 ? height : height + CROSSING * crossed[start]!;
}

function numberColumns(begin: Int32Array, ranks: number): Int32Array {
  const firsts: number[] = [];
  for (let end = ranks; end > 0; end = begin[end]!) firsts.unshift(begin[end]!);
  const column = new Int32Array(ranks);
  firsts.forEach((first, i) => {
    column.fill(i, first, firsts[i + 1] ?? ranks);
  });
  return column;
}
