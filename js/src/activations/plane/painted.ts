import { type Coloring, canvasOf } from "../color/paint.js";
import type { Tile } from "../tiles/tile.js";
import type { Layer } from "./draw.js";
import type { Over } from "./look.js";

/** The tiles of a picture as canvases: painted anew only where tile or colours are others. */
export class Painted {
  readonly #known = new Map<Tile, { readonly coloring: Coloring; readonly canvas: HTMLCanvasElement | null }>();

  /** All others are forgotten. */
  keep(tiles: readonly (Tile | null | undefined)[]): void {
    for (const tile of [...this.#known.keys()]) if (!tiles.includes(tile)) this.#known.delete(tile);
  }

  /** null: its tile is on its way. */
  layer({ tile, coloring, stale }: Over): Layer | null {
    if (!tile) return null;
    const known = this.#known.get(tile);
    const painted = known?.coloring === coloring ? known : { coloring, canvas: canvasOf(tile, coloring) };
    this.#known.set(tile, painted);
    return { tile, coloring, stale, picture: painted.canvas };
  }
}
