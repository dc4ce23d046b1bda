/** What the grid of channels shows, and what it tells. */

import type { Colors } from "../color/coloring.js";
import type { Ink } from "../ink.js";
import type { Pictured } from "../panel.js";
import type { Reading } from "../reading.js";
import type { Channels } from "./channels.js";

export interface GridEvents {
  /** The reader wants to see one channel alone. */
  onPick(channel: number): void;
  /** What is under the pointer; null: nothing. */
  onReading(reading: Reading | null): void;
  /** The cursor moved: a channel in a sentence. */
  onCursor(text: string): void;
  /** The place in the order that came to rest at the top. */
  onFirst(first: number): void;
  /** The shared colours changed. */
  onLearned(): void;
  /** Pixels of a picture's longer side. */
  onSized(cell: number): void;
  onFailed(message: string): void;
}

export interface GridLook {
  readonly shown: Pictured;
  readonly channels: Channels;
  readonly order: readonly number[];
  readonly colors: Colors;
  readonly ink: Ink;
  /** "channel", "head". */
  readonly word: string;
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
