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
function sourcePoints(input: LayoutInput): Map<string, number[]> {
  const points = new Map<string, number[]>();
  for (let e = 0; e < input.edges; e += 1) {
    const key = `${input.from[e]} ${input.fromDx[e]}`;
    const edges = points.get(key);
    if (edges) edges.push(e);
    else points.set(key, [e]);
  }
  return points;
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

class Splitter {
  readonly #input: LayoutInput;
  readonly #ranking: Ranking;
  readonly #real: number;
  readonly #rank: number[];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #fromDx: number[] = [];
  readonly #toDx: number[] = [];
  readonly #known = new Set<string>();
  readonly #chains = new Map<string, number[]>();

  constructor(input: LayoutInput, ranking: Ranking) {
    this.#input = input;
    this.#ranking = ranking;
    this.#real = input.n + input.inPorts + input.outPorts;
    this.#rank = Array.from(ranking.rank);
  }

  split(stub: Uint8Array): Proper {
    const viaStart = new Int32Array(this.#input.edges + 1);
    const via: number[] = [];
    for (let e = 0; e < this.#input.edges; e += 1) {
      if (!stub[e]) via.push(...this.#route(e));
      viaStart[e + 1] = via.length;
    }
    const width = new Float64Array(this.#rank.length);
    width.set(this.#input.width);
    return {
      count: this.#rank.length,
      boxes: this.#input.n,
      real: this.#real,
      rank: Int32Array.from(this.#rank),
      width,
      segments: this.#from.length,
      from: Int32Array.from(this.#from),
      to: Int32Array.from(this.#to),
      fromDx: Float64Array.from(this.#fromDx),
      toDx: Float64Array.from(this.#toDx),
      viaStart,
      via: Int32Array.from(via),
    };
  }

  #route(e: number): number[] {
    const { from, to, fromDx, toDx } = this.#input;
    const back = this.#ranking.back[e] === 1;
    const [upper, lower] = back ? [to[e]!, from[e]!] : [from[e]!, to[e]!];
    const [upperDx, lowerDx] = back ? [toDx[e]!, fromDx[e]!] : [fromDx[e]!, toDx[e]!];
    const key = `${upper} ${upperDx}${back ? ` ${e}` : ""}`;
    const places = this.#chain(key, upper, this.#rank[lower]! - this.#rank[upper]! - 1);
    const nodes = [upper, ...places, lower];
    for (let i = 1; i < nodes.length; i += 1) {
      const leaves = i === 1 ? upperDx : 0;
      const arrives = i === nodes.length - 1 ? lowerDx : 0;
      this.#segment(nodes[i - 1]!, nodes[i]!, leaves, arrives);
    }
    return nodes;
  }

  #chain(key: string, upper: number, length: number): number[] {
    let chain = this.#chains.get(key);
    if (!chain) {
      chain = [];
      this.#chains.set(key, chain);
    }
    while (chain.length < length) chain.push(this.#rank.push(this.#rank[upper]! + chain.length + 1) - 1);
    return chain.slice(0, length);
  }

  #segment(from: number, to: number, fromDx: number, toDx: number): void {
    const key = `${from} ${to} ${fromDx} ${toDx}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#from.push(from);
    this.#to.push(to);
    this.#fromDx.push(fromDx);
    this.#toDx.push(toDx);
  }
}
