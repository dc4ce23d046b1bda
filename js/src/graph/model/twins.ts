/** Whether two groups hold the same ops, wired the same way, over tensors of the same shapes. */

import type { ReportDocument } from "../../data/index.js";
import type { Adjacency } from "./adjacency.js";
import { OP, type Tree } from "./tree.js";

export class Twins {
  readonly #tree: Tree;
  readonly #edges: Adjacency;
  readonly #types: ArrayLike<number>;
  readonly #shapes: ArrayLike<number>;
  /** Of weights without edges; of ops, whose edges tell, none. */
  readonly #own: ArrayLike<number>;

  constructor(doc: ReportDocument, tree: Tree, edges: Adjacency) {
    this.#tree = tree;
    this.#edges = edges;
    this.#types = doc.ops.text("type")?.codes ?? [];
    this.#shapes = doc.tensors.text("shape")?.codes ?? [];
    this.#own = doc.holds === "weights" ? (doc.ops.text("shape")?.codes ?? []) : [];
  }

  /** Exporters share a mask or a size among blocks: what comes from outside may differ in where it comes from. */
  alike(a: number, b: number): boolean {
    const { lo, hi } = this.#tree;
    const count = hi[a]! - lo[a]!;
    if (count !== hi[b]! - lo[b]!) return false;
    for (let i = 0; i < count; i += 1) if (!this.#sameLeaf(lo[a]!, lo[b]!, i, count)) return false;
    return true;
  }

  #sameLeaf(a: number, b: number, i: number, count: number): boolean {
    const { itemOf, kind, ref } = this.#tree;
    const { inStart, from, tensor } = this.#edges;
    const [x, y] = [itemOf[a + i]!, itemOf[b + i]!];
    if (kind[x] !== OP || kind[y] !== OP || this.#types[ref[x]!] !== this.#types[ref[y]!]) return false;
    if (this.#own[ref[x]!] !== this.#own[ref[y]!]) return false;
    const reads = inStart[a + i + 1]! - inStart[a + i]!;
    if (reads !== inStart[b + i + 1]! - inStart[b + i]!) return false;
    for (let k = 0; k < reads; k += 1) {
      const [e, f] = [inStart[a + i]! + k, inStart[b + i]! + k];
      if (this.#shapes[tensor[e]!] !== this.#shapes[tensor[f]!]) return false;
      if (inside(from[e]! - a, count) !== inside(from[f]! - b, count)) return false;
    }
    return true;
  }
}

/** Place inside the group, -1 for anything outside. */
function inside(offset: number, count: number): number {
  return offset >= 0 && offset < count ? offset : -1;
}
