/** An order within ranks that is being improved, with a record of what has changed since when. */

import type { Layers } from "./types.js";

export class Arrangement {
  readonly layers: Int32Array[];
  /** Place of each node in its rank. */
  readonly position: Int32Array;
  #clock = 1;
  readonly #changed: Int32Array;

  constructor(layers: Layers, count: number) {
    this.layers = layers.slice();
    this.position = new Int32Array(count);
    this.#changed = new Int32Array(layers.length).fill(1);
    for (const layer of layers) this.#number(layer);
  }

  get now(): number {
    return this.#clock;
  }

  set(rank: number, layer: Int32Array): void {
    this.layers[rank] = layer;
    this.#number(layer);
    this.#clock += 1;
    this.#changed[rank] = this.#clock;
  }

  /** Whether a rank of `first..last` has changed after `time`; ranks beyond the ends count as unchanged. */
  changedSince(time: number, first: number, last: number): boolean {
    for (let rank = Math.max(0, first); rank <= Math.min(last, this.layers.length - 1); rank += 1) {
      if (this.#changed[rank]! > time) return true;
    }
    return false;
  }

  #number(layer: Int32Array): void {
    for (let i = 0; i < layer.length; i += 1) this.position[layer[i]!] = i;
  }
}
