import { decodeCode, NAN_CODE, type Tile, TOP } from "./tile.js";

/** A tile of a `factor`-th of the size: of each block the value of largest magnitude, as the kernel pools. */
export function pooled(tile: Tile, factor: number): Tile {
  const [width, height] = [Math.ceil(tile.width / factor), Math.ceil(tile.height / factor)];
  const codes = new Uint16Array(width * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      codes[row * width + column] = strongest(tile, row * factor, column * factor, factor);
    }
  }
  return { ...tile, width, height, codes };
}

function strongest(tile: Tile, top: number, left: number, factor: number): number {
  let [best, most] = [tile.codes[top * tile.width + left]!, -1];
  for (let row = top; row < Math.min(top + factor, tile.height); row += 1) {
    for (let column = left; column < Math.min(left + factor, tile.width); column += 1) {
      const code = tile.codes[row * tile.width + column]!;
      // NaN hides all else.
      if (code === NAN_CODE) return code;
      const magnitude = Math.abs(decodeCode(tile, code));
      if (magnitude > most) [best, most] = [code, magnitude];
    }
  }
  return best;
}

/** Steps of a byte between low and high; the last three codes are the special ones. */
const BYTE_TOP = 252;

export function toBytes(codes: Uint16Array): Uint8Array {
  return Uint8Array.from(codes, (code) => (code <= TOP ? Math.round((code / TOP) * BYTE_TOP) : BYTE_TOP + code - TOP));
}

export function fromBytes(bytes: Uint8Array): Uint16Array {
  return Uint16Array.from(bytes, (byte) =>
    byte <= BYTE_TOP ? Math.round((byte / BYTE_TOP) * TOP) : TOP + byte - BYTE_TOP,
  );
}
