/**
 * Folds loose ops that lie between modules (mask and shape arithmetic, a head nobody named) into groups of their own,
 * so that a module's view shows its modules.
 *
 * Below the root a set with heavy ops stays open: the heart of an attention module is what its module is opened for.
 * Only neighbours in execution order are folded, and only what is connected: a path that leaves such a group cannot
 * come back into it.
 */

import type { Members } from "./members.js";
import type { OpGraph } from "./ops.js";

/** A group with fewer members is readable as it is. */
const CROWDED = 13;
const FEWEST = 5;

/** Rewrites `members` (nodes, `~group` for groups) in place; new groups are appended to it. */
export function foldLoose(graph: OpGraph, members: Members[], heavy: (op: number) => boolean): void {
  const crowded = crowdedGroups(members);
  if (crowded.length === 0) return;
  const stretch = markStretches(graph, members, crowded);
  const folder = new Folder(members, stretch, connect(graph, stretch));
  for (const group of crowded) folder.fold(group, group === 0 ? () => false : heavy);
}

function crowdedGroups(members: readonly Members[]): number[] {
  const crowded: number[] = [];
  members.forEach((list, group) => {
    if (list.length >= CROWDED && hasGroup(list)) crowded.push(group);
  });
  return crowded;
}

function hasGroup(members: Members): boolean {
  for (let i = 0; i < members.length; i += 1) if (members[i]! < 0) return true;
  return false;
}

/** Numbers the stretches of loose ops between groups that are long enough to be folded, 0 for ops in none. */
function markStretches(graph: OpGraph, members: readonly Members[], crowded: readonly number[]): Int32Array {
  const stretch = new Int32Array(graph.ops);
  let number = 0;
  for (const group of crowded) {
    const list = members[group]!;
    for (let start = 0; start < list.length; ) {
      let stop = start + 1;
      while (stop < list.length && list[start]! >= 0 && list[stop]! >= 0) stop += 1;
      number += 1;
      if (stop - start >= FEWEST) markOps(list, start, stop, stretch, number);
      start = stop;
    }
  }
  return stretch;
}

function markOps(list: Members, start: number, stop: number, stretch: Int32Array, number: number): void {
  for (let i = start; i < stop; i += 1) if (list[i]! < stretch.length) stretch[list[i]!] = number;
}

/** Ops of one stretch that are connected within it. */
function connect(graph: OpGraph, stretch: Int32Array): DisjointSets {
  const sets = new DisjointSets(graph.ops);
  const { count, from, to } = graph.edges;
  for (let edge = 0; edge < count; edge += 1) {
    const [a, b] = [from[edge]!, to[edge]!];
    if (a < graph.ops && b < graph.ops && stretch[a]! > 0 && stretch[a] === stretch[b]) sets.join(a, b);
  }
  return sets;
}

class Folder {
  readonly #members: Members[];
  readonly #stretch: Int32Array;
  readonly #sets: DisjointSets;
  /** By the op that stands for a set: how many it has, whether it stays open, the group made of it. */
  readonly #size: Int32Array;
  readonly #open: Uint8Array;
  readonly #group = new Map<number, number>();

  constructor(members: Members[], stretch: Int32Array, sets: DisjointSets) {
    this.#members = members;
    this.#stretch = stretch;
    this.#sets = sets;
    this.#size = new Int32Array(stretch.length);
    this.#open = new Uint8Array(stretch.length);
  }

  fold(group: number, keep: (op: number) => boolean): void {
    const list = this.#members[group]!;
    for (let i = 0; i < list.length; i += 1) {
      const root = this.#root(list[i]!);
      if (root < 0) continue;
      this.#size[root]! += 1;
      if (keep(list[i]!)) this.#open[root] = 1;
    }
    this.#members[group] = this.#rewrite(list);
  }

  /** The list itself where nothing is to be folded. */
  #rewrite(list: Members): Members {
    const out: number[] = [];
    for (let i = 0; i < list.length; i += 1) {
      const member = list[i]!;
      const root = this.#root(member);
      if (root < 0 || this.#open[root] === 1 || this.#size[root]! < FEWEST) out.push(member);
      else this.#moveInto(root, member, out);
    }
    return out.length === list.length ? list : out;
  }

  #moveInto(root: number, op: number, out: number[]): void {
    let group = this.#group.get(root);
    if (group === undefined) {
      group = this.#members.push([]) - 1;
      this.#group.set(root, group);
      out.push(~group);
    }
    (this.#members[group] as number[]).push(op);
  }

  #root(member: number): number {
    return member >= 0 && member < this.#stretch.length && this.#stretch[member]! > 0 ? this.#sets.find(member) : -1;
  }
}

class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = new Int32Array(size);
    for (let i = 0; i < size; i += 1) this.#parent[i] = i;
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
