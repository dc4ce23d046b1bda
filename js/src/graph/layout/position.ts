/**
 * Horizontal places after Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001), with
 * attachment points (a block lines up points, not centres) and with the compaction as a longest path over blocks.
 *
 * Four layouts (aligned to upper or lower neighbours, packed to the left or right) are merged by their median, which
 * keeps order and distances.
 */

import { type Csr, groupBy } from "./csr.js";

import { relaxLayers } from "./relax.js";
import { slideLines } from "./slide.js";
import { distance, extent, inLine } from "./spacing.js";
import type { Layers, Proper } from "./types.js";

/** So many times wider than its widest rank, straight lines have pushed a drawing apart. */
const TANGLED = 2.5;

/** Centre of each node; the leftmost edge of the drawing is at 0. */
export function placeHorizontally(proper: Proper, layers: Layers): Float64Array {
  const conflicts = innerConflicts(proper, layers);
  const sides: Float64Array[] = [];
  for (const down of [true, false]) {
    for (const left of [true, false]) sides.push(new Aligner(proper, layers, conflicts, down, left).run());
  }
  const merged = merge(proper, sides);
  const [west, east] = extent(proper, merged);
  const x = east - west > TANGLED * widestRank(proper, layers) ? relaxLayers(proper, layers) : merged;
  slideLines(proper, layers, x);
  const [left] = extent(proper, x);
  return x.map((value) => value - left);
}

/** Segments that cross one between two dummies: the long edge wins, so that it is straight. */
function innerConflicts(proper: Proper, layers: Layers): Uint8Array {
  const conflict = new Uint8Array(proper.segments);
  const up = groupBy(proper.to, proper.count);
  const position = new Int32Array(proper.count);
  for (const layer of layers) {
    layer.forEach((node, i) => {
      position[node] = i;
    });
  }
  const inner = (node: number): number => innerParent(proper, up, node);
  for (let rank = 1; rank < layers.length; rank += 1) {
    markLayer(proper, layers[rank]!, layers[rank - 1]!.length, up, position, inner, conflict);
  }
  return conflict;
}

function innerParent(proper: Proper, up: Csr, node: number): number {
  if (node < proper.real) return -1;
  const parent = proper.from[up.item[up.start[node]!]!]!;
  return parent >= proper.real ? parent : -1;
}

function markLayer(
  proper: Proper,
  layer: Int32Array,
  above: number,
  up: Csr,
  position: Int32Array,
  inner: (node: number) => number,
  conflict: Uint8Array,
): void {
  let left = 0;
  let scanned = 0;
  for (let i = 0; i < layer.length; i += 1) {
    const parent = inner(layer[i]!);
    if (parent < 0 && i < layer.length - 1) continue;
    const right = parent < 0 ? above : position[parent]!;
    for (; scanned <= i; scanned += 1) {
      const node = layer[scanned]!;
      if (inner(node) < 0) markOutside(proper, up, node, position, left, right, conflict);
    }
    left = right;
  }
}

/** Marks the segments into a node that come from outside `left..right`. */
function markOutside(
  proper: Proper,
  up: Csr,
  node: number,
  position: Int32Array,
  left: number,
  right: number,
  conflict: Uint8Array,
): void {
  for (let k = up.start[node]!; k < up.start[node + 1]!; k += 1) {
    const at = position[proper.from[up.item[k]!]!]!;
    if (at < left || at > right) conflict[up.item[k]!] = 1;
  }
}

class Aligner {
  readonly #proper: Proper;
  /** Layers in sweep direction, each from the packing side outwards. */
  readonly #layers: readonly Int32Array[];
  readonly #conflicts: Uint8Array;
  readonly #down: boolean;
  readonly #sign: number;
  readonly #position: Int32Array;
  /** How many boxes a box meets on the side that is being aligned. */
  readonly #boxNeighbours: Int32Array;
  readonly #root: Int32Array;
  /** Place of a node relative to the root of its block. */
  readonly #shift: Float64Array;

  constructor(proper: Proper, layers: Layers, conflicts: Uint8Array, down: boolean, left: boolean) {
    this.#proper = proper;
    this.#conflicts = conflicts;
    this.#down = down;
    this.#sign = left ? 1 : -1;
    const turned = left ? layers : layers.map((layer) => layer.slice().reverse());
    this.#layers = down ? turned : turned.slice().reverse();
    this.#position = new Int32Array(proper.count);
    for (const layer of turned) {
      layer.forEach((node, i) => {
        this.#position[node] = i;
      });
    }
    this.#boxNeighbours = boxNeighbours(proper, down);
    this.#root = Int32Array.from({ length: proper.count }, (_, node) => node);
    this.#shift = new Float64Array(proper.count);
  }

  run(): Float64Array {
    this.#alignBlocks();
    const place = this.#compact();
    return this.#shift.map((shift, node) => this.#sign * (place[this.#root[node]!]! + shift));
  }

  #alignBlocks(): void {
    const near = groupBy(this.#down ? this.#proper.to : this.#proper.from, this.#proper.count);
    for (let i = 1; i < this.#layers.length; i += 1) {
      let reached = -1;
      for (const node of this.#layers[i]!) {
        const segment = this.#choose(near, node, reached);
        if (segment < 0) continue;
        this.#join(segment, node);
        reached = this.#position[this.#other(segment)]!;
      }
    }
  }

