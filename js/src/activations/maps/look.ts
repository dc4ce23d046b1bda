/** What the grid of channels shows, and what it tells. */

import type { Colors } from "../color/coloring.js";
import type { Ink } from "../ink.js";
import type { Pictured } from "../panel.js";
import type { Reading } from "../reading.js";
import type { Channels } from "./channels.js";

/** Where somebody points in the grid: a channel, and a place of its picture from 0 to 1. */
export interface GridPlace {
  readonly channel: number;
  readonly x: number;
  readonly y: number;
}

export interface GridEvents {
  /** The reader wants to see one channel alone. */
  onPick(channel: number): void;
  /** What is under the pointer, and its place; null: nothing. */
  onReading(reading: Reading | null, place: GridPlace | null): void;
  /** The cursor moved: a channel in a sentence. */
  onCursor(text: string): void;
  /** The place in the order that came to rest at the top. */
  onFirst(first: number): void;
  /** The shared colours changed. */
  onLearned(): void;
  /** Pixels of a picture's longer side. */
  onSized(cell: number): void;
  onFailed(message: string): void;
  /** Pixels that the reader scrolled down to. */
  onScroll?(top: number): void;
}

export interface GridLook {
  readonly shown: Pictured;
  readonly channels: Channels;
  readonly order: readonly number[];
  readonly colors: Colors;
  readonly ink: Ink;
  /** "channel", "head". */
  readonly word: string;
  /** What lies over each picture from `wipe` on, a share of its width. */
  readonly over?: Pictured;
  readonly wipe?: number;
  /** Sizes of a channel's map. */
  readonly map: readonly [height: number, width: number];
}

/** Whether what was in sight is elsewhere now. */
export function movesAway(before: GridLook, look: GridLook): boolean {
  const [a, b] = [before.shown, look.shown];
  const [was, is] = [a.settings, b.settings];
  return (
    a.doc !== b.doc ||
    a.row !== b.row ||
    was.sort !== is.sort ||
    was.descending !== is.descending ||
    was.filter !== is.filter
  );
}
