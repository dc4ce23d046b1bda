/**
 * Order within ranks, for few crossings: barycentre sweeps from several starts, then single nodes and whole threads
 * are moved while that helps.
 */

import { Arrangement } from "./arrangement.js";
import { CrossingCounter } from "./crossings.js";
import { type Csr, groupBy } from "./csr.js";
import { type Links, linkNodes } from "./links.js";
import { Rerouter } from "./reroute.js";
import { Sifter } from "./sift.js";
import { Sweeper } from "./sweep.js";
import type { Layers, Proper } from "./types.js";

/** Up to this many nodes and places a drawing is worth every effort. */
const SMALL = 2500;
const LARGE = 20_000;
const ROUNDS = 6;
/** Where passing edges start: half a place beside the box that they come from. */
const RIGHT = 0.5;
const LEFT = -0.5;
/** Sweeps without improvement before a start is given up. */
const PATIENCE = 6;

export function orderLayers(proper: Proper, ranks: number): Layers {
  const search = new Search(proper, ranks);
  const right = search.sweep(RIGHT);
  if (right.crossings === 0 || proper.count > SMALL) return search.refine(right).layers;
  const left = search.sweep(LEFT);
  return search.refine(left.crossings < right.crossings ? left : right).layers;
}

interface Ordered {
  readonly layers: Layers;
  readonly crossings: number;
}

class Search {
  readonly #proper: Proper;
  readonly #links: Links;
  readonly #byRank: Csr;
  readonly #counter: CrossingCounter;
  readonly #sweeper: Sweeper;

  constructor(proper: Proper, ranks: number) {
    const links = linkNodes(proper);
    this.#proper = proper;
    this.#links = links;
    this.#byRank = groupBy(proper.rank, ranks);
    this.#counter = new CrossingCounter(proper, links);
    this.#sweeper = new Sweeper(proper, links);
  }

  refine(swept: Ordered): Ordered {
    const { count } = this.#proper;
    if (swept.crossings === 0 || count > LARGE) return swept;
    const arrangement = new Arrangement(swept.layers, count);
    const sifter = new Sifter(this.#proper, this.#links, arrangement);
    const rerouter = new Rerouter(this.#proper, this.#links, arrangement);
    let { crossings } = swept;
    for (let round = 0; round < ROUNDS && crossings > 0; round += 1) {
      const saved = sifter.sift(round % 2 === 0) + rerouter.reroute();
      crossings -= saved;
      if (saved === 0) break;
    }
    return { layers: arrangement.layers, crossings };
  }

  /** Sweeps from the order in which nodes come, passing edges `aside` of the box they start from. */
  sweep(aside: number): Ordered {
    let layers = this.#initial(aside);
    let best: Ordered = { layers, crossings: this.#counter.count(layers) };
    const { count } = this.#proper;
    const sweeps = count > LARGE ? 4 : count > SMALL ? 8 : 24;
    for (let sweep = 0, idle = 0; sweep < sweeps && best.crossings > 0 && idle < PATIENCE; sweep += 1) {
      layers = this.#sweeper.sweep(layers, sweep % 2 === 0, (sweep & 2) !== 0);
      const crossings = this.#counter.count(layers);
      idle = crossings < best.crossings ? 0 : idle + 1;
      if (crossings < best.crossings) best = { layers, crossings };
    }
    return best;
  }

  /** The main path stays straight where what passes it stands on one side. */
  #initial(aside: number): Layers {
    const { count, segments, real, from, to } = this.#proper;
    const key = Float64Array.from({ length: count }, (_, node) => node);
    for (let s = 0; s < segments; s += 1) if (to[s]! >= real) key[to[s]!] = key[from[s]!]! + aside;
    const { start, item } = this.#byRank;
    return Array.from({ length: start.length - 1 }, (_, rank) =>
      item.slice(start[rank]!, start[rank + 1]!).sort((a, b) => key[a]! - key[b]! || a - b),
    );
  }
}
