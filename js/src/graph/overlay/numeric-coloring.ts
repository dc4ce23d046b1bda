/** Colours by amount: one bucket of 256 for each item, worked out once. */

import { format, type NumericColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { OP } from "../model/tree.js";
import { Aggregator } from "./aggregate.js";
import { type Beside, together } from "./beside.js";
import type { Coloring, ColorShare } from "./coloring.js";
import { histogram } from "./histogram.js";
import type { RangeLegend } from "./legend.js";
import { ramp, STEPS } from "./ramps.js";
import { chooseScale, logFits, place, type Scale, type ScaleChoice, sortedFinite, spreadOf } from "./scale.js";
import { valueText } from "./ticks.js";
import { neutrals } from "./words-palette.js";

export const BINS = 48;
const UNKNOWN = STEPS;
const NONE = STEPS + 1;
const NO_SHARES: readonly ColorShare[] = [];

interface Buckets {
  readonly column: NumericColumn;
  readonly aggregator: Aggregator;
  readonly scale: Scale | null;
  readonly choice: ScaleChoice;
  /** Per item: a step of the ramp, `UNKNOWN` or `NONE`. */
  readonly bucket: Uint16Array;
}

export class NumericColoring implements Coloring {
  readonly column: NumericColumn;
  readonly #buckets: Buckets;
  readonly #dark: boolean;
  readonly #palette: readonly (string | null)[];
  #other: NumericColoring | null = null;
  #legend: RangeLegend | null = null;

  private constructor(buckets: Buckets, dark: boolean) {
    this.#buckets = buckets;
    this.#dark = dark;
    this.column = buckets.column;
    this.#palette = [...ramp(rampKind(buckets.scale), dark), neutrals(dark).unknown, null];
  }

  static of(
    model: GraphModel,
    column: NumericColumn,
    choice: ScaleChoice,
    beside: Beside | null = null,
  ): NumericColoring {
    return new NumericColoring(sortIntoBuckets(model, column, choice, beside), false);
  }

  get choice(): ScaleChoice {
    return this.#buckets.choice;
  }

  color(item: number): string | null {
    return this.#palette[this.#buckets.bucket[item]!] ?? null;
  }

  unknown(item: number): boolean {
    return this.#buckets.bucket[item] === UNKNOWN;
  }

  text(item: number): string {
    const value = this.#buckets.aggregator.value(item);
    return Number.isNaN(value) ? format.UNKNOWN : valueText(value, this.column.info.unit);
  }

  shares(): readonly ColorShare[] {
    return NO_SHARES;
  }

  themed(dark: boolean): Coloring {
    if (dark === this.#dark) return this;
    if (!this.#other) {
      this.#other = new NumericColoring(this.#buckets, dark);
      this.#other.#other = this;
    }
    return this.#other;
  }

  get legend(): RangeLegend {
    this.#legend ??= rangeLegend(this.column, this.#buckets.scale, this.#buckets.choice, this.#palette);
    return this.#legend;
  }
}

export function rampKind(scale: Scale | null): "sequential" | "diverging" {
  return scale?.kind === "diverging" ? "diverging" : "sequential";
}

/** Ops and groups share one scale: they stand side by side. */
function sortIntoBuckets(
  model: GraphModel,
  column: NumericColumn,
  choice: ScaleChoice,
  beside: Beside | null,
): Buckets {
  const aggregator = new Aggregator(model, column);
  const { tree } = model;
  const own = judged(aggregator);
  const other = beside?.model.doc.ops.numeric(column.info.name);
  const seen = beside && other ? together(own, judged(new Aggregator(beside.model, other)), beside.first) : own;
  const scale = chooseScale(spreadOf(seen), column.info, choice);
  const bucket = new Uint16Array(tree.kind.length).fill(NONE);
  aggregator.values.forEach((value, item) => {
    if (tree.kind[item] !== OP && !model.isGroup(item)) return;
    bucket[item] = scale && !Number.isNaN(value) ? step(scale, value) : UNKNOWN;
  });
  return { column, aggregator, scale, choice, bucket };
}

/** The values that a scale rests on: the whole model, the sum of all, is not on show. */
function judged({ values }: Aggregator): Float64Array {
  const seen = values.slice();
  seen[0] = Number.NaN;
  return seen;
}

/** The step of the ramp for a value. */
export function step(scale: Scale, value: number): number {
  return Math.min(STEPS - 1, Math.floor(place(scale, value) * STEPS));
}

/** What a legend says about the rows of a column; `colors` begins with the ramp. */
export function rangeLegend(
  column: NumericColumn,
  scale: Scale | null,
  choice: ScaleChoice,
  colors: readonly (string | null)[],
  rows?: Float64Array,
): RangeLegend {
  const values = rows ?? Float64Array.from({ length: column.length }, (_, row) => column.at(row) ?? Number.NaN);
  const sorted = sortedFinite(values);
  const spread = scale && histogram(values, scale, BINS);
  return {
    kind: "range",
    scale,
    colors: colors.slice(0, STEPS) as string[],
    histogram: spread,
    sorted,
    unknown: spread?.unknown ?? values.length - sorted.length,
    choice,
    kinds: logFits(spreadOf(sorted)) ? ["auto", "linear", "log"] : ["auto", "linear"],
  };
}
