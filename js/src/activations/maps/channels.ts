/** The channels of one tensor: what was measured of each, and in which order they are shown. */

import type { NumericArray } from "../../data/columns.js";
import type { TensorDocument } from "../panel.js";
import type { Filter, PanelSettings, Sort } from "../settings.js";

export interface ChannelFacts {
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly sparsity: number | null;
  readonly dead: boolean;
  readonly outlier: boolean;
}

export class Channels {
  readonly count: number;
  readonly #doc: TensorDocument;
  readonly #row: number;
  readonly #columns = new Map<string, NumericArray | null>();

  constructor(doc: TensorDocument, row: number) {
    this.#doc = doc;
    this.#row = row;
    const range = doc.channelRange(row);
    this.count = range ? range.stop - range.start : (doc.dims(row)[doc.channelAxis(row)] ?? 0);
  }

  /** A column over the channels; null: it was not measured. */
  values(name: string): NumericArray | null {
    let values = this.#columns.get(name);
    if (values === undefined) {
      values = this.#doc.channelValues(this.#row, name);
      this.#columns.set(name, values);
    }
    return values;
  }

  value(channel: number, name: string): number | null {
    const value = this.values(name)?.[channel];
    return value === undefined || Number.isNaN(value) ? null : value;
  }

  is(channel: number, mark: "dead" | "outlier"): boolean {
    return this.values(mark)?.[channel] === 1;
  }

  /** How many have a mark; null: nobody looked. */
  marked(mark: "dead" | "outlier"): number | null {
    const flags = this.values(mark);
    return flags && Array.from(flags).filter((flag) => flag === 1).length;
  }

  facts(channel: number): ChannelFacts {
    const [mean, std, min, max, sparsity] = ["mean", "std", "min", "max", "sparsity"].map((name) =>
      this.value(channel, name),
    );
    const [dead, outlier] = [this.is(channel, "dead"), this.is(channel, "outlier")];
    return { mean: mean!, std: std!, min: min!, max: max!, sparsity: sparsity!, dead, outlier };
  }

  /** The channels that pass the filter, in order; what is unknown comes last either way. */
  order({ sort, descending, filter }: Pick<PanelSettings, "sort" | "descending" | "filter">): number[] {
    const all = Array.from({ length: this.count }, (_, channel) => channel);
    const kept = all.filter((channel) => this.#passes(channel, filter));
    const values = this.#sortValues(sort);
    if (!values) return descending && sort === "index" ? kept.reverse() : kept;
    const sign = descending ? -1 : 1;
    return kept.sort((a, b) => compare(values[a]!, values[b]!, sign) || a - b);
  }

  /** Sorts that this tensor has values for. */
  sorts(names: readonly Sort[]): Sort[] {
    return names.filter((name) => name === "index" || this.values(name) !== null);
  }

  #sortValues(sort: Sort): NumericArray | null {
    return sort === "index" ? null : this.values(sort);
  }

  #passes(channel: number, filter: Filter): boolean {
    if (filter === "all") return true;
    return filter === "alive" ? !this.is(channel, "dead") : this.is(channel, filter);
  }
}

function compare(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return sign * (a - b);
}
