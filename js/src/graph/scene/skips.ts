/** Finds skip connections: an edge into an addition or concatenation that runs beside a longer path. */

import { groupBy } from "../layout/csr.js";
import type { Layout } from "../layout/types.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import type { LocalEdges } from "./local.js";

const JOINS = /^(Add|Sum|Concat|Mean|Max|QLinearAdd|QLinearConcat|Skip\w*Normalization)$/;
/** Shape arithmetic is no data path. */
const INDICES = /^(u?int(32|64)|bool)$/;
/** Nodes looked at per candidate; a longer search would find little more and cost a flat graph dearly. */
const REACH = 400;

export function findSkips(model: GraphModel, edges: LocalEdges, layout: Layout): Uint8Array {
  const skip = new Uint8Array(edges.count);
  const out = groupBy(edges.from, layout.x.length);
  for (let e = 0; e < edges.count; e += 1) {
    const [from, to] = [edges.from[e]!, edges.to[e]!];
    if (layout.rank[to]! - layout.rank[from]! < 2 || layout.stub[e] || !joins(model, edges.sample[e]!)) continue;
    if (reaches(edges, out, layout.rank, from, to)) skip[e] = 1;
  }
  return skip;
}

function joins(model: GraphModel, edge: number): boolean {
  const item = model.tree.itemOf[model.edges.to[edge]!]!;
  const dtype = model.doc.tensors.text("dtype")?.at(model.edges.tensor[edge]!) ?? "";
  return model.tree.kind[item] === OP && !INDICES.test(dtype) && JOINS.test(model.labels.opType(model.tree.ref[item]!));
}

/** Whether a path of at least two edges leads from one node to the other. */
function reaches(
  edges: LocalEdges,
  out: ReturnType<typeof groupBy>,
  rank: Int32Array,
  from: number,
  to: number,
): boolean {
  const seen = new Set([from]);
  const queue = [from];
  for (let i = 0; i < queue.length && seen.size < REACH; i += 1) {
    const node = queue[i]!;
    for (let k = out.start[node]!; k < out.start[node + 1]!; k += 1) {
      const next = edges.to[out.item[k]!]!;
      if (next === to && node !== from) return true;
      if (rank[next]! >= rank[to]! || seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return false;
}
