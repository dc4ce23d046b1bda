/** Threads: nodes in neighbouring ranks that hang on each other alone, such as a long edge or an unbranched path. */

import type { Links } from "./links.js";
import type { Proper } from "./types.js";

/** Every thread of two nodes or more, from top to bottom. */
export function findThreads(proper: Proper, links: Links): Int32Array[] {
  const next = new Int32Array(proper.count).fill(-1);
  const before = new Int32Array(proper.count).fill(-1);
  for (let node = 0; node < proper.count; node += 1) {
    const follower = followerOf(proper, links, node);
    if (follower < 0) continue;
    next[node] = follower;
    before[follower] = node;
  }
  const threads: Int32Array[] = [];
  for (let node = 0; node < proper.count; node += 1) {
    if (before[node]! >= 0 || next[node]! < 0) continue;
    const thread: number[] = [];
    for (let at = node; at >= 0; at = next[at]!) thread.push(at);
    threads.push(Int32Array.from(thread));
  }
  return threads;
}

/** The passing place below a passing place, or the only node below that hangs on this node alone; else -1. */
function followerOf(proper: Proper, { up, down }: Links, node: number): number {
  const [start, stop] = [down.start[node]!, down.start[node + 1]!];
  if (node >= proper.real) {
    for (let i = start; i < stop; i += 1) {
      const below = proper.to[down.item[i]!]!;
      if (below >= proper.real) return below;
    }
  }
  if (stop - start !== 1) return -1;
  const below = proper.to[down.item[start]!]!;
  return up.start[below + 1]! - up.start[below]! === 1 ? below : -1;
}
