/** What colour a column gives to an item. */

import type { Column, NumericColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import type { Beside } from "./beside.js";
import { codesOf } from "./codes.js";
import type { Legend } from "./legend.js";
import { NumericColoring } from "./numeric-coloring.js";
import { OrdinalColoring } from "./ordinal-coloring.js";
import { AUTO, type ScaleChoice } from "./scale.js";
import { WordColoring } from "./word-coloring.js";

export type { Legend, RangeLegend, WordsLegend } from "./legend.js";

export interface Coloring {
  readonly column: Column;
  /** null for what has no value by its nature, such as an input; a neutral shade where the value is unknown. */
  color(item: number): string | null;
  /** Whether an item could have a value and has none: its border is dashed. */
  unknown(item: number): boolean;
  /** The value in words, for cards, tooltips and screen readers. */
  text(item: number): string;
  /** Of which words a group is made, the most frequent first; empty where there is one at most. */
  shares(item: number): readonly ColorShare[];
  readonly legend: Legend;
  /** The same values in the colours of a light or a dark page. */
  themed(dark: boolean): Coloring;
}

export interface ColorShare {
  readonly text: string;
  readonly color: string;
  readonly share: number;
}

export interface ColoringOptions {
  readonly choice?: ScaleChoice;
  /** Words keep the colours that they have here, amounts the kind of scale: the values changed, not the question. */
  readonly like?: Coloring | null;
  readonly beside?: Beside | null;
}

function choiceOf(like: Coloring | null | undefined): ScaleChoice {
  return like instanceof NumericColoring ? { kind: like.choice.kind, domain: null } : AUTO;
}

/** null where there is no such column. */
export function makeColoring(model: GraphModel, name: string, options: ColoringOptions = {}): Coloring | null {
  const column = model.doc.column(name);
  if (!column) return null;
  const codes = codesOf(column);
  if (!codes) {
    const choice = options.choice ?? choiceOf(options.like);
    return NumericColoring.of(model, column as NumericColumn, choice, options.beside ?? null);
  }
  if (column.info.scale === "ordinal") return OrdinalColoring.of(model, column, codes);
  const like = options.like instanceof WordColoring ? options.like : null;
  return WordColoring.of(model, column, codes, like);
}
