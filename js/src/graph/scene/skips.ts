/** Finds skip connections: an edge into an addition or concatenation that runs beside a longer path. */

import { type Csr, groupBy } from "../layout/csr.js";
import type { Layout } from "../layout/types.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import type { LocalEdges } from "./local.js";

const JOINS = /^(Add|Sum|Concat|Mean|Max|QLinearAdd|QLinearConcat|Skip\w*Normalization)$/;
/** Shape arithmetic is no data path. */
const INDICES = /^(u?int(32|64)|bool)$/;
/** Nodes looked at per candidate; a longer search would find little more. */
const REACH = 400;
/** Nodes looked at in all: a flat graph may have ten thousand candidates. */
const BUDGET = 500_000;

export function findSkips(model: GraphModel, edges: LocalEdges, layout: Layout): Uint8Array {
  const skip = new Uint8Array(edges.count);
  const search = new Search(edges, layout.rank);
  const joins = joinFinder(model);
  for (let e = 0; e < edges.count; e += 1) {
    const [from, to] = [edges.from[e]!, edges.to[e]!];
    if (layout.rank[to]! - layout.rank[from]! < 2 || layout.stub[e] || !joins(edges.sample[e]!)) continue;
    if (search.reaches(from, to)) skip[e] = 1;
  }
  return skip;
}

/** Whether an op-level edge carries data into an op that joins paths. */
function joinFinder(model: GraphModel): (edge: number) => boolean {
  const types = model.doc.ops.text("type");
  const dtypes = model.doc.tensors.text("dtype");
  const joins = types?.dictionary.map((type) => JOINS.test(type)) ?? [];
  const index = dtypes?.dictionary.map((dtype) => INDICES.test(dtype)) ?? [];
  const { tree, edges } = model;
  return (edge) => {
    const item = tree.itemOf[edges.to[edge]!]!;
    if (tree.kind[item] !== OP || !joins[types?.codes[tree.ref[item]!] ?? -1]) return false;
    return !index[dtypes?.codes[edges.tensor[edge]!] ?? -1];
  };
}

class Search {
  readonly #to: Int32Array;
  readonly #rank: Int32Array;
  readonly #out: Csr;
  /** The search that saw a node last. */
  readonly #seen: Int32Array;
  readonly #queue = new Int32Array(REACH);
  #number = 0;
  #left = BUDGET;

  constructor(edges: LocalEdges, rank: Int32Array) {
    this.#to = edges.to;
    this.#rank = rank;
    this.#out = groupBy(edges.from, rank.length);
    this.#seen = new Int32Array(rank.length);
  }

  /** Whether a path of at least two edges leads from one node to the other. */
  reaches(from: number, to: number): boolean {
    this.#number += 1;
    this.#seen[from] = this.#number;
    this.#queue[0] = from;
    let found = 1;
    for (let i = 0; i < found && found < REACH && this.#left > 0; i += 1, this.#left -= 1) {
      const node = this.#queue[i]!;
      for (let k = this.#out.start[node]!; k < this.#out.start[node + 1]! && found < REACH; k += 1) {
        const next = this.#to[this.#out.item[k]!]!;
        if (next === to && node !== from) return true;
        if (this.#rank[next]! >= this.#rank[to]! || this.#seen[next] === this.#number) continue;
        this.#seen[next] = this.#number;
        this.#queue[found++] = next;
      }
    }
    return false;
  }
}
