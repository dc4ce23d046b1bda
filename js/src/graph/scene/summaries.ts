/** What a closed group says about its content: how many ops, what they cost, of which kinds they are. */

import type { ReportDocument, StringColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { GROUP, OP, RUN } from "../model/tree.js";

export interface Share {
  readonly category: string | null;
  readonly share: number;
}

const MOST_SHARES = 6;

export class Summaries {
  readonly #model: GraphModel;
  readonly #shares = new Map<number, readonly Share[]>();

  readonly #categories: StringColumn | undefined;

  constructor(model: GraphModel) {
    this.#model = model;
    this.#categories = model.doc.ops.text("category");
  }

  get #doc(): ReportDocument {
    return this.#model.doc;
  }

  category(op: number): string | null {
    return this.#categories?.at(op) ?? null;
  }

  opCount(item: number): number {
    const { lo, hi } = this.#model.tree;
    return hi[item]! - lo[item]!;
  }

  /** A summed column of a group: the scope table's figure, which counts hidden ops too; null where unknown. */
  total(item: number, name: string): number | null {
    const { tree } = this.#model;
    const { kind, ref } = tree;
    if (kind[item] === OP) return this.#doc.ops.numeric(name)?.at(ref[item]!) ?? null;
    const scopes = this.#doc.scopes.numeric(name);
    if (kind[item] === GROUP && ref[item]! >= 0) return scopes?.at(ref[item]!) ?? null;
    return kind[item] === RUN ? this.#sumItems(tree.children[item]!, name) : this.#sumOps(item, name);
  }

  #sumItems(items: readonly number[], name: string): number | null {
    const parts = items.map((item) => this.total(item, name));
    return parts.includes(null) ? null : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
  }

  #sumOps(item: number, name: string): number | null {
    const column = this.#doc.ops.numeric(name);
    let sum: number | null = null;
    for (const op of this.#model.opsOf(item)) {
      const value = column?.at(op) ?? null;
      if (value !== null) sum = (sum ?? 0) + value;
    }
    return sum;
  }

  /** Share of each category among the ops of a group, largest first. */
  shares(item: number): readonly Share[] {
    const known = this.#shares.get(item);
    if (known) return known;
    const shares = this.#count(item);
    this.#shares.set(item, shares);
    return shares;
  }

  #count(item: number): readonly Share[] {
    const { lo, hi, itemOf, kind, ref } = this.#model.tree;
    const counts = new Map<string | null, number>();
    let total = 0;
    for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) {
      if (kind[itemOf[leaf]!] !== OP) continue;
      const category = this.category(ref[itemOf[leaf]!]!);
      counts.set(category, (counts.get(category) ?? 0) + 1);
      total += 1;
    }
    const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_SHARES);
    return sorted.map(([category, count]) => ({ category, share: count / Math.max(1, total) }));
  }
}
