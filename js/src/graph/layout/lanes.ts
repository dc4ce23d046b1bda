/** How edges run from one column to the next: under the one, up the gutter between them, over the other. */

import { atBorder } from "./homes.js";
import type { Layout, LayoutInput } from "./types.js";

/** More lines than this across one cut become stubs. */
const MOST_LANES = 8;

/** Places in a gutter, counted from 0: which lane, and how far below and above the columns the turns are. */
export interface Passage {
  readonly lane: number;
  readonly under: number;
  readonly over: number;
}

export interface Lanes {
  /** By edge; null for one that stays in its column, or finds no place. */
  readonly passage: readonly (Passage | null)[];
  /** 1 for an edge that finds no place. */
  readonly crowded: Uint8Array;
  /** Lanes in use, by gutter. */
  readonly count: readonly number[];
}

/** Edges of one source: they run together. */
interface Line {
  readonly edges: number[];
  /** Where they leave the upper column, and where the farthest enters the lower one. */
  readonly leave: number;
  enter: number;
}

/**
 * The rightmost line takes the nearest lane and the smallest turn, so that lines about the same corner lie inside each
 * other; above the next column the farthest turns highest.
 */
export function assignLanes(input: LayoutInput, layout: Layout, column: Int32Array): Lanes {
  const gutters = gatherLines(input, layout, column);
  const passage = new Array<Passage | null>(input.edges).fill(null);
  const crowded = new Uint8Array(input.edges);
  const count = gutters.map((lines) => {
    const sorted = [...lines.values()].sort((p, q) => q.leave - p.leave);
    const placed = sorted.slice(0, MOST_LANES);
    const byTarget = placed.slice().sort((p, q) => p.enter - q.enter);
    placed.forEach((line, lane) => {
      const place = { lane, under: lane, over: byTarget.indexOf(line) };
      for (const e of line.edges) passage[e] = place;
    });
    for (const line of sorted.slice(MOST_LANES)) for (const e of line.edges) crowded[e] = 1;
    return placed.length;
  });
  return { passage, crowded, count };
}

function gatherLines(input: LayoutInput, layout: Layout, column: Int32Array): Map<string, Line>[] {
  const gutters: Map<string, Line>[] = Array.from({ length: column.at(-1)! }, () => new Map());
  for (let e = 0; e < input.edges; e += 1) {
    const [a, b] = [layout.rank[input.from[e]!]!, layout.rank[input.to[e]!]!];
    if (layout.stub[e] || atBorder(input, e) || column[a] === column[b]) continue;
    const lines = gutters[Math.min(column[a]!, column[b]!)]!;
    const key = a < b ? `${input.from[e]} ${input.fromDx[e]}` : `up ${e}`;
    const last = lastAbove(layout, column, e, a, b);
    const next = last + (a < b ? 2 : -2);
    const enter = layout.points[2 * next]!;
    const line = lines.get(key);
    if (line) {
      line.edges.push(e);
      line.enter = Math.max(line.enter, enter);
    } else lines.set(key, { edges: [e], leave: layout.points[2 * last]!, enter });
  }
  return gutters;
}

/** The point of an edge in the last rank of the upper column. */
function lastAbove(layout: Layout, column: Int32Array, e: number, a: number, b: number): number {
  let rank = Math.min(a, b);
  const upper = column[rank];
  while (column[rank + 1] === upper) rank += 1;
  return layout.start[e]! + 2 * Math.abs(rank - a);
}

const CORNER = 8;
/** How far from the point of a corner its rounding passes, as a share of the radius. */
const CUT = 0.29;

/** A line through `points`, which are level or upright with each other in turns, with its corners rounded: pairs. */
export function roundedLine(points: readonly (readonly [number, number])[]): number[] {
  const line: number[] = [...points[0]!];
  const add = (x: number, y: number): void => {
    line.push(x, y, x, y);
  };
  for (let i = 1; i + 1 < points.length; i += 1) {
    const [x, y] = points[i]!;
    const [before, after] = [towards(points[i]!, points[i - 1]!), towards(points[i]!, points[i + 1]!)];
    add(x + CORNER * before[0], y + CORNER * before[1]);
    add(x + CORNER * CUT * (before[0] + after[0]), y + CORNER * CUT * (before[1] + after[1]));
    add(x + CORNER * after[0], y + CORNER * after[1]);
  }
  line.push(...points.at(-1)!);
  return line;
}

function towards(from: readonly [number, number], to: readonly [number, number]): [number, number] {
  return [Math.sign(to[0] - from[0]), Math.sign(to[1] - from[1])];
}