  #other(segment: number): number {
    return this.#down ? this.#proper.from[segment]! : this.#proper.to[segment]!;
  }

  /** The segment to line up along: a lone box before passing edges, else the medians. */
  #choose(near: Csr, node: number, reached: number): number {
    const segments = Array.from(near.item.subarray(near.start[node]!, near.start[node + 1]!));
    if (segments.length === 0) return -1;
    segments.sort((a, b) => this.#order(a) - this.#order(b));
    for (const segment of this.#candidates(node, segments)) {
      const other = this.#other(segment);
      // A passing edge must not take the place of the only box that leads there: the main path stays straight.
      const taken = node >= this.#proper.boxes && this.#boxNeighbours[other] === 1;
      if (this.#position[other]! > reached && !this.#conflicts[segment] && !taken) return segment;
    }
    return -1;
  }

  #order(segment: number): number {
    const other = this.#other(segment);
    const dx = this.#down ? this.#proper.fromDx[segment]! : this.#proper.toDx[segment]!;
    return this.#position[other]! + (this.#sign * dx) / (this.#proper.width[other]! + 1);
  }

  #candidates(node: number, segments: readonly number[]): number[] {
    const middle = (segments.length - 1) / 2;
    const medians = [segments[Math.floor(middle)]!, segments[Math.ceil(middle)]!];
    const boxes = segments.filter((segment) => this.#other(segment) < this.#proper.boxes);
    const [only] = boxes;
    const alone = node < this.#proper.boxes && boxes.length === 1 && only !== undefined;
    return alone ? [only, ...medians] : medians;
  }

  #join(segment: number, node: number): void {
    const other = this.#other(segment);
    const offset = inLine(this.#proper, segment) * (this.#down ? 1 : -1);
    this.#root[node] = this.#root[other]!;
    this.#shift[node] = this.#shift[other]! + this.#sign * offset;
  }

  /** Leftmost places by longest path over blocks, then blocks pulled right as far as they can go. */
  #compact(): Float64Array {
    const graph = this.#blockGraph();
    const order = blockOrder(graph, this.#root);
    const place = new Float64Array(this.#proper.count);
    for (const block of order) {
      for (let i = graph.into.start[block]!; i < graph.into.start[block + 1]!; i += 1) {
        const edge = graph.into.item[i]!;
        place[block] = Math.max(place[block]!, place[graph.from[edge]!]! + graph.gap[edge]!);
      }
    }
    for (let i = order.length - 1; i >= 0; i -= 1) this.#pull(graph, order[i]!, place);
    return place;
  }

  #pull(graph: BlockGraph, block: number, place: Float64Array): void {
    let room = Number.POSITIVE_INFINITY;
    for (let i = graph.out.start[block]!; i < graph.out.start[block + 1]!; i += 1) {
      const edge = graph.out.item[i]!;
      room = Math.min(room, place[graph.to[edge]!]! - graph.gap[edge]!);
    }
    if (room !== Number.POSITIVE_INFINITY) place[block] = Math.max(place[block]!, room);
  }

  #blockGraph(): BlockGraph {
    const [from, to, gap]: [number[], number[], number[]] = [[], [], []];
    for (const layer of this.#layers) {
      for (let i = 1; i < layer.length; i += 1) {
        const [a, b] = [layer[i - 1]!, layer[i]!];
        from.push(this.#root[a]!);
        to.push(this.#root[b]!);
        gap.push(this.#shift[a]! + distance(this.#proper, a, b) - this.#shift[b]!);
      }
    }
    const [source, target] = [Int32Array.from(from), Int32Array.from(to)];
    const { count } = this.#proper;
    return { from: source, to: target, gap, out: groupBy(source, count), into: groupBy(target, count) };
  }
}

function boxNeighbours(proper: Proper, down: boolean): Int32Array {
  const counts = new Int32Array(proper.count);
  for (let s = 0; s < proper.segments; s += 1) {
    const [from, to] = [proper.from[s]!, proper.to[s]!];
    if (from < proper.boxes && to < proper.boxes) counts[down ? from : to]! += 1;
  }
  return counts;
}

interface BlockGraph {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly gap: readonly number[];
  readonly out: Csr;
  readonly into: Csr;
}

function blockOrder(graph: BlockGraph, root: Int32Array): number[] {
  const waiting = new Int32Array(root.length);
  for (const to of graph.to) waiting[to]! += 1;
  const order: number[] = [];
  root.forEach((block, node) => {
    if (block === node && waiting[node] === 0) order.push(node);
  });
  for (let i = 0; i < order.length; i += 1) {
    const block = order[i]!;
    for (let k = graph.out.start[block]!; k < graph.out.start[block + 1]!; k += 1) {
      const to = graph.to[graph.out.item[k]!]!;
      waiting[to]! -= 1;
      if (waiting[to] === 0) order.push(to);
    }
  }
  return order;
}

function widestRank(proper: Proper, layers: Layers): number {
  let widest = 0;
  for (const layer of layers) {
    let width = (proper.width[layer[0]!]! + proper.width[layer.at(-1)!]!) / 2;
    for (let i = 1; i < layer.length; i += 1) width += distance(proper, layer[i - 1]!, layer[i]!);
    widest = Math.max(widest, width);
  }
  return widest;
}

/** Lines the four layouts up with the narrowest one and takes the mean of the two medians. */
function merge(proper: Proper, sides: readonly Float64Array[]): Float64Array {
  const bounds = sides.map((side) => extent(proper, side));
  const narrow = bounds.reduce((a, b) => (b[1] - b[0] < a[1] - a[0] ? b : a));
  const offsets = bounds.map((bound, i) => (i % 2 === 0 ? narrow[0] - bound[0] : narrow[1] - bound[1]));
  const merged = new Float64Array(proper.count);
  const four = new Float64Array(4);
  for (let node = 0; node < merged.length; node += 1) {
    for (let i = 0; i < 4; i += 1) four[i] = sides[i]![node]! + offsets[i]!;
    four.sort();
    merged[node] = (four[1]! + four[2]!) / 2;
  }
  return merged;
}
