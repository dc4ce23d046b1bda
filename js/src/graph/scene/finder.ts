/** The state of a search: its matches, and which of them is the current one. */

import type { GraphModel } from "../model/graph-model.js";
import { type Found, searchOps } from "../model/search.js";

export class Finder {
  query = "";
  found: readonly Found[] = [];
  at = -1;
  /** Matching leaves as prefix sums; null without a query. */
  matches: Int32Array | null = null;

  search(model: GraphModel, query: string): void {
    this.query = query.trim();
    this.found = searchOps(model.doc, this.query);
    this.at = -1;
    this.matches = this.query === "" ? null : prefixSums(model, this.found);
  }

  /** Goes to the next or previous match and returns its op, -1 where there is none. */
  step(direction: 1 | -1): number {
    const count = this.found.length;
    if (count === 0) return -1;
    const start = this.at < 0 && direction < 0 ? 0 : this.at;
    this.at = (start + direction + count) % count;
    return this.found[this.at]!.op;
  }
}

function prefixSums(model: GraphModel, found: readonly Found[]): Int32Array {
  const sums = new Int32Array(model.tree.itemOf.length + 1);
  for (const { op } of found) {
    const leaf = model.tree.leafOf[op]!;
    if (leaf >= 0) sums[leaf + 1] = 1;
  }
  for (let i = 1; i < sums.length; i += 1) sums[i]! += sums[i - 1]!;
  return sums;
}
