import type { Pictured } from "../panel.js";
import type { Showing } from "../showing.js";
import type { TileClient, TileKey, TileListener, TileSource } from "../source.js";
import { subjectOf } from "../subject.js";
import type { Tile } from "../tiles/tile.js";

/** One picture: a channel or a plane. */
export type One = Extract<Showing, { kind: "channel" | "plane" }>;

export interface Fed {
  /** null: it is on its way. */
  readonly tile: Tile | null;
  /** Whether the tile is of what was shown before. */
  readonly stale: boolean;
}

const SIZES = [128, 256, 512, 1024, 2048];
const FIRST_SIZE = 512;

/** The tile of one picture, as fine as it is looked at; until it comes, the last that may stand in for it. */
export class PictureFeed {
  readonly #tiles: TileSource;
  readonly #client: TileClient;
  #shown: Pictured | null = null;
  #what: One | null = null;
  #size = FIRST_SIZE;
  #last: { group: string; tile: Tile } | null = null;

  constructor(tiles: TileSource, listener: TileListener) {
    this.#tiles = tiles;
    this.#client = tiles.client(listener);
  }

  show(shown: Pictured, what: One): void {
    [this.#shown, this.#what] = [shown, what];
    this.#want();
  }

  stop(): void {
    [this.#shown, this.#what, this.#last, this.#size] = [null, null, null, FIRST_SIZE];
    this.#client.want([]);
    this.#client.onScreen([]);
  }

  get fed(): Fed {
    const key = this.#key();
    if (!key) return { tile: null, stale: false };
    const group = groupOf(this.#shown!, this.#what!);
    const fresh = this.#tiles.peek(key, true);
    if (fresh) this.#last = { group, tile: fresh };
    return { tile: fresh ?? (this.#last?.group === group ? this.#last.tile : null), stale: !fresh };
  }

  /** Zoomed in, a pooled picture is asked for in more detail. */
  resize(pixels: number): void {
    const size = SIZES.find((one) => one >= pixels) ?? SIZES.at(-1)!;
    if (size <= this.#size || !this.#shown) return;
    this.#size = size;
    this.#want();
  }

  dispose(): void {
    this.#client.dispose();
  }

  #key(): TileKey | null {
    return this.#shown && this.#what && keyOf(this.#shown, this.#what, this.#size);
  }

  #want(): void {
    const key = this.#key()!;
    this.#client.want(this.#tiles.peek(key) ? [] : [key]);
    this.#client.onScreen([key]);
  }
}

export function keyOf(shown: Pictured, what: One, size: number): TileKey {
  const base = { ...subjectOf(shown), size };
  if (what.kind === "channel") return { kind: "maps", ...base, channel: what.channel };
  return { kind: "plane", ...base, ...what.slice };
}

/** What may stand in for one another while the reader moves on: the same picture of another sample or index. */
export function groupOf({ row }: Pictured, what: One): string {
  const axes = what.kind === "channel" ? what.channel : `${what.slice.rows} ${what.slice.columns}`;
  return `${row} ${what.kind} ${axes}`;
}
