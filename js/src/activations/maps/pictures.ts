import type { Colors } from "../color/coloring.js";
import { canvasOf } from "../color/paint.js";
import type { Tile } from "../tiles/tile.js";

const MOST = 512;

export interface Painted {
  readonly picture: HTMLCanvasElement | null;
  /** The picture is of another sample. */
  readonly stale: boolean;
}

/** Painted tiles, the last few hundred of them. */
export class Pictures {
  readonly #painted = new Map<Tile, { picture: HTMLCanvasElement | null; like: Tile | null }>();
  /** The last picture of each channel in sight, for the time until that of another sample comes. */
  #last = new Map<number, HTMLCanvasElement>();
  #next = new Map<number, HTMLCanvasElement>();

  /** `like`: the other side of the same, whose colours it has. */
  of(channel: number, tile: Tile | null, colors: Colors, like: Tile | null = null): Painted {
    const fresh = tile && this.#paint(tile, colors, like);
    const picture = fresh ?? this.#last.get(channel) ?? null;
    if (picture) this.#next.set(channel, picture);
    return { picture, stale: picture !== null && !fresh };
  }

  /** All in sight are painted: what is not among them is forgotten. */
  turn(): void {
    this.#last = this.#next;
    this.#next = new Map();
  }

  /** Colours or values changed. */
  clear(): void {
    this.#painted.clear();
  }

  /** Another tensor is shown. */
  forget(): void {
    this.clear();
    this.#last.clear();
    this.#next.clear();
  }

  #paint(tile: Tile, colors: Colors, like: Tile | null): HTMLCanvasElement | null {
    const known = this.#painted.get(tile);
    const painted = known?.like === like ? known : { like, picture: canvasOf(tile, colors.of(tile, like)) };
    this.#painted.delete(tile);
    this.#painted.set(tile, painted);
    if (this.#painted.size > MOST) this.#painted.delete(this.#painted.keys().next().value!);
    return painted.picture;
  }
}
