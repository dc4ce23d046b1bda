/** What is being followed through the graph: the way up or down from some leaves, or the path between two. */

import type { GraphModel } from "../model/graph-model.js";
import { type Path, shortestPath } from "./path.js";
import { trace, type Way } from "./trace.js";

export class Follower {
  /** 1 for each leaf on the way; null while nothing is followed. */
  member: Uint8Array | null = null;
  path: Path | null = null;
  readonly #ways = new Set<Way>();
  #seeds = "";

  has(way: Way): boolean {
    return this.#ways.has(way);
  }

  clear(): void {
    this.member = null;
    this.path = null;
    this.#ways.clear();
  }

  /** Adds a way to those followed from the same seeds, takes it back, or starts from other seeds. */
  trace(model: GraphModel, seeds: readonly number[], way: Way): void {
    const same = this.#seeds === seeds.join() && !this.path;
    const on = !(same && this.#ways.has(way));
    if (!same) this.clear();
    this.path = null;
    this.#seeds = seeds.join();
    if (on) this.#ways.add(way);
    else this.#ways.delete(way);
    this.member = this.#ways.size > 0 ? this.#union(model, seeds) : null;
  }

  /** Whether there is a path. */
  connect(model: GraphModel, from: readonly number[], to: readonly number[]): boolean {
    const leaves = model.tree.itemOf.length;
    const path = shortestPath(model.edges, leaves, from, to);
    this.clear();
    if (!path) return false;
    this.path = path;
    this.member = new Uint8Array(leaves);
    for (const leaf of path.leaves) this.member[leaf] = 1;
    return true;
  }

  #union(model: GraphModel, seeds: readonly number[]): Uint8Array {
    const leaves = model.tree.itemOf.length;
    const [first, second] = [...this.#ways].map((way) => trace(model.edges, leaves, seeds, way));
    return second ? first!.map((value, leaf) => value | second[leaf]!) : first!;
  }
}
