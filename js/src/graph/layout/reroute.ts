/**
 * Moves whole threads (long edges, unbranched paths) to the course with the fewest crossings, all else staying where
 * it is: a shortest path over the slots of the ranks they pass. Sweeps and sifting move one node at a time, and one
 * place of a long edge cannot change sides without the others.
 */

import type { Arrangement } from "./arrangement.js";
import { Gap, type Side } from "./gap.js";
import type { Links } from "./links.js";
import { findThreads } from "./threads.js";
import type { Proper } from "./types.js";

/** Slots of a rank times slots of the next, summed over all that is tried: bounds the time. */
const BUDGET = 500_000;

export class Rerouter {
  readonly #proper: Proper;
  readonly #links: Links;
  readonly #arrangement: Arrangement;
  readonly #threads: readonly Int32Array[];
  /** When each thread was last tried. */
  readonly #tried: Int32Array;
  #budget = BUDGET;

  constructor(proper: Proper, links: Links, arrangement: Arrangement) {
    this.#proper = proper;
    this.#links = links;
    this.#arrangement = arrangement;
    this.#threads = findThreads(proper, links);
    this.#tried = new Int32Array(this.#threads.length);
  }

  /** Tries every thread about which something has changed; returns how many crossings went away. */
  reroute(): number {
    let saved = 0;
    for (let i = 0; i < this.#threads.length && this.#budget > 0; i += 1) {
      const thread = this.#threads[i]!;
      const first = this.#proper.rank[thread[0]!]!;
      if (!this.#arrangement.changedSince(this.#tried[i]!, first - 1, first + thread.length)) continue;
      if (this.#crosses(thread)) saved += this.#move(thread);
      this.#tried[i] = this.#arrangement.now;
    }
    return saved;
  }

  /** Whether anything crosses an edge of the thread. */
  #crosses(thread: Int32Array): boolean {
    const { up, down } = this.#links;
    for (const node of thread) {
      for (let i = up.start[node]!; i < up.start[node + 1]!; i += 1) {
        if (this.#crossed(up.item[i]!)) return true;
      }
    }
    const last = thread.at(-1)!;
    for (let i = down.start[last]!; i < down.start[last + 1]!; i += 1) {
      if (this.#crossed(down.item[i]!)) return true;
    }
    return false;
  }

  #crossed(segment: number): boolean {
    const { down, fromAt, toAt } = this.#links;
    const { from, to, rank } = this.#proper;
    const [x, y] = [this.#key(from, fromAt, segment), this.#key(to, toAt, segment)];
    for (const node of this.#arrangement.layers[rank[from[segment]!]!]!) {
      for (let i = down.start[node]!; i < down.start[node + 1]!; i += 1) {
        const other = down.item[i]!;
        if ((this.#key(from, fromAt, other) - x) * (this.#key(to, toAt, other) - y) < 0) return true;
      }
    }
    return false;
  }

  #key(ends: Int32Array, at: Float64Array, segment: number): number {
    return this.#arrangement.position[ends[segment]!]! + at[segment]!;
  }

  #move(thread: Int32Array): number {
    const { layers, position } = this.#arrangement;
    const first = this.#proper.rank[thread[0]!]!;
    const sides = Array.from({ length: thread.length + 2 }, (_, i) => side(layers, thread, first - 1 + i, i - 1));
    const gaps: Gap[] = [];
    for (let i = 0; i + 1 < sides.length; i += 1) {
      const [upper, lower] = [sides[i], sides[i + 1]];
      if (!upper || !lower) continue;
      this.#budget -= upper.alone.length * lower.alone.length;
      const gap = new Gap(this.#proper, this.#links, position, upper, lower);
      if (upper.node >= 0 && lower.node >= 0) gaps.push(gap);
    }
    const inner = sides.slice(1, -1) as Side[];
    const before = thread.map((node) => position[node]!);
    const after = cheapest(inner, gaps, before);
    const saved = price(inner, gaps, before) - price(inner, gaps, after);
    if (saved <= 0) return 0;
    thread.forEach((node, i) => {
      if (before[i] !== after[i]) {
        this.#arrangement.set(first + i, moved(layers[first + i]!, node, before[i]!, after[i]!));
      }
    });
    return saved;
  }
}

/** The rank above the thread and the one below have no node of it. */
function side(layers: readonly Int32Array[], thread: Int32Array, rank: number, index: number): Side | null {
  const layer = layers[rank];
  if (!layer) return null;
  const node = thread[index] ?? -1;
  return { layer, node, alone: new Float64Array(layer.length + (node < 0 ? 1 : 0)) };
}

function price(sides: readonly Side[], gaps: readonly Gap[], slots: Int32Array): number {
  let total = 0;
  slots.forEach((slot, i) => {
    total += sides[i]!.alone[slot]!;
    if (i > 0) total += gaps[i - 1]!.cost(slots[i - 1]!, slot);
  });
  return total;
}

/** The slots with the least sum of costs; among equals the ones nearest to where the thread is. */
function cheapest(sides: readonly Side[], gaps: readonly Gap[], before: Int32Array): Int32Array {
  const from: Int32Array[] = [];
  let cost = sides[0]!.alone.map((value, slot) => value + nearness(slot, before[0]!));
  for (let i = 1; i < sides.length; i += 1) {
    const { alone } = sides[i]!;
    const gap = gaps[i - 1]!;
    const [next, chosen] = [new Float64Array(alone.length), new Int32Array(alone.length)];
    for (let slot = 0; slot < alone.length; slot += 1) {
      let [best, choice] = [Number.POSITIVE_INFINITY, 0];
      for (let above = 0; above < cost.length; above += 1) {
        const value = cost[above]! + gap.cost(above, slot);
        if (value < best) [best, choice] = [value, above];
      }
      chosen[slot] = choice;
      next[slot] = best + alone[slot]! + nearness(slot, before[i]!);
    }
    from.push(chosen);
    cost = next;
  }
  const slots = new Int32Array(sides.length);
  slots[sides.length - 1] = cost.indexOf(Math.min(...cost));
  for (let i = sides.length - 1; i > 0; i -= 1) slots[i - 1] = from[i - 1]![slots[i]!]!;
  return slots;
}

/** Far less than a crossing, whatever the number of ranks. */
function nearness(slot: number, before: number): number {
  return Math.abs(slot - before) * 1e-7;
}

function moved(layer: Int32Array, node: number, from: number, to: number): Int32Array {
  const next = layer.slice();
  if (to < from) next.copyWithin(to + 1, to, from);
  else next.copyWithin(from, from + 1, to + 1);
  next[to] = node;
  return next;
}
