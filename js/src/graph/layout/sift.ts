/**
 * Sifting (Matuszewski, Schönfeld and Molitor 1999): each node of a rank tries all places in it and takes the one with
 * the fewest crossings. What a pair of nodes costs in either order depends on the neighbouring ranks alone, so it is
 * computed once per rank.
 */

import type { Arrangement } from "./arrangement.js";
import type { Csr } from "./csr.js";
import type { Links } from "./links.js";
import type { Proper } from "./types.js";

/** Wider ranks are left to the sweeps: the work grows with the square of the width. */
const WIDEST = 160;
const ROUNDS = 4;

export class Sifter {
  readonly #proper: Proper;
  readonly #links: Links;
  readonly #arrangement: Arrangement;
  /** When each rank was last sifted. */
  readonly #sifted: Int32Array;
  /** Attachment points of all nodes of the rank in the rank above, then below: sorted by place within each node. */
  #keys = new Float64Array(256);
  #weights = new Int32Array(256);
  #start = new Int32Array(2 * WIDEST + 1);
  /** `cost[a * width + b]`: crossings saved by having `b` before `a`, by index in the rank. */
  #cost = new Int32Array(0);

  constructor(proper: Proper, links: Links, arrangement: Arrangement) {
    this.#proper = proper;
    this.#links = links;
    this.#arrangement = arrangement;
    this.#sifted = new Int32Array(arrangement.layers.length);
  }

  /** Sifts every rank about which something has changed, downwards or upwards; returns the crossings saved. */
  sift(down: boolean): number {
    const { layers } = this.#arrangement;
    let saved = 0;
    for (let i = 0; i < layers.length; i += 1) {
      const rank = down ? i : layers.length - 1 - i;
      const layer = layers[rank]!;
      if (layer.length < 2 || layer.length > WIDEST) continue;
      if (!this.#arrangement.changedSince(this.#sifted[rank]!, rank - 1, rank + 1)) continue;
      saved += this.#siftRank(rank, layer);
      this.#sifted[rank] = this.#arrangement.now;
    }
    return saved;
  }

  #siftRank(rank: number, layer: Int32Array): number {
    this.#gather(layer);
    this.#price(layer.length);
    const order = new Int32Array(layer.length);
    for (let i = 0; i < order.length; i += 1) order[i] = i;
    const saved = this.#settle(order);
    if (saved > 0) {
      for (let i = 0; i < order.length; i += 1) order[i] = layer[order[i]!]!;
      this.#arrangement.set(rank, order);
    }
    return saved;
  }

  /** Lists where the edges of each node of a rank attach above and below. */
  #gather(layer: Int32Array): void {
    const { up, down } = this.#links;
    const width = layer.length;
    let total = 0;
    for (const node of layer) {
      total += up.start[node + 1]! - up.start[node]! + down.start[node + 1]! - down.start[node]!;
    }
    if (this.#keys.length < total) {
      this.#keys = new Float64Array(2 * total);
      this.#weights = new Int32Array(2 * total);
    }
    let fill = 0;
    for (let i = 0; i < width; i += 1) {
      this.#start[i] = fill;
      fill = this.#attach(up, this.#proper.from, this.#links.fromAt, layer[i]!, fill);
    }
    for (let i = 0; i < width; i += 1) {
      this.#start[width + i] = fill;
      fill = this.#attach(down, this.#proper.to, this.#links.toAt, layer[i]!, fill);
    }
    this.#start[2 * width] = fill;
  }

  #attach(near: Csr, far: Int32Array, at: Float64Array, node: number, begin: number): number {
    const { position } = this.#arrangement;
    let fill = begin;
    for (let i = near.start[node]!; i < near.start[node + 1]!; i += 1) {
      const segment = near.item[i]!;
      const key = position[far[segment]!]! + at[segment]!;
      let hole = fill;
      for (; hole > begin && this.#keys[hole - 1]! > key; hole -= 1) {
        this.#keys[hole] = this.#keys[hole - 1]!;
        this.#weights[hole] = this.#weights[hole - 1]!;
      }
      this.#keys[hole] = key;
      this.#weights[hole] = this.#proper.weight[segment]!;
      fill += 1;
    }
    return fill;
  }

  #price(width: number): void {
    if (this.#cost.length < width * width) this.#cost = new Int32Array(width * width);
    for (let a = 0; a < width; a += 1) {
      for (let b = a + 1; b < width; b += 1) {
        const gain = this.#gain(a, b) + this.#gain(width + a, width + b);
        this.#cost[a * width + b] = gain;
        this.#cost[b * width + a] = -gain;
      }
    }
  }

  /** Crossings on one side with `a` before `b`, less those with `b` before `a`. */
  #gain(a: number, b: number): number {
    const [keys, weights, start] = [this.#keys, this.#weights, this.#start];
    const [aStop, bStop] = [start[a + 1]!, start[b + 1]!];
    let gain = 0;
    for (let i = start[a]!; i < aStop; i += 1) {
      let balance = 0;
      for (let k = start[b]!; k < bStop; k += 1) balance += weights[k]! * Math.sign(keys[i]! - keys[k]!);
      gain += weights[i]! * balance;
    }
    return gain;
  }

  /** Moves each node of `order` to its best place until none moves; returns the crossings saved. */
  #settle(order: Int32Array): number {
    let saved = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      let gain = 0;
      for (let index = 0; index < order.length; index += 1) gain += this.#move(order, index);
      saved += gain;
      if (gain === 0) break;
    }
    return saved;
  }

  #move(order: Int32Array, index: number): number {
    const width = order.length;
    const from = order.indexOf(index);
    const row = index * width;
    let [best, target] = [0, from];
    for (let at = from - 1, gain = 0; at >= 0; at -= 1) {
      gain -= this.#cost[row + order[at]!]!;
      if (gain > best) [best, target] = [gain, at];
    }
    for (let at = from + 1, gain = 0; at < width; at += 1) {
      gain += this.#cost[row + order[at]!]!;
      if (gain > best) [best, target] = [gain, at];
    }
    if (target < from) order.copyWithin(target + 1, target, from);
    else order.copyWithin(from, from + 1, target + 1);
    order[target] = index;
    return best;
  }
}
