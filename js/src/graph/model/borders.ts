/**
 * Which edges run inside a group from one member to another, and which cross its border: what is drawn in an open
 * group is then found without a look at the edges deeper down.
 */

import type { Adjacency } from "./adjacency.js";
import type { Tree } from "./tree.js";

/** A list of edges for each item: those of item `i` are `edge[start[i]..start[i+1])`. */
export interface EdgeLists {
  readonly start: Int32Array;
  readonly edge: Int32Array;
}

export interface Borders {
  /** Edges between two members of an item, ascending. */
  readonly inner: EdgeLists;
  /** Edges that come into an item from outside, ascending. */
  readonly incoming: EdgeLists;
  /** Edges that leave an item, by the leaf they start from. */
  readonly outgoing: EdgeLists;
}

export function findBorders(tree: Tree, edges: Adjacency): Borders {
  const { parent, lo, hi, itemOf } = tree;
  const { count, from, to, outEdge } = edges;
  const meeting = new Int32Array(count);
  const incoming = new Sorter(count);
  for (let edge = 0; edge < count; edge += 1) {
    const source = from[edge]!;
    let at = parent[itemOf[to[edge]!]!]!;
    while (at > 0 && (source < lo[at]! || source >= hi[at]!)) {
      incoming.add(at, edge);
      at = parent[at]!;
    }
    meeting[edge] = at;
  }
  const outgoing = new Sorter(count);
  for (let i = 0; i < count; i += 1) {
    const edge = outEdge[i]!;
    for (let at = parent[itemOf[from[edge]!]!]!; at !== meeting[edge]; at = parent[at]!) outgoing.add(at, edge);
  }
  const items = tree.kind.length;
  return { inner: innerLists(meeting, items), incoming: incoming.lists(items), outgoing: outgoing.lists(items) };
}

/** By the innermost item that holds both ends. */
function innerLists(meeting: Int32Array, items: number): EdgeLists {
  const edges = new Int32Array(meeting.length);
  for (let edge = 0; edge < edges.length; edge += 1) edges[edge] = edge;
  return sorted(meeting, edges, meeting.length, items);
}

/** Collects edges by item, to be sorted by counting. */
class Sorter {
  #item: Int32Array;
  #edge: Int32Array;
  #count = 0;

  constructor(room: number) {
    this.#item = new Int32Array(room);
    this.#edge = new Int32Array(room);
  }

  add(item: number, edge: number): void {
    if (this.#count === this.#item.length) this.#grow();
    this.#item[this.#count] = item;
    this.#edge[this.#count++] = edge;
  }

  #grow(): void {
    const larger = (array: Int32Array): Int32Array => {
      const grown = new Int32Array(2 * array.length + 16);
      grown.set(array);
      return grown;
    };
    this.#item = larger(this.#item);
    this.#edge = larger(this.#edge);
  }

  lists(items: number): EdgeLists {
    return sorted(this.#item, this.#edge, this.#count, items);
  }
}

function sorted(keys: Int32Array, edges: Int32Array, count: number, items: number): EdgeLists {
  const start = new Int32Array(items + 1);
  for (let i = 0; i < count; i += 1) start[keys[i]! + 1]! += 1;
  for (let item = 0; item < items; item += 1) start[item + 1]! += start[item]!;
  const next = start.slice();
  const edge = new Int32Array(count);
  for (let i = 0; i < count; i += 1) edge[next[keys[i]!]!++] = edges[i]!;
  return { start, edge };
}
