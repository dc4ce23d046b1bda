/** Which tiles go into one question to the kernel. */

import type { Question } from "../../data/host.js";
import { groupText, type TileKey } from "./key.js";

/** An answer should come in a blink, also through a slow link. */
const MOST_BYTES = 384 * 1024;
const MOST_TILES = 64;

/** The first key that is open, and those behind it that the kernel can cut in the same go. */
export function nextBatch(
  wanted: readonly TileKey[],
  open: (key: TileKey) => boolean,
  pixels: (key: TileKey) => number,
): TileKey[] {
  const first = wanted.findIndex(open);
  const lead = wanted[first];
  if (!lead) return [];
  if (lead.kind === "plane") return [lead];
  const group = groupText(lead);
  const most = Math.max(1, Math.min(MOST_TILES, Math.floor(MOST_BYTES / (2 * pixels(lead)))));
  const batch: TileKey[] = [];
  for (let i = first; i < wanted.length && batch.length < most; i += 1) {
    const key = wanted[i]!;
    if (key.size === lead.size && groupText(key) === group && open(key)) batch.push(key);
  }
  return batch;
}

/** The message that asks for them. */
export function questionOf(batch: readonly TileKey[]): Question {
  const { tensor, sample, against, mean, size, which } = batch[0]!;
  const whose = which === undefined ? { against, mean } : { which };
  return { type: "tile", tensor, sample, ...whose, view: { ...viewOf(batch), size } };
}

function viewOf(batch: readonly TileKey[]): Record<string, unknown> {
  const [key] = batch;
  if (key?.kind !== "plane")
    return { kind: "maps", channels: batch.map((one) => (one.kind === "maps" ? one.channel : 0)) };
  const { kind, rows, columns, at } = key;
  return { kind, rows, columns, at };
}
