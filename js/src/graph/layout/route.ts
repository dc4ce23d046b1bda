/** Vertical places and the courses of edges. */

import type { Ranking } from "./rank.js";
import { GAP, type Layout, type LayoutInput, type Proper } from "./types.js";

interface Bands {
  readonly top: Float64Array;
  readonly bottom: Float64Array;
}

/** `centre` is the horizontal centre of every node of `proper`. */
export function drawLayout(
  input: LayoutInput,
  ranking: Ranking,
  proper: Proper,
  centre: Float64Array,
  stub: Uint8Array,
): Layout {
  const bands = stackRanks(input, ranking, proper, centre);
  const x = centre.slice(0, proper.real).map((value, node) => value - input.width[node]! / 2);
  const y = x.map((_, node) => {
    const rank = ranking.rank[node]!;
    return (bands.top[rank]! + bands.bottom[rank]! - input.height[node]!) / 2;
  });
  const courses = routeEdges(input, ranking, proper, centre, bands, y, stub);
  return { ...size(input, proper, centre, bands), x, y, rank: ranking.rank, stub, ...courses };
}

function size(
  input: LayoutInput,
  proper: Proper,
  centre: Float64Array,
  bands: Bands,
): { width: number; height: number } {
  const width = centre.reduce((most, value, node) => Math.max(most, value + proper.width[node]! / 2), 0);
  const height = bands.bottom.at(-1) ?? 0;
  return { width, height: input.n === 0 ? 0 : height };
}

function stackRanks(input: LayoutInput, ranking: Ranking, proper: Proper, centre: Float64Array): Bands {
  const top = new Float64Array(ranking.ranks);
  const bottom = new Float64Array(ranking.ranks);
  const tall = new Float64Array(ranking.ranks);
  ranking.rank.forEach((rank, node) => {
    tall[rank] = Math.max(tall[rank]!, input.height[node]!);
  });
  const slant = widestSlants(ranking.ranks, proper, centre);
  let y = 0;
  for (let rank = 0; rank < ranking.ranks; rank += 1) {
    if (rank > 0) y += GAP.rank + Math.min(46, Math.sqrt(slant[rank]!) * 1.8);
    top[rank] = y;
    y += tall[rank]!;
    bottom[rank] = y;
  }
  return { top, bottom };
}

/** The farthest an edge moves sideways just above each rank: flat curves want more room. */
function widestSlants(ranks: number, proper: Proper, centre: Float64Array): Float64Array {
  const widest = new Float64Array(ranks);
  for (let s = 0; s < proper.segments; s += 1) {
    const [from, to] = [proper.from[s]!, proper.to[s]!];
    const shift = Math.abs(centre[to]! + proper.toDx[s]! - centre[from]! - proper.fromDx[s]!);
    widest[proper.rank[to]!] = Math.max(widest[proper.rank[to]!]!, shift);
  }
  return widest;
}

function routeEdges(
  input: LayoutInput,
  ranking: Ranking,
  proper: Proper,
  centre: Float64Array,
  bands: Bands,
  y: Float64Array,
  stub: Uint8Array,
): { start: Int32Array; points: Float64Array } {
  const start = new Int32Array(input.edges + 1);
  const points: number[] = [];
  for (let e = 0; e < input.edges; e += 1) {
    const back = ranking.back[e] === 1;
    const course = stub[e] ? ends(input, centre, y, e) : along(input, proper, centre, bands, y, e, back);
    if (back && !stub[e]) reversePairs(course);
    for (const value of course) points.push(value);
    start[e + 1] = points.length / 2;
  }
  return { start, points: Float64Array.from(points) };
}

function ends(input: LayoutInput, centre: Float64Array, y: Float64Array, e: number): number[] {
  const [from, to] = [input.from[e]!, input.to[e]!];
  return [centre[from]! + input.fromDx[e]!, y[from]! + input.height[from]!, centre[to]! + input.toDx[e]!, y[to]!];
}

/** Down from the upper box, through a place in every rank between, to the lower box. */
function along(
  input: LayoutInput,
  proper: Proper,
  centre: Float64Array,
  bands: Bands,
  y: Float64Array,
  e: number,
  back: boolean,
): number[] {
  const via = proper.via.subarray(proper.viaStart[e]!, proper.viaStart[e + 1]!);
  const [upper, lower] = [via[0]!, via[via.length - 1]!];
  const [upperDx, lowerDx] = back ? [input.toDx[e]!, input.fromDx[e]!] : [input.fromDx[e]!, input.toDx[e]!];
  const leave = centre[upper]! + upperDx;
  const course = [leave, y[upper]! + input.height[upper]!, leave, bands.bottom[proper.rank[upper]!]!];
  for (let i = 1; i < via.length - 1; i += 1) {
    const [x, rank] = [centre[via[i]!]!, proper.rank[via[i]!]!];
    course.push(x, bands.top[rank]!, x, bands.bottom[rank]!);
  }
  const arrive = centre[lower]! + lowerDx;
  course.push(arrive, bands.top[proper.rank[lower]!]!, arrive, y[lower]!);
  return course;
}

function reversePairs(course: number[]): void {
  course.reverse();
  for (let i = 0; i + 1 < course.length; i += 2) [course[i], course[i + 1]] = [course[i + 1]!, course[i]!];
}
