/** What of a tensor to draw, and what its axes are called. */

import type { Layout } from "../data/activations.js";
import type { Pictured, TensorDocument } from "./panel.js";
import type { Axis } from "./plane/axis.js";
import type { Slice } from "./settings.js";

export type Showing =
  | { readonly kind: "nothing"; readonly text: string }
  | { readonly kind: "grid" }
  | { readonly kind: "channel"; readonly channel: number }
  | { readonly kind: "plane"; readonly slice: Slice };

const NOTHING = "Nothing is captured here: select an op in the graph.";

export function showing(shown: Pictured): Showing {
  const { doc, row, settings } = shown;
  if (row < 0 || row >= doc.tensors.rows) return { kind: "nothing", text: NOTHING };
  const dims = doc.dims(row);
  if (dims.includes(0)) return { kind: "nothing", text: "This tensor is empty: one of its axes has the size 0." };
  if (!hasGrid(doc, row) || settings.shape === "plane") return { kind: "plane", slice: sliceOf(shown) };
  const { channel } = settings;
  return channel === null ? { kind: "grid" } : { kind: "channel", channel };
}

/** Whether a tensor is a stack of pictures. */
export function hasGrid(doc: TensorDocument, row: number): boolean {
  const stacked = doc.layout(row) === "maps" || doc.layout(row) === "attention";
  return stacked && doc.channelAxis(row) >= 0 && doc.dims(row).length > 1;
}

/** The chosen slice where the tensor has it, else the last two axes at the start of the others. */
export function sliceOf({ doc, row, settings }: Pictured): Slice {
  const dims = doc.dims(row);
  const chosen = settings.slice;
  if (!chosen || chosen.rows >= dims.length || chosen.columns >= dims.length) {
    return { rows: Math.max(-1, dims.length - 2), columns: dims.length - 1, at: dims.map(() => 0) };
  }
  const at = dims.map((size, axis) => Math.min(chosen.at[axis] ?? 0, (size ?? Infinity) - 1));
  return { ...chosen, at };
}

const NAMES: Readonly<Record<Exclude<Layout, "maps">, readonly string[]>> = {
  tokens: ["batch", "token", "feature"],
  attention: ["batch", "head", "query", "key"],
  vector: ["batch", "feature"],
  other: [],
};

/** "token", "feature", "axis 2". */
export function axisName(doc: TensorDocument, row: number, axis: number): string {
  const [layout, rank] = [doc.layout(row), doc.dims(row).length];
  if (axis < 0) return "";
  if (layout === "maps") return mapAxisName(axis, rank, doc.channelAxis(row));
  // Tokens and attention are told by their last axes, whatever stands before.
  const names = NAMES[layout];
  return names[axis - rank + names.length] ?? `axis ${axis}`;
}

function mapAxisName(axis: number, rank: number, channel: number): string {
  if (axis === channel) return "channel";
  if (axis === 0) return "batch";
  const places = rank === 3 ? ["position"] : ["row", "column"];
  return places[axis - rank + places.length] ?? `axis ${axis}`;
}

/** What stands along an axis of the tensor; `count`: places that the picture has. */
export function axisOf(shown: Pictured, axis: number, count: number): Axis {
  const name = axisName(shown.doc, shown.row, axis);
  const isToken = name === "token" || name === "query" || name === "key";
  const tokens = isToken && !shown.mean ? shown.doc.tokens(shown.sample) : null;
  return { name, words: tokens?.length === count ? tokens : null, count };
}

/** The axes of one channel's map: the last two of the others. A batch axis before the channels is none of them. */
export function mapAxes(doc: TensorDocument, row: number): { rows: number; columns: number } {
  const channel = doc.channelAxis(row);
  const rest = doc.dims(row).flatMap((_, axis) => (axis === channel ? [] : [axis]));
  const [columns, rows] = (channel > 0 ? rest.slice(1) : rest).slice(-2).reverse();
  return { rows: rows ?? -1, columns: columns ?? -1 };
}

/** Sizes of one channel's map, 1 where there is no axis. */
export function mapSize(doc: TensorDocument, row: number): [height: number, width: number] {
  const { rows, columns } = mapAxes(doc, row);
  const dims = doc.dims(row);
  return [dims[rows] ?? 1, dims[columns] ?? 1];
}

/** "channel", "head". */
export function channelWord(doc: TensorDocument, row: number): string {
  return doc.layout(row) === "attention" ? "head" : "channel";
}
