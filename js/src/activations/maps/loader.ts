import type { Pictured } from "../panel.js";
import type { MapKey, TileClient, TileListener, TileSource } from "../source.js";
import { partnerOf, subjectOf } from "../subject.js";
import type { Tile } from "../tiles/tile.js";
import { loadOrder, type Range } from "./geometry.js";

/** Once nothing near is missing, tensors up to so many bytes are loaded as a whole. */
const WHOLE_BYTES = 8 * 2 ** 20;
/** Screens loaded ahead of the reader. */
const SCREENS = 3;
const SIZES = [32, 64, 128, 256, 512];

/** Which tiles the grid needs, near ones first. */
export class Loader {
  readonly #tiles: TileSource;
  readonly #client: TileClient;
  #shown: Pictured | null = null;
  #size = 64;
  #order: readonly number[] = [];
  #values = 1;

  constructor(tiles: TileSource, listener: TileListener) {
    this.#tiles = tiles;
    this.#client = tiles.client(listener);
  }

  /** `side`: pixels of the screen that a picture's longer side takes; `values`: values of a map. */
  show(shown: Pictured, order: readonly number[], side: number, values: number): void {
    [this.#shown, this.#order, this.#values] = [shown, order, values];
    this.#size = SIZES.find((size) => size >= side) ?? SIZES.at(-1)!;
  }

  hide(): void {
    this.#shown = null;
    this.#client.want([]);
    this.#client.onScreen([]);
  }

  /** The best tile there is of a channel. */
  tile(channel: number): Tile | null {
    const key = this.#key(channel);
    return key && this.#tiles.peek(key, true);
  }

  /** The same of the other model, where two are compared. */
  partner(channel: number): Tile | null {
    const which = this.#shown && partnerOf(this.#shown);
    const key = which ? this.#key(channel) : null;
    return key && this.#tiles.peek({ ...key, which: which! }, true);
  }

  /** Says what is on screen and what will be. */
  need(visible: Range, forward: boolean): void {
    // Without a kernel nothing will come: what is missing on screen is all there is to say.
    const ahead = this.#tiles.live ? SCREENS : 0;
    const near = this.#missing(loadOrder(visible, this.#order.length, forward, ahead));
    const keys = this.#order.slice(visible.start, visible.stop).map((channel) => this.#key(channel)!);
    this.#client.want(near.length > 0 || !this.#isSmall() ? near : this.#missing(this.#rest(visible, forward)));
    this.#client.onScreen(keys);
  }

  dispose(): void {
    this.#client.dispose();
  }

  #missing(positions: readonly number[]): MapKey[] {
    const keys = positions.map((position) => this.#key(this.#order[position]!)!);
    return keys.filter((key) => !this.#tiles.peek(key));
  }

  #rest(visible: Range, forward: boolean): number[] {
    return loadOrder(visible, this.#order.length, forward, Math.ceil(this.#order.length));
  }

  #isSmall(): boolean {
    const bytes = 2 * Math.min(this.#values, this.#size ** 2) * this.#order.length;
    return this.#tiles.live && bytes <= WHOLE_BYTES;
  }

  #key(channel: number): MapKey | null {
    return this.#shown && { kind: "maps", ...subjectOf(this.#shown), channel, size: this.#size };
  }
}
