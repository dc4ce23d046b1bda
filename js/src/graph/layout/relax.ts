/**
 * Horizontal places for tangles, where straight lines would push each other ever farther apart: nodes settle at the
 * mean of their neighbours, rank by rank, as near as order and distances allow (isotonic regression). The drawing is
 * about as wide as its widest rank.
 */

import { type Csr, groupBy } from "./csr.js";
import { distance, inLine } from "./spacing.js";
import type { Layers, Proper } from "./types.js";

const SWEEPS = 8;
/** The last sweeps look both ways. */
const BOTH_WAYS = 3;
/** How strongly a segment pulls: between two passing places, beside one, between boxes (Gansner et al. 1993). */
const PULL = [1, 2, 8] as const;
/** A node without neighbours stays where it is, unless it is in the way. */
const STAY = 0.01;

export function relaxLayers(proper: Proper, layers: Layers): Float64Array {
  return new Relaxer(proper, layers).run();
}

class Relaxer {
  readonly #proper: Proper;
  readonly #layers: Layers;
  readonly #up: Csr;
  readonly #down: Csr;
  readonly #x: Float64Array;

  constructor(proper: Proper, layers: Layers) {
    this.#proper = proper;
    this.#layers = layers;
    this.#up = groupBy(proper.to, proper.count);
    this.#down = groupBy(proper.from, proper.count);
    this.#x = new Float64Array(proper.count);
  }

  run(): Float64Array {
    for (const layer of this.#layers) this.#pack(layer);
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      const down = sweep % 2 === 0;
      const both = sweep >= SWEEPS - BOTH_WAYS;
      for (let i = 0; i < this.#layers.length; i += 1) {
        this.#settle(this.#layers[down ? i : this.#layers.length - 1 - i]!, down || both, !down || both);
      }
    }
    return this.#x;
  }

  /** Side by side about 0. */
  #pack(layer: Int32Array): void {
    let x = 0;
    for (let i = 0; i < layer.length; i += 1) {
      if (i > 0) x += distance(this.#proper, layer[i - 1]!, layer[i]!);
      this.#x[layer[i]!] = x;
    }
    for (const node of layer) this.#x[node]! -= x / 2;
  }

  /** Pools neighbours that want to stand in each other's place until all are in order (Kruskal 1964). */
  #settle(layer: Int32Array, above: boolean, below: boolean): void {
    const pools: { sum: number; weight: number; first: number }[] = [];
    const offset = new Float64Array(layer.length);
    for (let i = 0; i < layer.length; i += 1) {
      if (i > 0) offset[i] = offset[i - 1]! + distance(this.#proper, layer[i - 1]!, layer[i]!);
      let { sum, weight } = this.#wish(layer[i]!, above, below);
      sum -= offset[i]! * weight;
      let first = i;
      for (let last = pools.at(-1); last && last.sum * weight >= sum * last.weight; last = pools.at(-1)) {
        sum += last.sum;
        weight += last.weight;
        first = last.first;
        pools.pop();
      }
      pools.push({ sum, weight, first });
    }
    pools.forEach(({ sum, weight, first }, i) => {
      const stop = pools[i + 1]?.first ?? layer.length;
      for (let k = first; k < stop; k += 1) this.#x[layer[k]!] = sum / weight + offset[k]!;
    });
  }

  /** Where a node would like to stand, times how strongly. */
  #wish(node: number, above: boolean, below: boolean): { sum: number; weight: number } {
    const { from, to } = this.#proper;
    let [sum, weight] = [STAY * this.#x[node]!, STAY];
    const pull = (s: number, place: number): void => {
      const strength = this.#strength(s);
      sum += strength * place;
      weight += strength;
    };
    if (above) {
      for (let i = this.#up.start[node]!; i < this.#up.start[node + 1]!; i += 1) {
        const s = this.#up.item[i]!;
        pull(s, this.#x[from[s]!]! + inLine(this.#proper, s));
      }
    }
    if (below) {
      for (let i = this.#down.start[node]!; i < this.#down.start[node + 1]!; i += 1) {
        const s = this.#down.item[i]!;
        pull(s, this.#x[to[s]!]! - inLine(this.#proper, s));
      }
    }
    return { sum, weight };
  }

  #strength(s: number): number {
    const { from, to, real } = this.#proper;
    return PULL[((from[s]! >= real ? 1 : 0) + (to[s]! >= real ? 1 : 0)) as 0 | 1 | 2];
  }
}
