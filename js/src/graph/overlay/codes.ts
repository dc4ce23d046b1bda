/** A column of words as small integers. */

import { type Column, type NumericColumn, StringColumn } from "../../data/index.js";
import { tickText } from "./ticks.js";

export interface Codes {
  /** Per row, -1 unknown. */
  readonly of: Int32Array;
  readonly words: readonly string[];
  /** The words as a query holds them. */
  readonly keys: readonly string[];
}

/** null for numbers that stand for amounts. Flags and numbers hinted as categories or ranks are words. */
export function codesOf(column: Column): Codes | null {
  if (column instanceof StringColumn) return wordCodes(column);
  const { scale, type } = column.info;
  const named = scale === "categorical" || scale === "ordinal";
  const flag = type === "u8" && !scale && column.values.every((value) => value <= 1);
  if (!named && !flag) return null;
  return numberCodes(column, flag);
}

function wordCodes(column: StringColumn): Codes {
  const words = column.dictionary;
  // Codes beyond the dictionary stand for null; a loop, as this runs over every op of a large model.
  const of = new Int32Array(column.codes.length);
  for (let row = 0; row < of.length; row += 1) of[row] = column.codes[row]! < words.length ? column.codes[row]! : -1;
  return { of, words, keys: words };
}

/** Ranks come in their own order. */
function numberCodes(column: NumericColumn, flag: boolean): Codes {
  const { length } = column;
  const seen = new Set<number>();
  for (let row = 0; row < length; row += 1) {
    const value = column.at(row);
    if (value !== null) seen.add(value);
  }
  const numbers = [...seen].sort((a, b) => a - b);
  const code = new Map(numbers.map((value, i) => [value, i]));
  const of = Int32Array.from({ length }, (_, row) => {
    const value = column.at(row);
    return value === null ? -1 : code.get(value)!;
  });
  const words = numbers.map((value) => (flag ? (value ? "yes" : "no") : tickText(value, column.info.unit)));
  return { of, words, keys: numbers.map(String) };
}
