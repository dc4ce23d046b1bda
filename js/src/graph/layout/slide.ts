/**
 * Takes up slack: what is drawn as one straight line (a passing edge, a chain) slides sideways, as a whole and as far
 * as its neighbours let it, to where the edges that leave it are shortest. Merging four layouts leaves such lines
 * halfway between the places that the four gave them.
 */

import { type Csr, groupBy } from "./csr.js";
import { distance, extent, inLine } from "./spacing.js";
import type { Layers, Proper } from "./types.js";

const PASSES = 4;
/** Lines that bend by less than this are straight. */
const STRAIGHT = 0.01;

export function slideLines(proper: Proper, layers: Layers, x: Float64Array): void {
  const slider = new Slider(proper, layers, x);
  // Passing edges first: where they have slack they must not pull at the boxes.
  slider.pass(true, proper.real);
  for (let pass = 0; pass < PASSES && slider.pass(pass % 2 === 0, 0); pass += 1);
}

class Slider {
  readonly #proper: Proper;
  readonly #x: Float64Array;
  /** Neighbours in the rank, -1 for none. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  /** The drawing must not grow. */
  readonly #extent: readonly [number, number];
  /** Segments at either end of a node. */
  readonly #up: Csr;
  readonly #down: Csr;

  constructor(proper: Proper, layers: Layers, x: Float64Array) {
    this.#proper = proper;
    this.#x = x;
    this.#left = new Int32Array(proper.count).fill(-1);
    this.#right = new Int32Array(proper.count).fill(-1);
    for (const layer of layers) {
      for (let i = 1; i < layer.length; i += 1) {
        this.#left[layer[i]!] = layer[i - 1]!;
        this.#right[layer[i - 1]!] = layer[i]!;
      }
    }
    this.#extent = extent(proper, x);
    this.#up = groupBy(proper.to, proper.count);
    this.#down = groupBy(proper.from, proper.count);
  }

  /** Tries once to slide every line whose nodes are all numbered `least` or more; returns whether any moved. */
  pass(forward: boolean, least: number): boolean {
    const line = this.#lines();
    const members = groupBy(line, this.#proper.count);
    let moved = false;
    for (let i = 0; i < this.#proper.count; i += 1) {
      const at = forward ? i : this.#proper.count - 1 - i;
      const nodes = members.item.subarray(members.start[at]!, members.start[at + 1]!);
      if (nodes.length > 0 && nodes[0]! >= least && this.#slide(nodes, line)) moved = true;
    }
    return moved;
  }

  /** The line of each node, named by one of its nodes. */
  #lines(): Int32Array {
    const line = Int32Array.from({ length: this.#proper.count }, (_, node) => node);
    const find = (node: number): number => {
      let root = node;
      while (line[root] !== root) root = line[root]!;
      for (let at = node; at !== root; ) [at, line[at]] = [line[at]!, root];
      return root;
    };
    for (let s = 0; s < this.#proper.segments; s += 1) {
      if (Math.abs(this.#bend(s)) < STRAIGHT) line[find(this.#proper.to[s]!)] = find(this.#proper.from[s]!);
    }
    return line.map((_, node) => find(node));
  }

  /** How far the lower node of a segment stands right of where it would be in line with the upper one. */
  #bend(s: number): number {
    const { from, to } = this.#proper;
    return this.#x[to[s]!]! - this.#x[from[s]!]! - inLine(this.#proper, s);
  }

  #slide(nodes: Int32Array, line: Int32Array): boolean {
    const pulls = this.#pulls(nodes, line);
    if (pulls.length === 0) return false;
    pulls.sort((a, b) => a - b);
    // Between the two medians every place is as good: the nearest is taken.
    const wanted = clamp(0, pulls[(pulls.length - 1) >> 1]!, pulls[pulls.length >> 1]!);
    const [least, most] = this.#room(nodes, line);
    const shift = clamp(wanted, Math.min(0, least), Math.max(0, most));
    if (Math.abs(shift) < STRAIGHT) return false;
    for (const node of nodes) this.#x[node]! += shift;
    return true;
  }

  /** Shifts that would straighten each edge which leaves the line, once for every edge that runs along it. */
  #pulls(nodes: Int32Array, line: Int32Array): number[] {
    const { from, to, weight } = this.#proper;
    const pulls: number[] = [];
    const pull = (segment: number, shift: number): void => {
      for (let i = Math.min(weight[segment]!, 3); i > 0; i -= 1) pulls.push(shift);
    };
    for (const node of nodes) {
      for (let i = this.#up.start[node]!; i < this.#up.start[node + 1]!; i += 1) {
        const segment = this.#up.item[i]!;
        if (line[from[segment]!] !== line[node]) pull(segment, -this.#bend(segment));
      }
      for (let i = this.#down.start[node]!; i < this.#down.start[node + 1]!; i += 1) {
        const segment = this.#down.item[i]!;
        if (line[to[segment]!] !== line[node]) pull(segment, this.#bend(segment));
      }
    }
    return pulls;
  }

  /** How far the line can move to the left (negative) and to the right. */
  #room(nodes: Int32Array, line: Int32Array): [number, number] {
    let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const node of nodes) {
      const half = this.#proper.width[node]! / 2;
      least = Math.max(least, this.#extent[0] + half - this.#x[node]!);
      most = Math.min(most, this.#extent[1] - half - this.#x[node]!);
      const [left, right] = [this.#left[node]!, this.#right[node]!];
      if (left >= 0 && line[left] !== line[node]) {
        least = Math.max(least, this.#x[left]! + distance(this.#proper, left, node) - this.#x[node]!);
      }
      if (right >= 0 && line[right] !== line[node]) {
        most = Math.min(most, this.#x[right]! - distance(this.#proper, node, right) - this.#x[node]!);
      }
    }
    return [least, most];
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
