/** What a set of leaves depends on, and what depends on it. */

import type { Adjacency } from "../model/adjacency.js";

export type Way = "upstream" | "downstream";

/** 1 for the seeds and all leaves that a path leads from (upstream) or to (downstream). */
export function trace(edges: Adjacency, leaves: number, seeds: Iterable<number>, way: Way): Uint8Array {
  const member = new Uint8Array(leaves);
  const stack: number[] = [];
  const visit = (leaf: number): void => {
    if (member[leaf] === 1) return;
    member[leaf] = 1;
    stack.push(leaf);
  };
  for (const seed of seeds) visit(seed);
  for (let leaf = stack.pop(); leaf !== undefined; leaf = stack.pop()) neighbours(edges, leaf, way, visit);
  return member;
}

export function neighbours(edges: Adjacency, leaf: number, way: Way, visit: (other: number) => void): void {
  if (way === "upstream") {
    for (let edge = edges.inStart[leaf]!; edge < edges.inStart[leaf + 1]!; edge += 1) visit(edges.from[edge]!);
  } else {
    for (let i = edges.outStart[leaf]!; i < edges.outStart[leaf + 1]!; i += 1) visit(edges.to[edges.outEdge[i]!]!);
  }
}
