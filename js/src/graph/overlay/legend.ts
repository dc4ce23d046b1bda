/** What a legend shows, free of how it is drawn. */

import type { Histogram } from "./histogram.js";
import type { Scale, ScaleChoice } from "./scale.js";

export type Legend = RangeLegend | WordsLegend;

/** A legend without a scale has only unknown values. */
export interface RangeLegend {
  readonly kind: "range";
  readonly scale: Scale | null;
  /** From the low end to the high end. */
  readonly colors: readonly string[];
  /** Over the rows of the table, not over groups. */
  readonly histogram: Histogram | null;
  /** Finite values of the rows, ascending. */
  readonly sorted: Float64Array;
  readonly unknown: number;
  readonly choice: ScaleChoice;
  /** Scales that the values allow. */
  readonly kinds: readonly ScaleChoice["kind"][];
}

export interface WordsLegend {
  readonly kind: "words";
  /** Whether the words stand in an order of their own; else they stand by frequency. */
  readonly ordered: boolean;
  readonly entries: readonly WordEntry[];
  /** Words that share one colour, and the rows that have them. */
  readonly others: { readonly words: number; readonly rows: number; readonly color: string };
  readonly unknown: number;
  /** What it means to have no word. */
  readonly none: "unknown" | "none";
  /** What groups show, in words; "" where it goes without saying. */
  readonly note: string;
}

export interface WordEntry {
  readonly text: string;
  readonly color: string;
  readonly rows: number;
  /** Finds these rows; "" where no query can. */
  readonly query: string;
}
