/** The state of a search: its matches, and which of them is the current one. */

import type { GraphModel } from "../model/graph-model.js";
import { type Emphasis, emphasize, leavesOf } from "./emphasis.js";
import { type Found, searchOps } from "./search.js";

export class Finder {
  query = "";
  found: readonly Found[] = [];
  at = -1;
  /** What matches; null without a query. */
  emphasis: Emphasis | null = null;

  search(model: GraphModel, query: string): void {
    this.query = query.trim();
    this.found = searchOps(model.doc, this.query);
    this.at = -1;
    const ops = this.found.map(({ op }) => op);
    this.emphasis = this.query === "" ? null : emphasize(leavesOf(model, ops), { outline: true, edges: false });
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
