/** Where pictures of tensors come from. */

import type { Side, TileKey } from "./tiles/key.js";
import type { Tile } from "./tiles/tile.js";

export type { MapKey, PlaneKey, Side, Subject, TileKey } from "./tiles/key.js";
export type { Tile } from "./tiles/tile.js";

/** One array that a sample feeds, in words. */
export interface InputArray {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A few of its values. */
  readonly text: string;
}

export interface SampleInput {
  readonly label: string;
  /** RGB, row by row; null: the input is no picture. */
  readonly picture: { readonly height: number; readonly width: number; readonly rgb: Uint8Array } | null;
  readonly tokens: readonly string[] | null;
  readonly arrays: readonly InputArray[];
}

/** What one part of the view is told about the tiles that it wants. */
export interface TileListener {
  /** A tile that was wanted is there. */
  ready(key: TileKey, tile: Tile): void;
  /** It will not come; a sentence for the reader. */
  failed(key: TileKey, message: string): void;
}

/** One part of the view as the source knows it. */
export interface TileClient {
  /** Says all that is wanted from now on, what is needed first at the front; what was wanted before is forgotten. */
  want(keys: readonly TileKey[]): void;
  /** Says what is on screen: that is what a snapshot keeps. */
  onScreen(keys: readonly TileKey[]): void;
  dispose(): void;
}

export interface TileSource {
  /** False without a kernel: what is not in the snapshot cannot be had. */
  readonly live: boolean;
  client(listener: TileListener): TileClient;
  /** The tile if it is here: at least as fine as asked for, or with `any` however coarse. */
  peek(key: TileKey, any?: boolean): Tile | null;
  /** A `.npy` file of a tensor or of one channel. Rejects with a sentence for the reader. */
  array(tensor: number, sample: number, channel: number | null, which?: Side): Promise<Blob>;
  /** What a sample feeds the model. Rejects with a sentence for the reader. */
  input(sample: number): Promise<SampleInput>;
  /** Calls back when what is on screen changed; the result ends it. */
  watch(callback: () => void): () => void;
  /** What is on screen as base64 of at most 300 kB; "": nothing is. */
  snapshot(): Promise<string>;
  dispose(): void;
}
