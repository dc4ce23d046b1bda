/** Order within ranks: barycentre sweeps, the order with the fewest crossings is kept. */

import { type Csr, groupBy } from "./csr.js";
import type { Proper } from "./types.js";

/** Nodes of each rank from left to right. */
export type Layers = Int32Array[];

interface Neighbours {
  readonly up: Csr;
  readonly down: Csr;
}

export function orderLayers(proper: Proper, ranks: number): Layers {
  const near: Neighbours = { up: groupBy(proper.to, proper.count), down: groupBy(proper.from, proper.count) };
  let layers = initialOrder(proper, ranks);
  let best = layers;
  let fewest = countCrossings(proper, near, layers);
  const sweeps = proper.count > 20_000 ? 4 : proper.count > 2000 ? 8 : 24;
  for (let sweep = 0, idle = 0; sweep < sweeps && fewest > 0 && idle < 6; sweep += 1) {
    layers = sweepOnce(proper, near, layers, sweep);
    const crossings = countCrossings(proper, near, layers);
    idle = crossings < fewest ? 0 : idle + 1;
    if (crossings < fewest) {
      fewest = crossings;
      best = layers;
    }
  }
  return best;
}

/** Nodes as they come, passing edges right of the box they start from: the main path stays left and straight. */
function initialOrder(proper: Proper, ranks: number): Layers {
  const key = new Float64Array(proper.count);
  for (let node = 0; node < proper.count; node += 1) key[node] = node;
  for (let s = 0; s < proper.segments; s += 1) {
    const to = proper.to[s]!;
    if (to >= proper.real) key[to] = key[proper.from[s]!]! + 0.5;
  }
  const byRank = groupBy(proper.rank, ranks);
  return Array.from({ length: ranks }, (_, rank) =>
    byRank.item.slice(byRank.start[rank]!, byRank.start[rank + 1]!).sort((a, b) => key[a]! - key[b]! || a - b),
  );
}

function positions(layers: Layers, count: number): Int32Array {
  const position = new Int32Array(count);
  for (const layer of layers) {
    layer.forEach((node, i) => {
      position[node] = i;
    });
  }
  return position;
}

function sweepOnce(proper: Proper, near: Neighbours, layers: Layers, sweep: number): Layers {
  const down = sweep % 2 === 0;
  const position = positions(layers, proper.count);
  const next = layers.slice();
  for (let i = 1; i < layers.length; i += 1) {
    const rank = down ? i : layers.length - 1 - i;
    // Every other pair of sweeps lets equal barycentres trade places: it leaves local minima.
    next[rank] = sortLayer(proper, down ? near.up : near.down, down, next[rank]!, position, (sweep & 2) !== 0);
    next[rank]!.forEach((node, at) => {
      position[node] = at;
    });
  }
  return next;
}

function sortLayer(
  proper: Proper,
  near: Csr,
  down: boolean,
  layer: Int32Array,
  position: Int32Array,
  reverseTies: boolean,
): Int32Array {
  const keys = new Float64Array(layer.length);
  layer.forEach((node, i) => {
    keys[i] = barycentre(proper, near, down, node, position);
  });
  const movable = Array.from(layer.keys()).filter((i) => keys[i]! >= 0);
  const sorted = movable.slice().sort((a, b) => keys[a]! - keys[b]! || (reverseTies ? b - a : a - b));
  const result = layer.slice();
  movable.forEach((slot, i) => {
    result[slot] = layer[sorted[i]!]!;
  });
  return result;
}

/** Mean position of the neighbours one rank away, attachment points counted as fractions; -1 with none. */
function barycentre(proper: Proper, near: Csr, down: boolean, node: number, position: Int32Array): number {
  const [start, stop] = [near.start[node]!, near.start[node + 1]!];
  if (start === stop) return -1;
  let sum = 0;
  for (let i = start; i < stop; i += 1) {
    const segment = near.item[i]!;
    const other = down ? proper.from[segment]! : proper.to[segment]!;
    const dx = down ? proper.fromDx[segment]! : proper.toDx[segment]!;
    sum += position[other]! + 0.5 + fraction(dx, proper.width[other]!);
  }
  return sum / (stop - start);
}

function fraction(dx: number, width: number): number {
  return width > 0 ? Math.max(-0.49, Math.min(0.49, dx / width)) : 0;
}

export function countCrossings(proper: Proper, near: Neighbours, layers: Layers): number {
  const position = positions(layers, proper.count);
  let total = 0;
  for (let rank = 0; rank + 1 < layers.length; rank += 1) {
    total += crossingsBelow(proper, near.down, layers[rank]!, layers[rank + 1]!.length, position);
  }
  return total;
}

/** Barth, Jünger, Mutzel: inversions counted with an accumulator tree, O(edges · log nodes). */
function crossingsBelow(proper: Proper, down: Csr, layer: Int32Array, below: number, position: Int32Array): number {
  let leaf = 1;
  while (leaf < below) leaf *= 2;
  const tree = new Int32Array(2 * leaf);
  let crossings = 0;
  for (const node of layer) {
    const segments = Array.from(down.item.subarray(down.start[node]!, down.start[node + 1]!));
    segments.sort((a, b) => proper.fromDx[a]! - proper.fromDx[b]! || endOrder(proper, position, a, b));
    for (const segment of segments) crossings += insert(tree, leaf + position[proper.to[segment]!]!);
  }
  return crossings;
}

function endOrder(proper: Proper, position: Int32Array, a: number, b: number): number {
  return position[proper.to[a]!]! - position[proper.to[b]!]! || proper.toDx[a]! - proper.toDx[b]!;
}

/** Adds one end and returns how many earlier ends lie right of it. */
function insert(tree: Int32Array, leaf: number): number {
  let right = 0;
  for (let at = leaf; at >= 1; at >>= 1) {
    tree[at]! += 1;
    if (at > 1 && at % 2 === 0) right += tree[at + 1]!;
  }
  return right;
}
