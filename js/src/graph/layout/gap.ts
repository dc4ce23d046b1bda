/** What a thread would cross between two ranks, for every slot that it could take in each. */

import type { Links } from "./links.js";
import type { Proper } from "./types.js";

/** One of the ranks that a thread passes, or the one above or below it. */
export interface Side {
  readonly layer: Int32Array;
  /** Node of the thread in this rank, -1 for none. */
  readonly node: number;
  /** What the thread's side branches cross, by slot. */
  readonly alone: Float64Array;
}

interface Branch {
  readonly weight: number;
  /** Place of the far end among the other nodes of its rank, and of the point on that node. */
  readonly slot: number;
  readonly key: number;
}

export class Gap {
  readonly #rows: number;
  readonly #columns: number;
  /** Edges along the thread. */
  #trunk = 0;
  /** Other edges that begin left of a slot above and end left of a slot below. */
  readonly #both: Float64Array;
  /** Crossings among the thread's own branches; null for none. */
  readonly #own: Float64Array | null;
  readonly #leaving: Branch[] = [];
  readonly #arriving: Branch[] = [];

  /** Adds to `alone` of both sides what the side branches cross. */
  constructor(proper: Proper, links: Links, position: Int32Array, upper: Side, lower: Side) {
    this.#rows = upper.alone.length;
    this.#columns = lower.alone.length;
    this.#both = new Float64Array(this.#rows * this.#columns);
    const edges = new Edges(proper, links, position, upper, lower);
    edges.visit((s) =>
      this.#take(edges, s, proper.weight[s]!, proper.from[s] === upper.node, proper.to[s] === lower.node),
    );
    if (this.#trunk > 0) this.#sum();
    const [leaving, arriving] = [this.#leaving, this.#arriving];
    if (leaving.length + arriving.length > 0) edges.addBranches(leaving, arriving);
    this.#own = leaving.length > 0 && arriving.length > 0 ? this.#ownCrossings(leaving, arriving) : null;
  }

  #take(edges: Edges, s: number, weight: number, leaves: boolean, arrives: boolean): void {
    if (leaves && arrives) this.#trunk += weight;
    else if (leaves) this.#leaving.push(edges.end(s));
    else if (arrives) this.#arriving.push(edges.begin(s));
    else this.#both[(edges.fromSlot(s) + 1) * this.#columns + edges.toSlot(s) + 1]! += weight;
  }

  /** Crossings with the thread in slot `p` above and slot `q` below. */
  cost(p: number, q: number): number {
    const [both, columns] = [this.#both, this.#columns];
    const at = p * columns + q;
    const sides = both[p * columns + columns - 1]! + both[(this.#rows - 1) * columns + q]! - 2 * both[at]!;
    return this.#trunk * sides + (this.#own ? this.#own[at]! : 0);
  }

  /** Turns counts by slot into prefix sums. */
  #sum(): void {
    const [both, columns] = [this.#both, this.#columns];
    for (let p = 1; p < this.#rows; p += 1) {
      let line = 0;
      for (let at = p * columns + 1; at < (p + 1) * columns; at += 1) {
        line += both[at]!;
        both[at] = line + both[at - columns]!;
      }
    }
  }

  /** A branch that leaves the thread above and one that joins it below cross where their ends lie on opposite sides. */
  #ownCrossings(leaving: readonly Branch[], arriving: readonly Branch[]): Float64Array {
    const own = new Float64Array(this.#rows * this.#columns);
    for (const out of leaving) {
      for (const into of arriving) {
        for (let at = 0; at < own.length; at += 1) {
          const [p, q] = [Math.floor(at / this.#columns), at % this.#columns];
          if (into.slot < p !== out.slot >= q) own[at]! += out.weight * into.weight;
        }
      }
    }
    return own;
  }
}

/** The edges between the two ranks, seen with the thread's nodes taken out. */
class Edges {
  readonly #proper: Proper;
  readonly #links: Links;
  readonly #position: Int32Array;
  readonly #upper: Side;
  readonly #lower: Side;
  readonly #above: number;
  readonly #below: number;

  constructor(proper: Proper, links: Links, position: Int32Array, upper: Side, lower: Side) {
    this.#proper = proper;
    this.#links = links;
    this.#position = position;
    this.#upper = upper;
    this.#lower = lower;
    this.#above = upper.node < 0 ? proper.count : position[upper.node]!;
    this.#below = lower.node < 0 ? proper.count : position[lower.node]!;
  }

  fromSlot(s: number): number {
    const position = this.#position[this.#proper.from[s]!]!;
    return position > this.#above ? position - 1 : position;
  }

  toSlot(s: number): number {
    const position = this.#position[this.#proper.to[s]!]!;
    return position > this.#below ? position - 1 : position;
  }

  begin(s: number): Branch {
    const slot = this.fromSlot(s);
    return { weight: this.#proper.weight[s]!, slot, key: slot + this.#links.fromAt[s]! };
  }

  end(s: number): Branch {
    const slot = this.toSlot(s);
    return { weight: this.#proper.weight[s]!, slot, key: slot + this.#links.toAt[s]! };
  }

  visit(visitor: (s: number) => void): void {
    const { item, start } = this.#links.down;
    for (const node of this.#upper.layer) {
      for (let i = start[node]!; i < start[node + 1]!; i += 1) visitor(item[i]!);
    }
  }

  /** A side branch has one fixed end; its other end moves with the thread. */
  addBranches(leaving: readonly Branch[], arriving: readonly Branch[]): void {
    this.visit((s) => {
      if (this.#proper.from[s] === this.#upper.node || this.#proper.to[s] === this.#lower.node) return;
      const [from, to] = [this.begin(s), this.end(s)];
      for (const branch of leaving) addCost(this.#upper.alone, from, to.key - branch.key, branch.weight);
      for (const branch of arriving) addCost(this.#lower.alone, to, from.key - branch.key, branch.weight);
    });
  }
}

/** An edge whose fixed end is right of the branch's is crossed from all slots right of its other end, and so on. */
function addCost(alone: Float64Array, { slot, weight }: Branch, side: number, times: number): void {
  const [first, stop] = side > 0 ? [slot + 1, alone.length] : [0, side < 0 ? slot + 1 : 0];
  for (let p = first; p < stop; p += 1) alone[p]! += weight * times;
}
