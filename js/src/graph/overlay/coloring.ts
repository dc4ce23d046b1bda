/** What colour a column gives to an item. */

import { type Column, format, NumericColumn, type StringColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import { distinct, normalize, type Range, rangeOf, viridis } from "./scale.js";

export interface Coloring {
  readonly column: Column;
  color(item: number): string | null;
  /** The value in words, for tooltips. */
  text(item: number): string;
  readonly legend: Legend;
}

export type Legend =
  | { readonly kind: "range"; readonly low: string; readonly high: string; readonly log: boolean }
  | { readonly kind: "words"; readonly words: readonly { readonly text: string; readonly color: string }[] };

export function makeColoring(model: GraphModel, name: string): Coloring | null {
  const column = model.doc.column(name);
  if (!column) return null;
  return column instanceof NumericColumn ? new HeatColoring(model, column) : new WordColoring(model, column);
}

/** Sum, largest or mean of a column over the ops of an item; NaN where none is known. */
export class Aggregator {
  readonly #model: GraphModel;
  readonly #column: NumericColumn;
  readonly #known = new Map<number, number>();

  constructor(model: GraphModel, column: NumericColumn) {
    this.#model = model;
    this.#column = column;
  }

  value(item: number): number {
    const { kind, ref } = this.#model.tree;
    if (kind[item] === OP) return this.#column.at(ref[item]!) ?? Number.NaN;
    if (!this.#model.isGroup(item)) return Number.NaN;
    const known = this.#known.get(item);
    if (known !== undefined) return known;
    const value = this.#aggregate(item);
    this.#known.set(item, value);
    return value;
  }

  #aggregate(item: number): number {
    const { lo, hi, itemOf, kind, ref } = this.#model.tree;
    let [sum, most, count] = [0, Number.NEGATIVE_INFINITY, 0];
    for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) {
      const value = kind[itemOf[leaf]!] === OP ? this.#column.at(ref[itemOf[leaf]!]!) : null;
      if (value === null) continue;
      sum += value;
      most = Math.max(most, value);
      count += 1;
    }
    if (count === 0) return Number.NaN;
    const how = this.#column.info.aggregate;
    return how === "sum" ? sum : how === "max" ? most : how === "mean" ? sum / count : Number.NaN;
  }
}

class HeatColoring implements Coloring {
  readonly column: NumericColumn;
  readonly legend: Legend;
  readonly #aggregator: Aggregator;
  readonly #range: Range | null;

  constructor(model: GraphModel, column: NumericColumn) {
    this.column = column;
    this.#aggregator = new Aggregator(model, column);
    this.#range = rangeOf(topLevel(model).map((item) => this.#aggregator.value(item)));
    const { unit } = column.info;
    this.legend = {
      kind: "range",
      low: format.withUnit(this.#range?.min, unit),
      high: format.withUnit(this.#range?.max, unit),
      log: this.#range?.log ?? false,
    };
  }

  color(item: number): string | null {
    const value = this.#aggregator.value(item);
    return this.#range && Number.isFinite(value) ? viridis(normalize(value, this.#range)) : null;
  }

  text(item: number): string {
    return format.withUnit(this.#aggregator.value(item), this.column.info.unit);
  }
}

/** Every op and every group inside the root: what can be seen side by side shares one scale. */
function topLevel(model: GraphModel): number[] {
  const { tree } = model;
  const items: number[] = [];
  for (let item = 1; item < tree.kind.length; item += 1) if (tree.parent[item]! >= 0) items.push(item);
  return items;
}

class WordColoring implements Coloring {
  readonly column: StringColumn;
  readonly legend: Legend;
  readonly #model: GraphModel;
  readonly #rank = new Map<string, number>();

  constructor(model: GraphModel, column: StringColumn) {
    this.column = column;
    this.#model = model;
    const counts = new Map<string, number>();
    for (let op = 0; op < column.length; op += 1) {
      const word = column.at(op);
      if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const words = [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word);
    words.forEach((word, i) => {
      this.#rank.set(word, i);
    });
    this.legend = { kind: "words", words: words.slice(0, 8).map((text, i) => ({ text, color: distinct(i) })) };
  }

  color(item: number): string | null {
    const word = this.#word(item);
    return word === null ? null : distinct(Math.min(7, this.#rank.get(word) ?? 7));
  }

  text(item: number): string {
    return this.#word(item) ?? format.UNKNOWN;
  }

  /** An op's own word; a group's where all its ops agree. */
  #word(item: number): string | null {
    const { tree } = this.#model;
    if (tree.kind[item] === OP) return this.column.at(tree.ref[item]!);
    if (!this.#model.isGroup(item)) return null;
    const words = new Set<string>();
    for (let leaf = tree.lo[item]!; leaf < tree.hi[item]! && words.size < 2; leaf += 1) {
      const inner = tree.itemOf[leaf]!;
      const word = tree.kind[inner] === OP ? this.column.at(tree.ref[inner]!) : null;
      if (word !== null) words.add(word);
    }
    return words.size === 1 ? [...words][0]! : null;
  }
}
