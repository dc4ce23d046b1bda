/** Which instances of a run differ from the first, and in what. */

import { type Column, format, NumericColumn, type ReportDocument, StringColumn } from "../../data/index.js";
import type { GraphModel } from "./graph-model.js";
import { clean } from "./labels.js";
import { OP } from "./tree.js";

export interface Difference {
  readonly label: string;
  readonly first: string;
  readonly here: string;
}

export interface InstanceDifferences {
  /** Place in the run, 0 for the first. */
  readonly instance: number;
  /** Some of what differs; `more` says how much was left out. */
  readonly what: readonly Difference[];
  readonly more: number;
}

/** A tooltip has room for this many. */
const MOST = 6;
const MOST_LETTERS = 120;
/** Columns that name an op or say where it is: they differ by nature. */
const NAMES = new Set(["name", "type", "domain", "category", "scope", "parent"]);
/** What is known of the model itself; estimates follow from it, and no two measurements agree. */
const STATED = new Set(["counted", "declared"]);

interface Known {
  readonly doc: ReportDocument;
  readonly byRun: Map<number, readonly InstanceDifferences[]>;
}

const known = new WeakMap<GraphModel, Known>();

/** The instances that differ from the first one, in their order. Worked out once per run and set of columns. */
export function differences(model: GraphModel, run: number): readonly InstanceDifferences[] {
  let memory = known.get(model);
  if (memory?.doc !== model.doc) {
    memory = { doc: model.doc, byRun: new Map() };
    known.set(model, memory);
  }
  let found = memory.byRun.get(run);
  if (!found) {
    found = new Comparison(model, model.tree.children[run] ?? []).run();
    memory.byRun.set(run, found);
  }
  return found;
}

class Comparison {
  readonly #model: GraphModel;
  readonly #members: readonly number[];
  readonly #amounts: readonly NumericColumn[];
  readonly #words: readonly StringColumn[];
  readonly #made: Made;
  readonly #types: ArrayLike<number>;

  constructor(model: GraphModel, members: readonly number[]) {
    this.#model = model;
    this.#members = members;
    const columns = model.doc.ops.columns.filter(({ info }) => STATED.has(info.provenance) && !NAMES.has(info.name));
    this.#amounts = columns.filter(
      (column) => column instanceof NumericColumn && column.info.aggregate !== null,
    ) as NumericColumn[];
    this.#words = columns.filter((column) => column instanceof StringColumn) as StringColumn[];
    this.#made = new Made(model.doc);
    this.#types = model.doc.ops.text("type")?.codes ?? [];
  }

  run(): InstanceDifferences[] {
    const [first, ...others] = this.#members;
    if (first === undefined) return [];
    const sums = this.#amounts.map((column) => this.#sum(column, first));
    return others.flatMap((item, i) => {
      const what = this.#compare(first, item, sums);
      const more = Math.max(0, what.length - MOST);
      return what.length > 0 ? [{ instance: i + 1, what: what.slice(0, MOST), more }] : [];
    });
  }

  #compare(first: number, here: number, sums: readonly number[]): Difference[] {
    const what = this.#amounts.flatMap((column, i) => amountDifference(column, sums[i]!, this.#sum(column, here)));
    if (!this.#aligned(first, here)) return [...this.#opDifferences(first, here), ...what];
    const opwise = this.#opwise(first, here);
    return what.length + opwise.length > 0 ? [...what, ...opwise] : this.#wiring(first, here);
  }

  #sum(column: NumericColumn, item: number): number {
    const { lo, hi, itemOf, kind, ref } = this.#model.tree;
    const { values } = column;
    let [sum, seen] = [0, false];
    for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) {
      const value = kind[itemOf[leaf]!] === OP ? values[ref[itemOf[leaf]!]!]! : Number.NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      seen = true;
    }
    return seen ? sum : Number.NaN;
  }

  #op(leaf: number): number {
    const { itemOf, kind, ref } = this.#model.tree;
    return kind[itemOf[leaf]!] === OP ? ref[itemOf[leaf]!]! : -1;
  }

  /** Whether both hold ops of the same types in the same order. */
  #aligned(first: number, here: number): boolean {
    const { lo, hi } = this.#model.tree;
    const count = hi[first]! - lo[first]!;
    if (count !== hi[here]! - lo[here]!) return false;
    for (let i = 0; i < count; i += 1) {
      const [a, b] = [this.#op(lo[first]! + i), this.#op(lo[here]! + i)];
      if (this.#types[a] !== this.#types[b]) return false;
    }
    return true;
  }

  /** Op by op: words such as precision and attributes, shapes and types of results. Each kind of difference once. */
  #opwise(first: number, here: number): Difference[] {
    const { lo, hi } = this.#model.tree;
    const found = new Map<string, Difference>();
    for (let i = 0; i < hi[first]! - lo[first]!; i += 1) {
      const [a, b] = [this.#op(lo[first]! + i), this.#op(lo[here]! + i)];
      if (a < 0 || b < 0) continue;
      for (const column of this.#words) {
        if (column.codes[a] !== column.codes[b]) this.#note(found, column.info.label, a, column.at(a), column.at(b));
      }
      const shapes = this.#made.difference(a, b);
      if (shapes) this.#note(found, "Result", a, ...shapes);
    }
    return [...found.values()];
  }

  #note(found: Map<string, Difference>, label: string, op: number, first: string | null, here: string | null): void {
    const name = `${label} of ${this.#model.labels.opType(op)}`;
    const key = `${name}\n${first}\n${here}`;
    if (first !== here && !found.has(key)) found.set(key, { label: name, first: short(first), here: short(here) });
  }

  /** How many ops of each type there are, where the numbers differ; the order, where they do not. */
  #opDifferences(first: number, here: number): Difference[] {
    const [a, b] = [this.#count(first), this.#count(here)];
    const types = [...new Set([...a.keys(), ...b.keys()])].filter((type) => a.get(type) !== b.get(type));
    if (types.length === 0) return [{ label: "Order of ops", first: "", here: "differs" }];
    return types.map((type) => ({
      label: `${type} ops`,
      first: format.exact(a.get(type) ?? 0),
      here: format.exact(b.get(type) ?? 0),
    }));
  }

  #count(item: number): Map<string, number> {
    const { lo, hi } = this.#model.tree;
    const counts = new Map<string, number>();
    for (let leaf = lo[item]!; leaf < hi[item]!; leaf += 1) {
      const op = this.#op(leaf);
      if (op < 0) continue;
      const type = this.#model.labels.opType(op);
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    return counts;
  }

  /** Equal ops that are connected differently, to each other or to what is around them. */
  #wiring(first: number, here: number): Difference[] {
    const { classes } = this.#model;
    if (classes[first] === classes[here]) return [];
    const counted = (["incoming", "outgoing"] as const).flatMap((way) => {
      const [a, b] = [this.#tensors(first, way), this.#tensors(here, way)];
      const label = way === "incoming" ? "Tensors read" : "Tensors handed on";
      return a === b ? [] : [{ label, first: format.exact(a), here: format.exact(b) }];
    });
    return counted.length > 0 ? counted : [{ label: "Wiring", first: "", here: "differs" }];
  }

  #tensors(item: number, way: "incoming" | "outgoing"): number {
    const { start, edge } = this.#model.borders[way];
    const tensors = edge.subarray(start[item]!, start[item + 1]!).map((row) => this.#model.edges.tensor[row]!);
    return new Set(tensors).size;
  }
}

