import { keyText, type TileKey } from "./key.js";
import type { Tile } from "./tile.js";
import { isWhole } from "./tile.js";

/** Memory besides the codes. */
const OVERHEAD = 300;

interface Kept {
  readonly tile: Tile;
  /** Pixels a side that were asked for. */
  readonly size: number;
}

/** Tiles within a budget of bytes; what was not looked at for longest goes first. */
export class TileCache {
  readonly #kept = new Map<string, Kept>();
  readonly #budget: number;
  #bytes = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The finest tile there is; null where it is coarser than asked for, unless `any` will do. */
  get(key: TileKey, any = false): Tile | null {
    const text = keyText(key);
    const kept = this.#kept.get(text);
    if (!kept) return null;
    this.#kept.delete(text);
    this.#kept.set(text, kept);
    return any || kept.size >= key.size || isWhole(kept.tile) ? kept.tile : null;
  }

  /** Whether it is there as fine as asked for; not counted as a look. */
  has(key: TileKey): boolean {
    const kept = this.#kept.get(keyText(key));
    return kept !== undefined && (kept.size >= key.size || isWhole(kept.tile));
  }

  put(key: TileKey, tile: Tile): void {
    const text = keyText(key);
    const before = this.#kept.get(text);
    if (before && before.size > key.size) return;
    if (before) this.#drop(text, before);
    this.#kept.set(text, { tile, size: key.size });
    this.#bytes += bytesOf(tile);
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes <= this.#budget || oldest === text) break;
      this.#drop(oldest, kept);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #drop(text: string, kept: Kept): void {
    this.#kept.delete(text);
    this.#bytes -= bytesOf(kept.tile);
  }
}

function bytesOf(tile: Tile): number {
  return tile.codes.byteLength + OVERHEAD;
}
