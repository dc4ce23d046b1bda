/** Segments seen from both of their ends, in the order in which they attach there. */

import { type Csr, groupBy } from "./csr.js";
import type { Proper } from "./types.js";

export interface Links {
  /** Segments that end in a node, by where they arrive, and those that begin there, by where they leave. */
  readonly up: Csr;
  readonly down: Csr;
  /** Where a segment attaches, as a fraction of the width of the node. */
  readonly fromAt: Float64Array;
  readonly toAt: Float64Array;
}

export function linkNodes(proper: Proper): Links {
  const fromAt = proper.fromDx.map((dx, s) => fraction(dx, proper.width[proper.from[s]!]!));
  const toAt = proper.toDx.map((dx, s) => fraction(dx, proper.width[proper.to[s]!]!));
  const up = groupBy(proper.to, proper.count);
  const down = groupBy(proper.from, proper.count);
  sortGroups(up, toAt);
  sortGroups(down, fromAt);
  return { up, down, fromAt, toAt };
}

function fraction(dx: number, width: number): number {
  return width > 0 ? 0.5 + Math.max(-0.49, Math.min(0.49, dx / width)) : 0.5;
}

/** Sorts the items of each group by key, stable; nearly all groups have one or two. */
function sortGroups(csr: Csr, key: Float64Array): void {
  for (let group = 0; group + 1 < csr.start.length; group += 1) {
    const [start, stop] = [csr.start[group]!, csr.start[group + 1]!];
    if (stop - start > 1) csr.item.subarray(start, stop).sort((a, b) => key[a]! - key[b]! || a - b);
  }
}
