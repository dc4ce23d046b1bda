/** Barycentre sweeps: nodes of a rank stand in the order of the mean places of their neighbours one rank away. */

import type { Csr } from "./csr.js";
import type { Links } from "./links.js";
import type { Layers, Proper } from "./types.js";

/** Up to this width insertion beats a sort with a callback. */
const NARROW = 48;

export class Sweeper {
  readonly #proper: Proper;
  readonly #links: Links;
  readonly #position: Int32Array;
  readonly #key: Float64Array;

  constructor(proper: Proper, links: Links) {
    this.#proper = proper;
    this.#links = links;
    this.#position = new Int32Array(proper.count);
    this.#key = new Float64Array(proper.count);
  }

  /** One pass over all ranks, down or up; equal keys may trade places, which leaves local minima. */
  sweep(layers: Layers, down: boolean, reverseTies: boolean): Layers {
    const next = layers.slice();
    const [first, last] = [0, layers.length - 1];
    this.#number(layers[down ? first : last] ?? new Int32Array(0));
    for (let i = 1; i < layers.length; i += 1) {
      const rank = down ? i : last - i;
      next[rank] = this.#sorted(next[rank]!, down, reverseTies);
      this.#number(next[rank]);
    }
    return next;
  }

  #number(layer: Int32Array): void {
    for (let i = 0; i < layer.length; i += 1) this.#position[layer[i]!] = i;
  }

  /** Nodes without neighbours keep their places. */
  #sorted(layer: Int32Array, down: boolean, reverseTies: boolean): Int32Array {
    const near = down ? this.#links.up : this.#links.down;
    const key = this.#key;
    const movable = new Int32Array(layer.length);
    let count = 0;
    for (let i = 0; i < layer.length; i += 1) {
      const node = layer[reverseTies ? layer.length - 1 - i : i]!;
      key[node] = this.#barycentre(near, down, node);
      if (key[node]! >= 0) movable[count++] = node;
    }
    sortByKey(movable.subarray(0, count), key);
    const next = layer.slice();
    let taken = 0;
    for (let i = 0; i < layer.length; i += 1) if (key[layer[i]!]! >= 0) next[i] = movable[taken++]!;
    return next;
  }

  #barycentre(near: Csr, down: boolean, node: number): number {
    const { from, to, weight } = this.#proper;
    const at = down ? this.#links.fromAt : this.#links.toAt;
    let [sum, total] = [0, 0];
    for (let i = near.start[node]!; i < near.start[node + 1]!; i += 1) {
      const segment = near.item[i]!;
      const other = down ? from[segment]! : to[segment]!;
      sum += weight[segment]! * (this.#position[other]! + at[segment]!);
      total += weight[segment]!;
    }
    return total === 0 ? -1 : sum / total;
  }
}

/** Stable; ranks are nearly in order after a few sweeps, and mostly narrow. */
function sortByKey(nodes: Int32Array, key: Float64Array): void {
  if (nodes.length > NARROW) {
    nodes.sort((a, b) => key[a]! - key[b]!);
    return;
  }
  for (let i = 1; i < nodes.length; i += 1) {
    const node = nodes[i]!;
    let hole = i;
    for (; hole > 0 && key[nodes[hole - 1]!]! > key[node]!; hole -= 1) nodes[hole] = nodes[hole - 1]!;
    nodes[hole] = node;
  }
}
