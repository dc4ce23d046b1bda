/** What colour a column of the tensor table gives to edges. */

import { type Column, format, type NumericColumn } from "../../data/index.js";
import type { GraphModel } from "../model/graph-model.js";
import { type Beside, together } from "./beside.js";
import { codesOf } from "./codes.js";
import type { Legend } from "./legend.js";
import { rampKind, rangeLegend, step } from "./numeric-coloring.js";
import { lineRamp } from "./ramps.js";
import { AUTO, chooseScale, spreadOf } from "./scale.js";
import { valueText } from "./ticks.js";
import { assignSlots, wordsLegend } from "./word-coloring.js";
import { distinctLine, neutrals, ordered, SLOTS } from "./words-palette.js";

const UNKNOWN = 0xffff;

/** Colours per tensor; it serves `EdgeColoring` of paint/look.ts. */
export interface EdgeOverlay {
  readonly column: Column;
  /** null where the value is unknown. */
  color(tensor: number): string | null;
  text(tensor: number): string;
  readonly legend: Legend;
  themed(dark: boolean): EdgeOverlay;
}

/** null where there is no such column. */
export function makeEdgeColoring(model: GraphModel, name: string, beside: Beside | null = null): EdgeOverlay | null {
  const column = model.doc.tensors.column(name);
  return column ? new TensorColoring(column, paintTensors(model, column, beside), false) : null;
}

interface Painted {
  /** Per tensor: a place in the palette, `UNKNOWN` for none. */
  readonly bucket: Uint16Array;
  palette(dark: boolean): readonly string[];
  text(tensor: number): string;
  legend(colors: readonly string[]): Legend;
}

class TensorColoring implements EdgeOverlay {
  readonly column: Column;
  readonly #painted: Painted;
  readonly #dark: boolean;
  readonly #palette: readonly string[];
  #other: TensorColoring | null = null;
  #legend: Legend | null = null;

  constructor(column: Column, painted: Painted, dark: boolean) {
    this.column = column;
    this.#painted = painted;
    this.#dark = dark;
    this.#palette = painted.palette(dark);
  }

  color(tensor: number): string | null {
    return this.#palette[this.#painted.bucket[tensor]!] ?? null;
  }

  text(tensor: number): string {
    return this.#painted.text(tensor);
  }

  get legend(): Legend {
    this.#legend ??= this.#painted.legend(this.#palette);
    return this.#legend;
  }

  themed(dark: boolean): EdgeOverlay {
    if (dark === this.#dark) return this;
    if (!this.#other) {
      this.#other = new TensorColoring(this.column, this.#painted, dark);
      this.#other.#other = this;
    }
    return this.#other;
  }
}

function paintTensors(model: GraphModel, column: Column, beside: Beside | null): Painted {
  const drawn = drawnTensors(model);
  const codes = codesOf(column);
  return codes ? paintWords(column, codes, drawn) : paintAmounts(column as NumericColumn, drawn, beside);
}

/** Tensors that some edge carries: weights and the like are in the table too, but not in the picture. */
function drawnTensors(model: GraphModel): Int32Array {
  const { edges } = model;
  const seen = new Uint8Array(model.doc.tensors.rows);
  for (const tensor of edges.tensor) if (tensor >= 0) seen[tensor] = 1;
  return Int32Array.from(seen.keys()).filter((tensor) => seen[tensor] === 1);
}

function paintAmounts(column: NumericColumn, drawn: Int32Array, beside: Beside | null): Painted {
  const values = valuesOf(column, drawn);
  const other = beside?.model.doc.tensors.numeric(column.info.name);
  const seen = beside && other ? together(values, valuesOf(other, drawnTensors(beside.model)), beside.first) : values;
  const scale = chooseScale(spreadOf(seen), column.info);
  const bucket = new Uint16Array(column.length).fill(UNKNOWN);
  drawn.forEach((tensor, i) => {
    if (scale && !Number.isNaN(values[i]!)) bucket[tensor] = step(scale, values[i]!);
  });
  return {
    bucket,
    palette: (dark) => lineRamp(rampKind(scale), dark),
    text: (tensor) => {
      const value = column.at(tensor);
      return value === null ? format.UNKNOWN : valueText(value, column.info.unit);
    },
    legend: (colors) => rangeLegend(column, scale, AUTO, colors, values),
  };
}

function valuesOf(column: NumericColumn, drawn: Int32Array): Float64Array {
  return Float64Array.from(drawn, (tensor) => column.at(tensor) ?? Number.NaN);
}

function paintWords(column: Column, codes: NonNullable<ReturnType<typeof codesOf>>, drawn: Int32Array): Painted {
  const own = { ...codes, of: drawn.map((tensor) => codes.of[tensor] ?? -1) };
  const ranks = column.info.scale === "ordinal" && codes.words.length <= SLOTS ? ordered(codes.words) : null;
  const slots = assignSlots(own, ranks ? codes.words : []);
  const bucket = new Uint16Array(codes.of.length).fill(UNKNOWN);
  for (const tensor of drawn) if (codes.of[tensor]! >= 0) bucket[tensor] = slots.of[codes.of[tensor]!]!;
  return {
    bucket,
    palette: (dark) => [
      ...Array.from({ length: SLOTS }, (_, slot) => ranks?.[slot] ?? distinctLine(slot, dark)),
      neutrals(dark).other,
    ],
    text: (tensor) => codes.words[codes.of[tensor] ?? -1] ?? format.UNKNOWN,
    legend: (colors) => wordsLegend(column, own, slots, colors, ""),
  };
}
