/**
 * Counts crossings between neighbouring ranks with an accumulator tree (Barth, Jünger and Mutzel 2002); edges may
 * attach at several points of a node.
 */

import type { Links } from "./links.js";
import type { Layers, Proper } from "./types.js";

export class CrossingCounter {
  readonly #proper: Proper;
  readonly #links: Links;
  /** Number of the point at which a segment arrives, from left to right. */
  readonly #leaf: Int32Array;
  #tree = new Int32Array(64);

  constructor(proper: Proper, links: Links) {
    this.#proper = proper;
    this.#links = links;
    this.#leaf = new Int32Array(proper.segments);
  }

  /** Pairs of edges that cross. */
  count(layers: Layers): number {
    let total = 0;
    for (let rank = 0; rank + 1 < layers.length; rank += 1) total += this.#below(layers[rank]!, layers[rank + 1]!);
    return total;
  }

  #below(upper: Int32Array, lower: Int32Array): number {
    const { start, item } = this.#links.down;
    const size = this.#plant(lower);
    let crossings = 0;
    for (const node of upper) {
      const stop = start[node + 1]!;
      for (let i = start[node]!; i < stop; ) {
        const first = i;
        // What leaves from one point does not cross itself: all of it is counted before any is entered.
        while (i < stop && this.#leavesWith(item[i]!, item[first]!)) crossings += this.#rightOf(size, item[i++]!);
        for (let k = first; k < i; k += 1) this.#enter(size, item[k]!);
      }
    }
    return crossings;
  }

  #leavesWith(a: number, b: number): boolean {
    return this.#links.fromAt[a] === this.#links.fromAt[b];
  }

  /** Numbers the points of arrival and clears a tree with a leaf for each. */
  #plant(lower: Int32Array): number {
    const { up, toAt } = this.#links;
    let leaf = -1;
    for (const node of lower) {
      let at = Number.NaN;
      for (let i = up.start[node]!; i < up.start[node + 1]!; i += 1) {
        const segment = up.item[i]!;
        if (toAt[segment] !== at) leaf += 1;
        at = toAt[segment]!;
        this.#leaf[segment] = leaf;
      }
    }
    let size = 1;
    while (size <= leaf) size *= 2;
    if (this.#tree.length < 2 * size) this.#tree = new Int32Array(2 * size);
    else this.#tree.fill(0, 0, 2 * size);
    return size;
  }

  /** Crossings of a segment with those entered before that arrive right of it. */
  #rightOf(size: number, segment: number): number {
    let right = 0;
    for (let at = size + this.#leaf[segment]!; at > 1; at >>= 1) if (at % 2 === 0) right += this.#tree[at + 1]!;
    return right * this.#proper.weight[segment]!;
  }

  #enter(size: number, segment: number): void {
    const weight = this.#proper.weight[segment]!;
    for (let at = size + this.#leaf[segment]!; at >= 1; at >>= 1) this.#tree[at]! += weight;
  }
}
