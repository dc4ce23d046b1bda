/** What lies under the pointer or the cursor, in words. */

import { isWhole, type Tile, valueAt } from "./tiles/tile.js";
import { numberText } from "./words.js";

export interface Reading {
  /** "channel 12", "" where there are none. */
  readonly channel: string;
  /** Names and places of the two axes. */
  readonly axes: readonly { readonly name: string; readonly text: string }[];
  readonly value: number;
  /** The greatest in magnitude of several values. */
  readonly pooled: boolean;
  /** Rounded to be kept in a notebook. */
  readonly rough: boolean;
}

export function readingText({ channel, axes, value, pooled, rough }: Reading): string {
  const places = [channel, ...axes.map(({ name, text }) => `${name} ${text}`)].filter((part) => part !== "");
  const note = pooled ? " (largest magnitude here)" : "";
  return `${places.join(" · ")} = ${rough ? "≈ " : ""}${numberText(value)}${note}`;
}

/** Which of `full` values the pixel at `place` of `length` stands for. */
export function stretch(place: number, length: number, full: number): { first: number; last: number } {
  const factor = Math.max(1, Math.ceil(full / Math.max(1, length)));
  const first = Math.min(full - 1, place * factor);
  return { first, last: Math.min(full - 1, first + factor - 1) };
}

/** "5", or "10–11" where one pixel stands for several. */
export function placeText(place: number, length: number, full: number): string {
  const { first, last } = stretch(place, length, full);
  return first === last ? `${first}` : `${first}–${last}`;
}

/** What a tile shows at a point of it, from 0 to 1. */
export function readingAt(tile: Tile, x: number, y: number, channel: string): Reading {
  const row = Math.min(tile.height - 1, Math.floor(y * tile.height));
  const column = Math.min(tile.width - 1, Math.floor(x * tile.width));
  const axes = [
    { name: "row", text: placeText(row, tile.height, tile.fullHeight) },
    { name: "column", text: placeText(column, tile.width, tile.fullWidth) },
  ];
  return { channel, axes, value: valueAt(tile, row, column), pooled: !isWhole(tile), rough: tile.rough };
}
