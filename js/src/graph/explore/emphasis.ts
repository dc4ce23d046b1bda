/** A set of leaves that stands out; what is outside fades. Search, filter, trace and path all come down to one. */

import type { GraphModel } from "../model/graph-model.js";

export interface Emphasis {
  /** Prefix sums over leaves: item `i` holds `leaves[hi[i]] - leaves[lo[i]]` members. */
  readonly leaves: Int32Array;
  /** Whether members are outlined, as search results are. */
  readonly outline: boolean;
  /** Whether edges between members are drawn strong, as on a path. */
  readonly edges: boolean;
}

export interface Style {
  readonly outline: boolean;
  readonly edges: boolean;
}

/** The leaves for which `member` is 1. */
export function emphasize(member: Uint8Array, style: Style): Emphasis {
  const leaves = new Int32Array(member.length + 1);
  for (let leaf = 0; leaf < member.length; leaf += 1) leaves[leaf + 1] = leaves[leaf]! + member[leaf]!;
  return { leaves, ...style };
}

/** 1 for the leaf of each op that is drawn. */
export function leavesOf(model: GraphModel, ops: Iterable<number>): Uint8Array {
  const member = new Uint8Array(model.tree.itemOf.length);
  for (const op of ops) {
    const leaf = model.tree.leafOf[op] ?? -1;
    if (leaf >= 0) member[leaf] = 1;
  }
  return member;
}

/** How many leaves of an item stand out. */
export function countIn(model: GraphModel, emphasis: Emphasis, item: number): number {
  const { lo, hi } = model.tree;
  return emphasis.leaves[hi[item]!]! - emphasis.leaves[lo[item]!]!;
}

/** The leaves of some items, each once. */
export function leavesIn(model: GraphModel, items: readonly number[]): number[] {
  const { lo, hi } = model.tree;
  const leaves = new Set<number>();
  for (const item of items) for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) leaves.add(leaf);
  return [...leaves];
}
