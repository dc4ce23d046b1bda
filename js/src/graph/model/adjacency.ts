/** Edges between visible leaves, grouped by source and by target. */

import type { OpGraph } from "./ops.js";
import type { Tree } from "./tree.js";

export interface Adjacency {
  readonly count: number;
  /** Source and target leaf of each edge; edges are sorted by target, within one by reading order. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly tensor: Int32Array;
  /** Edges into leaf `i` are `inStart[i]..inStart[i+1]-1`. */
  readonly inStart: Int32Array;
  /** Edges out of leaf `i` are `outEdge[outStart[i]..outStart[i+1]-1]`. */
  readonly outStart: Int32Array;
  readonly outEdge: Int32Array;
}

export function buildAdjacency(graph: OpGraph, tree: Tree): Adjacency {
  const leaves = tree.itemOf.length;
  const visible = visibleEdges(graph, tree);
  const inStart = starts(visible.to, visible.count, leaves);
  const order = grouped(visible.to, visible.count, inStart);
  const from = gather(visible.from, order);
  const outStart = starts(from, visible.count, leaves);
  return {
    count: visible.count,
    from,
    to: gather(visible.to, order),
    tensor: gather(visible.tensor, order),
    inStart,
    outStart,
    outEdge: grouped(from, visible.count, outStart),
  };
}

interface Ends {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly tensor: Int32Array;
}

function visibleEdges(graph: OpGraph, tree: Tree): Ends {
  const { edges } = graph;
  const { leafOf } = tree;
  const [from, to, tensor] = [new Int32Array(edges.count), new Int32Array(edges.count), new Int32Array(edges.count)];
  let count = 0;
  for (let edge = 0; edge < edges.count; edge += 1) {
    const a = leafOf[edges.from[edge]!]!;
    const b = leafOf[edges.to[edge]!]!;
    if (a < 0 || b < 0) continue;
    from[count] = a;
    to[count] = b;
    tensor[count] = edges.tensor[edge]!;
    count += 1;
  }
  return { count, from, to, tensor };
}

function gather(values: Int32Array, order: Int32Array): Int32Array {
  const gathered = new Int32Array(order.length);
  for (let i = 0; i < order.length; i += 1) gathered[i] = values[order[i]!]!;
  return gathered;
}

function starts(keys: Int32Array, count: number, groups: number): Int32Array {
  const start = new Int32Array(groups + 1);
  for (let i = 0; i < count; i += 1) start[keys[i]! + 1]! += 1;
  for (let group = 0; group < groups; group += 1) start[group + 1]! += start[group]!;
  return start;
}

/** Counting sort; stable. */
function grouped(keys: Int32Array, count: number, start: Int32Array): Int32Array {
  const next = start.slice();
  const order = new Int32Array(count);
  for (let i = 0; i < count; i += 1) order[next[keys[i]!]!++] = i;
  return order;
}
