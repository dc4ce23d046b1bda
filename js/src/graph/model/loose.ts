/**
 * Folds loose ops that lie between modules (mask and shape arithmetic, a head nobody named) into groups of their own,
 * so that a module's view shows its modules.
 *
 * Below the root a set with heavy ops stays open: the heart of an attention module is what its module is opened for.
 * Only neighbours in execution order are folded, and only what is connected: a path that leaves such a group cannot
 * come back into it.
 */

import type { OpGraph } from "./ops.js";

/** A group with fewer members is readable as it is. */
const CROWDED = 13;
const FEWEST = 5;

/** Rewrites `members` (nodes, `~group` for groups) in place; new groups are appended to it. */
export function foldLoose(graph: OpGraph, members: number[][], heavy: (op: number) => boolean): void {
  const given = members.length;
  const stretch = markStretches(graph, members);
  const sets = new DisjointSets(graph.ops);
  const { count, from, to } = graph.edges;
  for (let edge = 0; edge < count; edge += 1) {
    const [a, b] = [from[edge]!, to[edge]!];
    if (a < graph.ops && b < graph.ops && stretch[a]! > 0 && stretch[a] === stretch[b]) sets.join(a, b);
  }
  for (let group = 0; group < given; group += 1) {
    if (crowded(members[group]!)) {
      const keep = group === 0 ? () => false : heavy;
      members[group] = foldMembers(members[group]!, members, stretch, sets, keep);
    }
  }
}

function crowded(members: readonly number[]): boolean {
  return members.length >= CROWDED && members.some((member) => member < 0);
}

/** Numbers the stretches of loose ops between groups, 0 for ops in none. */
function markStretches(graph: OpGraph, members: readonly (readonly number[])[]): Int32Array {
  const stretch = new Int32Array(graph.ops);
  let number = 0;
  for (const list of members) {
    if (!crowded(list)) continue;
    number += 1;
    for (const member of list) {
      if (member < 0) number += 1;
      else if (member < graph.ops) stretch[member] = number;
    }
  }
  return stretch;
}

function foldMembers(
  list: readonly number[],
  members: number[][],
  stretch: Int32Array,
  sets: DisjointSets,
  keep: (op: number) => boolean,
): number[] {
  const connected = new Map<number, number[]>();
  for (const member of list) {
    if (member < 0 || !stretch[member]) continue;
    const root = sets.find(member);
    const set = connected.get(root);
    if (set) set.push(member);
    else connected.set(root, [member]);
  }
  const made = new Map<number, number>();
  return list.flatMap((member) => {
    const root = member >= 0 && stretch[member] ? sets.find(member) : -1;
    const set = connected.get(root);
    if (!set || set.length < FEWEST || set.some(keep)) return [member];
    if (made.has(root)) return [];
    made.set(root, members.push(set) - 1);
    return [~made.get(root)!];
  });
}

class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  find(node: number): number {
    let root = node;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    for (let at = node; at !== root; ) {
      const above = this.#parent[at]!;
      this.#parent[at] = root;
      at = above;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    this.#parent[Math.max(x, y)] = Math.min(x, y);
  }
}
