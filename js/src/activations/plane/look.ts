/** What one picture shows, and what it tells. */

import type { Coloring } from "../color/paint.js";
import type { Ink } from "../ink.js";
import { type Reading, readingAt, stretch } from "../reading.js";
import type { Tile } from "../tiles/tile.js";
import { type Axis, placeWord } from "./axis.js";
import type { Camera } from "./camera.js";
import type { Place } from "./draw.js";

/** What lies over a picture from some place on. */
export interface Over {
  /** null: it is on its way. */
  readonly tile: Tile | null;
  readonly stale: boolean;
  readonly coloring: Coloring;
}

export interface ViewerLook {
  /** What is looked at: another of these shows all again. */
  readonly id: string;
  readonly title: string;
  /** null: it is on its way. */
  readonly tile: Tile | null;
  /** Whether the tile is of what was shown before. */
  readonly stale: boolean;
  readonly coloring: Coloring;
  readonly ink: Ink;
  readonly rows: Axis;
  readonly columns: Axis;
  /** Whether a value is as high as wide. */
  readonly square: boolean;
  readonly flags: ReadonlyMap<number, "dead" | "outlier">;
  /** "channel 12", "" where there are none. */
  readonly channel: string;
  readonly over?: Over;
  /** Share of the picture in sight that nothing lies over. */
  readonly wipe?: number;
}

export interface ViewerEvents {
  /** What is under the pointer or the cursor, and its place. */
  onReading(reading: Reading | null, place: Place | null): void;
  /** Escape. */
  onBack(): void;
  /** The next or the previous picture. */
  onTurn(step: number): void;
  /** Pixels of the screen that the longer side takes now. */
  onSide(pixels: number): void;
  /** The reader zoomed or moved. */
  onCamera?(camera: Camera): void;
  /** The reader drags the edge of what lies over the picture. */
  onWipe?(share: number): void;
}

/** What a picture has at a place, in words; null: there is nothing. */
export function readingOf(look: ViewerLook, { row, column }: Place): Reading | null {
  const { tile } = look;
  if (!tile || row < 0 || column < 0 || row >= tile.fullHeight || column >= tile.fullWidth) return null;
  const [y, x] = [pixelAt(row, tile.height, tile.fullHeight), pixelAt(column, tile.width, tile.fullWidth)];
  const reading = readingAt(tile, (x + 0.5) / tile.width, (y + 0.5) / tile.height, look.channel);
  const axes = [look.rows, look.columns].map((axis, i) => ({
    name: axis.name,
    text: placeWord(axis, reading.axes[i]!.text, i === 0 ? row : column),
  }));
  return { ...reading, axes: axes.filter(({ name }) => name !== "") };
}

/** The pixel, of so many, that stands for one of `full` values. */
export function pixelAt(place: number, length: number, full: number): number {
  return Math.floor(place / (stretch(0, length, full).last + 1));
}
