/** The shortest way from one set of leaves to another. */

import type { Adjacency } from "../model/adjacency.js";
import { neighbours, type Way } from "./trace.js";

export interface Path {
  /** From the first end to the second, both included. */
  readonly leaves: readonly number[];
  /** Whether data flows from the first end to the second, the other way, or neither: then the path turns about. */
  readonly flow: "forward" | "backward" | "mixed";
}

/** Along the edges where that is possible, else against them, else as if they had no direction; null where apart. */
export function shortestPath(
  edges: Adjacency,
  count: number,
  from: readonly number[],
  to: readonly number[],
): Path | null {
  const attempts = [
    ["forward", ["downstream"]],
    ["backward", ["upstream"]],
    ["mixed", ["downstream", "upstream"]],
  ] as const;
  for (const [flow, ways] of attempts) {
    const leaves = search(edges, count, from, to, ways);
    if (leaves) return { leaves, flow };
  }
  return null;
}

const UNSEEN = -2;
const START = -1;

function search(
  edges: Adjacency,
  count: number,
  from: readonly number[],
  to: readonly number[],
  ways: readonly Way[],
): number[] | null {
  const cameFrom = new Int32Array(count).fill(UNSEEN);
  const wanted = new Uint8Array(count);
  for (const leaf of to) wanted[leaf] = 1;
  for (const leaf of from) cameFrom[leaf] = START;
  const queue = [...from];
  for (let i = 0; i < queue.length; i += 1) {
    const leaf = queue[i]!;
    if (wanted[leaf] === 1) return unwind(cameFrom, leaf);
    for (const way of ways) {
      neighbours(edges, leaf, way, (other) => {
        if (cameFrom[other] !== UNSEEN) return;
        cameFrom[other] = leaf;
        queue.push(other);
      });
    }
  }
  return null;
}

function unwind(cameFrom: Int32Array, end: number): number[] {
  const leaves: number[] = [];
  for (let leaf = end; leaf !== START; leaf = cameFrom[leaf]!) leaves.push(leaf);
  return leaves.reverse();
}
