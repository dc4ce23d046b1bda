/** Splits long edges at every rank they cross. Edges from one point share their places: a bundle, not a fan. */

import type { Ranking } from "./rank.js";
import type { LayoutInput, Proper } from "./types.js";

/** A point read by this many boxes over more than `HUB_RANKS` ranks (a mask, rotary tables) is drawn as stubs. */
const HUB_READERS = 8;
const HUB_RANKS = 6;
/** Places per node that long edges may take before the longest become stubs; keeps layout linear. */
const PLACES_PER_NODE = 4;
const MIN_PLACES = 3000;

export function markStubs(input: LayoutInput, ranking: Ranking): Uint8Array {
  const stub = new Uint8Array(input.edges);
  const span = (e: number): number => Math.abs(ranking.rank[input.to[e]!]! - ranking.rank[input.from[e]!]!);
  for (const edges of sourcePoints(input).values()) {
    if (edges.length < HUB_READERS || edges.every((e) => span(e) <= HUB_RANKS)) continue;
    for (const e of edges) if (span(e) > 2) stub[e] = 1;
  }
  const limit = spanLimit(input, ranking, stub);
  for (let e = 0; e < input.edges; e += 1) if (span(e) > limit || span(e) === 0) stub[e] = 1;
  return stub;
}

/** Edges by the point they leave from. */
function sourcePoints(input: LayoutInput): Map<number | string, number[]> {
  const points = new Map<number | string, number[]>();
  for (let e = 0; e < input.edges; e += 1) {
    const key = pointKey(input.from[e]!, input.fromDx[e]!);
    const edges = points.get(key);
    if (edges) edges.push(e);
    else points.set(key, [e]);
  }
  return points;
}

/** Nearly all points are the middle of a side: a number is a faster key than a word. */
function pointKey(node: number, dx: number): number | string {
  return dx === 0 ? node : `${node} ${dx}`;
}

/** The longest span for which all edges of it or shorter fit the budget of places. */
function spanLimit(input: LayoutInput, ranking: Ranking, stub: Uint8Array): number {
  const bySpan = new Float64Array(ranking.ranks + 1);
  for (let e = 0; e < input.edges; e += 1) {
    if (!stub[e]) bySpan[Math.abs(ranking.rank[input.to[e]!]! - ranking.rank[input.from[e]!]!)]! += 1;
  }
  let left = Math.max(MIN_PLACES, PLACES_PER_NODE * input.n);
  for (let span = 2; span < bySpan.length; span += 1) {
    left -= bySpan[span]! * (span - 1);
    if (left < 0) return span - 1;
  }
  return bySpan.length;
}

export function makeProper(input: LayoutInput, ranking: Ranking, stub: Uint8Array): Proper {
  return new Splitter(input, ranking).split(stub);
}

/** The places below a point where edges from it pass, and the segments that lead to each. */
interface Chain {
  readonly nodes: number[];
  readonly segments: number[];
}

class Splitter {
  readonly #input: LayoutInput;
  readonly #ranking: Ranking;
  readonly #rank: number[];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #fromDx: number[] = [];
  readonly #toDx: number[] = [];
  readonly #weight: number[] = [];
  readonly #chains = new Map<number | string, Chain>();

  constructor(input: LayoutInput, ranking: Ranking) {
    this.#input = input;
    this.#ranking = ranking;
    this.#rank = Array.from(ranking.rank);
  }

  split(stub: Uint8Array): Proper {
    const viaStart = new Int32Array(this.#input.edges + 1);
    const via: number[] = [];
    for (let e = 0; e < this.#input.edges; e += 1) {
      if (!stub[e]) this.#route(e, via);
      viaStart[e + 1] = via.length;
    }
    const width = new Float64Array(this.#rank.length);
    width.set(this.#input.width);
    return {
      count: this.#rank.length,
      boxes: this.#input.n,
      real: this.#ranking.rank.length,
      rank: Int32Array.from(this.#rank),
      width,
      segments: this.#from.length,
      from: Int32Array.from(this.#from),
      to: Int32Array.from(this.#to),
      fromDx: Float64Array.from(this.#fromDx),
      toDx: Float64Array.from(this.#toDx),
      weight: Int32Array.from(this.#weight),
      viaStart,
      via: Int32Array.from(via),
    };
  }

  #route(e: number, via: number[]): void {
    const { from, to, fromDx, toDx } = this.#input;
    const back = this.#ranking.back[e] === 1;
    const [upper, lower] = back ? [to[e]!, from[e]!] : [from[e]!, to[e]!];
    const [upperDx, lowerDx] = back ? [toDx[e]!, fromDx[e]!] : [fromDx[e]!, toDx[e]!];
    // An edge that closes a cycle meets others where it ends, not where it begins: it has places of its own.
    const chain = back ? { nodes: [], segments: [] } : this.#chain(pointKey(upper, upperDx));
    const length = this.#rank[lower]! - this.#rank[upper]! - 1;
    via.push(upper);
    for (let i = 0; i < length; i += 1) {
      if (i === chain.nodes.length) this.#lengthen(chain, upper, upperDx);
      this.#weight[chain.segments[i]!]! += 1;
      via.push(chain.nodes[i]!);
    }
    via.push(lower);
    if (length === 0) this.#weight[this.#segment(upper, lower, upperDx, lowerDx)] = 1;
    else this.#weight[this.#segment(chain.nodes[length - 1]!, lower, 0, lowerDx)] = 1;
  }

  #chain(key: number | string): Chain {
    const known = this.#chains.get(key);
    if (known) return known;
    const chain = { nodes: [], segments: [] };
    this.#chains.set(key, chain);
    return chain;
  }

  #lengthen(chain: Chain, upper: number, upperDx: number): void {
    const last = chain.nodes.at(-1);
    const node = this.#rank.push(this.#rank[last ?? upper]! + 1) - 1;
    chain.segments.push(this.#segment(last ?? upper, node, last === undefined ? upperDx : 0, 0));
    chain.nodes.push(node);
  }

  #segment(from: number, to: number, fromDx: number, toDx: number): number {
    this.#from.push(from);
    this.#to.push(to);
    this.#fromDx.push(fromDx);
    this.#toDx.push(toDx);
    return this.#weight.push(0) - 1;
  }
}
