/** Codes to colours. */

import type { Pixel } from "../../graph/paint/color.js";
import { NAN_CODE, NEGATIVE_CODE, type Tile, TOP } from "../tiles/tile.js";
import type { Limits } from "./limits.js";
import { SPECIAL } from "./tables.js";

export interface Coloring {
  readonly limits: Limits;
  /** 256 pixels. */
  readonly table: Int32Array;
}

/** The pixels of a tile, row by row. */
export function pixelsOf(tile: Tile, { limits, table }: Coloring): Int32Array<ArrayBuffer> {
  const pixels = new Int32Array(tile.codes.length);
  const last = table.length - 1;
  const span = limits.high - limits.low;
  const step = (last * (tile.high - tile.low)) / (span * TOP);
  const start = (last * (tile.low - limits.low)) / span + 0.5;
  for (let i = 0; i < pixels.length; i += 1) {
    const code = tile.codes[i]!;
    pixels[i] = code > TOP ? special(code) : table[clamp(step * code + start, last)]!;
  }
  return pixels;
}

function clamp(place: number, last: number): number {
  return place > last ? last : place > 0 ? place | 0 : 0;
}

function special(code: number): Pixel {
  if (code === NAN_CODE) return SPECIAL.nan;
  return code === NEGATIVE_CODE ? SPECIAL.negative : SPECIAL.positive;
}

/** A canvas of one pixel for each of the tile; null where there is none to draw on, or nothing to draw. */
export function canvasOf(tile: Tile, coloring: Coloring): HTMLCanvasElement | null {
  if (tile.width === 0 || tile.height === 0) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [tile.width, tile.height];
  const context = canvas.getContext("2d");
  if (!context) return null;
  const bytes = new Uint8ClampedArray(pixelsOf(tile, coloring).buffer);
  context.putImageData(new ImageData(bytes, tile.width, tile.height), 0, 0);
  return canvas;
}
