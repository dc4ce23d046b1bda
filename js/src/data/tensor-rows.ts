/** What the tables of measured tensors have in common: the shape of a tensor, its channels, its bins. */

import type { DocumentTable } from "./columns.js";

/** What the axes of a tensor mean: N C H W, … T F, N heads Tq Tk, N F. */
export type Layout = "maps" | "tokens" | "attention" | "vector" | "other";

/** Rows `start` to `stop` of another table. */
export interface RowRange {
  readonly start: number;
  readonly stop: number;
}

const LAYOUTS: readonly unknown[] = ["maps", "tokens", "attention", "vector", "other"];

export function layoutAt(tensors: DocumentTable, row: number): Layout {
  const word = tensors.text("layout")?.at(row);
  return LAYOUTS.includes(word) ? (word as Layout) : "other";
}

/** Sizes of the axes, null where samples differ; empty for a scalar and where nothing is known. */
export function dimsAt(tensors: DocumentTable, row: number): readonly (number | null)[] {
  const text = tensors.text("shape")?.at(row) ?? "";
  return /^[\d?]+(×[\d?]+)*$/.test(text) ? text.split("×").map((size) => (size === "?" ? null : Number(size))) : [];
}

/** The axis of the channels, counted from the front; -1: none. */
export function channelAxisAt(tensors: DocumentTable, row: number): number {
  const axis = tensors.indices("channel_axis")[row] ?? -1;
  return axis < dimsAt(tensors, row).length ? axis : -1;
}

/** The channels of a tensor as rows of the channel table; null: it has none. */
export function channelRangeAt(tensors: DocumentTable, channels: DocumentTable, row: number): RowRange | null {
  const start = tensors.indices("first_channel")[row] ?? -1;
  const length = tensors.indices("channels")[row] ?? -1;
  const fits = start >= 0 && length > 0 && start + length <= channels.rows;
  return fits ? { start, stop: start + length } : null;
}

/** The stretch of a table that belongs to each owner; rows of one owner lie together. */
export function stretches(owners: Int32Array): Map<number, RowRange> {
  const found = new Map<number, RowRange>();
  for (let start = 0, stop = 0; start < owners.length; start = stop) {
    while (stop < owners.length && owners[stop] === owners[start]) stop += 1;
    found.set(owners[start]!, { start, stop });
  }
  return found;
}
