import type { Colors } from "../color/coloring.js";
import { canvasOf } from "../color/paint.js";
import type { Tile } from "../tiles/tile.js";

const MOST = 512;

/** Painted tiles, the last few hundred of them. */
export class Pictures {
  readonly #painted = new Map<Tile, HTMLCanvasElement | null>();

  of(tile: Tile, colors: Colors): HTMLCanvasElement | null {
    let picture = this.#painted.get(tile);
    if (picture === undefined) picture = canvasOf(tile, colors.of(tile));
    else this.#painted.delete(tile);
    this.#painted.set(tile, picture);
    if (this.#painted.size > MOST) this.#painted.delete(this.#painted.keys().next().value!);
    return picture;
  }

  clear(): void {
    this.#painted.clear();
  }
}
