/** What stands out: the matches of a search, within a filter, or what is being followed. */

import type { GraphModel } from "../model/graph-model.js";
import { type Emphasis, emphasize, leavesOf } from "./emphasis.js";
import { Follower } from "./follower.js";
import { searchOps } from "./search.js";

export class Finder {
  query = "";
  filter = "";
  /** Op rows that match the query within the filter, best first. */
  found: readonly number[] = [];
  /** How many matches the filter keeps out. */
  outside = 0;
  /** What is wrong with the query, or with the filter. */
  problem = "";
  /** Place of the current match, -1 before the first step. */
  at = -1;
  emphasis: Emphasis | null = null;
  readonly follower = new Follower();
  #passing: ReadonlySet<number> | null = null;

  search(model: GraphModel, query: string): void {
    this.query = query.trim();
    this.#find(model);
  }

  /** Fades what does not match; "" fades nothing. */
  setFilter(model: GraphModel, filter: string): void {
    this.filter = filter.trim();
    const { ops } = searchOps(model, this.filter);
    this.#passing = ops && new Set(ops);
    this.#find(model);
  }

  /** How many ops pass the filter, null without one. */
  get passing(): number | null {
    return this.#passing?.size ?? null;
  }

  /** Goes to the next or previous match and returns its op, -1 where there is none. */
  step(direction: 1 | -1): number {
    const count = this.found.length;
    if (count === 0) return -1;
    const start = this.at < 0 && direction < 0 ? 0 : this.at;
    this.at = (start + direction + count) % count;
    return this.found[this.at]!;
  }

  /** Finds anew in another model of the same report. */
  refresh(model: GraphModel): void {
    this.follower.clear();
    this.setFilter(model, this.filter);
  }

  /** What is followed comes first, then what was searched for, then the filter. */
  combine(model: GraphModel): void {
    const { member } = this.follower;
    if (member) this.emphasis = emphasize(member, { outline: false, edges: true });
    else if (this.#searching) this.emphasis = this.#emphasis(model, this.found, true);
    else this.emphasis = this.#passing && this.#emphasis(model, this.#passing, false);
  }

  #searching = false;

  #find(model: GraphModel): void {
    const { ops, problem } = searchOps(model, this.query);
    const passing = this.#passing;
    this.#searching = ops !== null;
    this.found = (ops ?? []).filter((op) => !passing || passing.has(op));
    this.outside = (ops?.length ?? 0) - this.found.length;
    this.problem = problem || searchOps(model, this.filter).problem;
    this.at = -1;
    this.combine(model);
  }

  #emphasis(model: GraphModel, ops: Iterable<number>, outline: boolean): Emphasis {
    return emphasize(leavesOf(model, ops), { outline, edges: false });
  }
}
