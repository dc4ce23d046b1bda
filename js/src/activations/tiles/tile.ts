/** A picture of values: 16-bit codes between a low and a high value, as the kernel sends them. */

/** The greatest code that stands for a number. */
export const TOP = 65532;
export const NAN_CODE = 65533;
export const POSITIVE_CODE = 65534;
export const NEGATIVE_CODE = 65535;

export interface Tile {
  readonly width: number;
  readonly height: number;
  /** Sizes before pooling. */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** Values of codes 0 and `TOP`; NaN where no value is finite. */
  readonly low: number;
  readonly high: number;
  /** Of the finite values, before pooling; NaN where there are none. */
  readonly mean: number;
  readonly std: number;
  /** Row by row. */
  readonly codes: Uint16Array;
  /** Whether values were rounded further to be kept in a notebook. */
  readonly rough: boolean;
}

export class TileError extends Error {
  override readonly name = "TileError";
}

/** Whether each pixel is one value. */
export function isWhole(tile: Tile): boolean {
  return tile.width === tile.fullWidth && tile.height === tile.fullHeight;
}

export function decodeCode(tile: Tile, code: number): number {
  if (code <= TOP) return tile.low + (tile.high - tile.low) * (code / TOP);
  return code === NAN_CODE ? Number.NaN : code === POSITIVE_CODE ? Infinity : -Infinity;
}

/** The value at a pixel; NaN outside. */
export function valueAt(tile: Tile, row: number, column: number): number {
  const inside = row >= 0 && column >= 0 && row < tile.height && column < tile.width;
  return inside ? decodeCode(tile, tile.codes[row * tile.width + column]!) : Number.NaN;
}

/** The tiles of an answer, in the order asked for. */
export function readTiles(content: Readonly<Record<string, unknown>>, buffer: ArrayBufferView | undefined): Tile[] {
  const [count, height, width] = sizes(content["shape"], 3);
  const [fullHeight, fullWidth] = sizes(content["full"], 2);
  const [low, high, mean, std] = ["low", "high", "mean", "std"].map((name) => numbers(content[name], count!));
  const each = height! * width!;
  if (!buffer || buffer.byteLength !== 2 * count! * each)
    throw new TileError("The kernel sent a tile of another size.");
  // A message's buffer may start at an odd byte, and must not keep the whole message alive.
  const codes = new Uint16Array(count! * each);
  new Uint8Array(codes.buffer).set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  return Array.from({ length: count! }, (_, i) => ({
    width: width!,
    height: height!,
    fullWidth: fullWidth!,
    fullHeight: fullHeight!,
    low: low![i]!,
    high: high![i]!,
    mean: mean![i]!,
    std: std![i]!,
    codes: codes.slice(i * each, (i + 1) * each),
    rough: false,
  }));
}

/** Before pooling: no tensor that fits a machine has more. */
const MOST_ELEMENTS = 2 ** 48;

function sizes(value: unknown, length: number): number[] {
  const good = Array.isArray(value) && value.length === length && value.every(isSize);
  if (!good || value.reduce((product, size) => product * size, 1) > MOST_ELEMENTS) {
    throw new TileError("The kernel sent a tile without a shape.");
  }
  return value as number[];
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** JSON has no NaN: null stands for it. */
function numbers(value: unknown, length: number): number[] {
  if (!Array.isArray(value) || value.length !== length) throw new TileError("The kernel sent a tile without a range.");
  return value.map((number) => (typeof number === "number" ? number : Number.NaN));
}
