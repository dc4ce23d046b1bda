import type { Colors } from "../color/coloring.js";
import type { Pictured } from "../panel.js";
import type { TileListener, TileSource } from "../source.js";
import type { Tile } from "../tiles/tile.js";
import type { Range } from "./geometry.js";
import { Loader } from "./loader.js";
import { type Painted, Pictures } from "./pictures.js";

/** The pictures of one side in a grid of channels: loaded ahead of the reader, painted as they come into sight. */
export class Layer {
  readonly #loader: Loader;
  readonly #pictures = new Pictures();
  #active = false;

  constructor(tiles: TileSource, listener: TileListener) {
    this.#loader = new Loader(tiles, listener);
  }

  /** `side`: pixels of the screen that a picture's longer side takes; `values`: values of a map. */
  show(shown: Pictured, order: readonly number[], side: number, values: number): void {
    this.#active = true;
    this.#loader.show(shown, order, side, values);
  }

  hide(): void {
    if (this.#active) this.#loader.hide();
    this.#active = false;
  }

  need(visible: Range, forward: boolean): void {
    if (this.#active) this.#loader.need(visible, forward);
    this.#pictures.turn();
  }

  /** The best tile there is of a channel. */
  tile(channel: number): Tile | null {
    return this.#loader.tile(channel);
  }

  of(channel: number, colors: Colors): Painted {
    const like = colors.perChannel ? this.#loader.partner(channel) : null;
    return this.#pictures.of(channel, this.tile(channel), colors, like);
  }

  /** Colours or values changed. */
  clear(): void {
    this.#pictures.clear();
  }

  /** Another tensor is shown. */
  forget(): void {
    this.#pictures.forget();
  }

  dispose(): void {
    this.#loader.dispose();
  }
}