/** What ops make: compared by type and shape. */
class Made {
  readonly #start: Int32Array;
  readonly #tensor: Int32Array;
  readonly #dtype: StringColumn | undefined;
  readonly #shape: StringColumn | undefined;

  constructor(doc: ReportDocument) {
    const [ops, tensors] = [doc.makes.indices("op"), doc.makes.indices("tensor")];
    this.#start = new Int32Array(doc.ops.rows + 1);
    for (const op of ops) this.#start[op + 1]! += 1;
    for (let op = 0; op < doc.ops.rows; op += 1) this.#start[op + 1]! += this.#start[op]!;
    const next = this.#start.slice();
    this.#tensor = new Int32Array(tensors.length);
    for (let i = 0; i < ops.length; i += 1) this.#tensor[next[ops[i]!]!++] = tensors[i]!;
    this.#dtype = doc.tensors.text("dtype");
    this.#shape = doc.tensors.text("shape");
  }

  /** The first results of two ops that differ, in words. */
  difference(a: number, b: number): [string, string] | null {
    const count = Math.min(this.#start[a + 1]! - this.#start[a]!, this.#start[b + 1]! - this.#start[b]!);
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [this.#tensor[this.#start[a]! + i]!, this.#tensor[this.#start[b]! + i]!];
      const same = this.#dtype?.codes[x] === this.#dtype?.codes[y] && this.#shape?.codes[x] === this.#shape?.codes[y];
      if (!same) return [this.#words(x), this.#words(y)];
    }
    return null;
  }

  #words(tensor: number): string {
    return [this.#dtype?.at(tensor), this.#shape?.at(tensor) ?? "unknown shape"].filter(Boolean).join(" ");
  }
}

function amountDifference(column: Column, first: number, here: number): Difference[] {
  if (Object.is(first, here) || first === here) return [];
  const { label, unit } = column.info;
  const [a, b] = [format.withUnit(first, unit), format.withUnit(here, unit)];
  return [a === b ? { label, first: format.exact(first), here: format.exact(here) } : { label, first: a, here: b }];
}

function short(text: string | null): string {
  const words = clean(text ?? format.UNKNOWN) || "none";
  return words.length > MOST_LETTERS ? `${words.slice(0, MOST_LETTERS - 1)}…` : words;
}
