/** The members of each raw group in drawing order: a node, or `~group`. */

import type { RawGroups } from "./groups.js";
import type { OpGraph } from "./ops.js";

export type Members = ArrayLike<number>;

/**
 * Puts every node that is not hidden into its group, and every group that has something into the one around it.
 *
 * A control-flow op is drawn as the first member of its own body, which stands in its place.
 */
export function placeNodes(graph: OpGraph, groups: RawGroups, hidden: Uint8Array): Members[] {
  const placing = new Placing(graph, groups);
  for (let i = 0; i < graph.inputs.length; i += 1) placing.node(graph.ops + i, 0);
  for (let op = 0; op < graph.ops; op += 1) {
    if (hidden[op] === 0) placing.op(op, groups.bodyOf[op] === -1 ? groups.groupOf[op]! : groups.bodyOf[op]!);
  }
  for (let node = graph.ops + graph.inputs.length; node < graph.nodes; node += 1) placing.node(node, 0);
  return placing.lists();
}

class Placing {
  readonly #parent: Int32Array;
  /** One entry per member, in the order they come. */
  readonly #member: Int32Array;
  readonly #home: Int32Array;
  readonly #size: Int32Array;
  readonly #placed: Uint8Array;
  /** The last op in a group or below it. */
  readonly #last: Int32Array;
  #count = 0;

  constructor(graph: OpGraph, groups: RawGroups) {
    this.#parent = groups.parent;
    this.#member = new Int32Array(graph.nodes + groups.count);
    this.#home = new Int32Array(graph.nodes + groups.count);
    this.#size = new Int32Array(groups.count);
    this.#placed = new Uint8Array(groups.count);
    this.#placed[0] = 1;
    this.#last = new Int32Array(groups.count).fill(-1);
  }

  node(node: number, home: number): void {
    this.#member[this.#count] = node;
    this.#home[this.#count] = home;
    this.#size[home]! += 1;
    this.#count += 1;
  }

  op(op: number, home: number): void {
    this.node(op, home);
    for (let group = home; group >= 0; group = this.#parent[group]!) this.#last[group] = op;
    for (let group = home; this.#placed[group] === 0; group = this.#parent[group]!) {
      this.#placed[group] = 1;
      this.node(~group, this.#parent[group]!);
    }
  }

  lists(): Members[] {
    const start = new Int32Array(this.#size.length + 1);
    for (let group = 0; group < this.#size.length; group += 1) start[group + 1] = start[group]! + this.#size[group]!;
    const next = start.slice();
    const all = new Int32Array(this.#count);
    for (let i = 0; i < this.#count; i += 1) all[next[this.#home[i]!]!++] = this.#member[i]!;
    const lists: Members[] = [];
    for (let group = 0; group < this.#size.length; group += 1) {
      const list = all.subarray(start[group]!, start[group + 1]!);
      this.#clearTheWay(list);
      lists.push(list);
    }
    return lists;
  }

  /** What runs amid a group, such as a mask that all layers share, stands before it, not between two layers. */
  #clearTheWay(list: Int32Array): void {
    for (let i = 1; i < list.length; i += 1) {
      const [before, member] = [list[i - 1]!, list[i]!];
      const end = member < 0 ? this.#last[~member]! : member;
      if (before >= 0 || this.#last[~before]! <= end) continue;
      list[i - 1] = member;
      list[i] = before;
    }
  }
}
