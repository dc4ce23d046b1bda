/** Ranks: every edge runs downwards, sources sit close to their readers. */

import { type Csr, groupBy } from "./csr.js";
import type { LayoutInput } from "./types.js";

export interface Ranking {
  readonly rank: Int32Array;
  readonly ranks: number;
  /** 1 for an edge that closes a cycle between groups: it runs up the page. */
  readonly back: Uint8Array;
}

export function rankNodes(input: LayoutInput): Ranking {
  const total = input.n + input.inPorts + input.outPorts;
  const order = topologicalOrder(input, total);
  const place = new Int32Array(total);
  order.forEach((node, i) => {
    place[node] = i;
  });
  const back = new Uint8Array(input.edges);
  for (let e = 0; e < input.edges; e += 1) back[e] = place[input.from[e]!]! > place[input.to[e]!]! ? 1 : 0;
  const upper = input.from.map((from, e) => (back[e] ? input.to[e]! : from));
  const lower = input.to.map((to, e) => (back[e] ? input.from[e]! : to));
  const rank = longestPaths(input, order, lower, upper, total);
  pullDown(input, order, rank, groupBy(upper, total), groupBy(lower, total), lower);
  return { ...compact(input, rank), back };
}

/** Kahn's algorithm, smallest number first; a cycle is opened at its smallest member. */
function topologicalOrder(input: LayoutInput, total: number): Int32Array {
  const waiting = new Int32Array(total);
  for (const to of input.to) waiting[to]! += 1;
  const out = groupBy(input.from, total);
  const order = new Int32Array(total);
  const ready = new MinHeap();
  const done = new Uint8Array(total);
  for (let node = 0; node < total; node += 1) if (waiting[node] === 0) ready.push(node);
  for (let count = 0; count < total; count += 1) {
    const node = ready.pop() ?? done.indexOf(0);
    done[node] = 1;
    order[count] = node;
    release(input, out, node, waiting, done, ready);
  }
  return order;
}

/** Makes ready what waited for `node` alone. */
function release(
  input: LayoutInput,
  out: Csr,
  node: number,
  waiting: Int32Array,
  done: Uint8Array,
  ready: MinHeap,
): void {
  for (let i = out.start[node]!; i < out.start[node + 1]!; i += 1) {
    const to = input.to[out.item[i]!]!;
    waiting[to]! -= 1;
    if (waiting[to] === 0 && !done[to]) ready.push(to);
  }
}

function longestPaths(
  input: LayoutInput,
  order: Int32Array,
  lower: Int32Array,
  upper: Int32Array,
  total: number,
): Int32Array {
  const rank = new Int32Array(total);
  const into = groupBy(lower, total);
  const firstBox = input.inPorts > 0 ? 1 : 0;
  for (const node of order) {
    let best = node < input.n ? firstBox : 0;
    for (let i = into.start[node]!; i < into.start[node + 1]!; i += 1) {
      best = Math.max(best, rank[upper[into.item[i]!]!]! + 1);
    }
    rank[node] = best;
  }
  const last = rank.reduce((a, b) => Math.max(a, b), 0) + (input.outPorts > 0 ? 1 : 0);
  rank.fill(0, input.n, input.n + input.inPorts);
  rank.fill(last, input.n + input.inPorts);
  return rank;
}

/** A node with more readers than sources moves down to them: it shortens more edges than it lengthens. */
function pullDown(
  input: LayoutInput,
  order: Int32Array,
  rank: Int32Array,
  out: Csr,
  into: Csr,
  lower: Int32Array,
): void {
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const node = order[i]!;
    const readers = out.start[node + 1]! - out.start[node]!;
    if (node >= input.n || readers === 0 || readers <= into.start[node + 1]! - into.start[node]!) continue;
    let nearest = Number.MAX_SAFE_INTEGER;
    for (let k = out.start[node]!; k < out.start[node + 1]!; k += 1) {
      const reader = lower[out.item[k]!]!;
      if (reader !== node) nearest = Math.min(nearest, rank[reader]!);
    }
    if (nearest < Number.MAX_SAFE_INTEGER) rank[node] = nearest - 1;
  }
}

function compact(input: LayoutInput, rank: Int32Array): { rank: Int32Array; ranks: number } {
  const used = new Uint8Array(rank.reduce((a, b) => Math.max(a, b), 0) + 1);
  for (const value of rank) used[value] = 1;
  if (input.inPorts > 0) used[0] = 1;
  const renumbered = new Int32Array(used.length);
  let ranks = 0;
  used.forEach((value, i) => {
    renumbered[i] = ranks;
    ranks += value;
  });
  return { rank: rank.map((value) => renumbered[value]!), ranks };
}

class MinHeap {
  readonly #heap: number[] = [];

  push(value: number): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]! <= value) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = value;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return top;
  }

  #sink(value: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  }
}
