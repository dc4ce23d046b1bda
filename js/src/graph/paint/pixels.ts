/**
 * A picture made of numbers. Where boxes are a few pixels high there are ten thousands of them; a canvas takes about a
 * microsecond for each, this takes a few nanoseconds and hands over the finished picture at once.
 *
 * Everything here runs for each box of a frame: plain loops over locals, nothing that allocates.
 */

import { blend, type Pixel } from "./color.js";
import type { BlockTarget, Part } from "./far.js";

/** Rows longer than this are filled by the engine's own loop. */
const LONG = 40;

export class Pixels implements BlockTarget {
  readonly width: number;
  readonly height: number;
  readonly data: Int32Array;
  readonly image: ImageData;
  /** The part that can be painted on. */
  #left = 0;
  #top = 0;
  #right: number;
  #bottom: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#right = width;
    this.#bottom = height;
    const bytes = new Uint8ClampedArray(4 * width * height);
    this.data = new Int32Array(bytes.buffer);
    this.image = new ImageData(bytes, width, height);
  }

  get left(): number {
    return this.#left;
  }

  get top(): number {
    return this.#top;
  }

  get right(): number {
    return this.#right;
  }

  get bottom(): number {
    return this.#bottom;
  }

  /** Paints only inside a box of whole pixels from now on. */
  clip(left: number, top: number, right: number, bottom: number): void {
    this.#left = Math.max(0, left);
    this.#top = Math.max(0, top);
    this.#right = Math.min(this.width, right);
    this.#bottom = Math.min(this.height, bottom);
  }

  /** Moves the picture; what it leaves uncovered keeps what it was. */
  shift(dx: number, dy: number): void {
    const { data, width, height } = this;
    const count = width - Math.abs(dx);
    const rows = height - Math.abs(dy);
    const [from, to] = [Math.max(0, -dx), Math.max(0, dx)];
    for (let i = 0; i < rows; i += 1) {
      // Rows are taken in the order that never overwrites one still to be moved.
      const source = dy > 0 ? rows - 1 - i : i - dy;
      const start = source * width + from;
      data.copyWithin((source + dy) * width + to, start, start + count);
    }
  }

  /** Fills a box of whole pixels. */
  fill(left: number, top: number, right: number, bottom: number, color: Pixel): void {
    const x0 = Math.max(left, this.#left);
    const x1 = Math.min(right, this.#right);
    const y1 = Math.min(bottom, this.#bottom);
    if (x0 >= x1) return;
    const { data, width } = this;
    for (let y = Math.max(top, this.#top); y < y1; y += 1) {
      const row = y * width;
      if (x1 - x0 > LONG) data.fill(color, row + x0, row + x1);
      else for (let x = row + x0; x < row + x1; x += 1) data[x] = color;
    }
  }

  ground(left: number, top: number, right: number, bottom: number, color: Pixel, border: Pixel | null): void {
    this.fill(left, top, right, bottom, color);
    if (border === null) return;
    this.fill(left, top, right, top + 1, border);
    this.fill(left, bottom - 1, right, bottom, border);
    this.fill(left, top, left + 1, bottom, border);
    this.fill(right - 1, top, right, bottom, border);
  }

  /**
   * Fills boxes given as left, top, right, bottom in fractions of pixels; a pixel that a box covers in part takes part
   * of its colour.
   */
  blocks(boxes: Float32Array, colors: Int32Array, count: number): void {
    const [left, top, right, bottom] = [this.#left, this.#top, this.#right, this.#bottom];
    for (let i = 0; i < count; i += 1) {
      const x0 = Math.max(left, boxes[4 * i]!);
      const y0 = Math.max(top, boxes[4 * i + 1]!);
      const x1 = Math.min(right, boxes[4 * i + 2]!);
      const y1 = Math.min(bottom, boxes[4 * i + 3]!);
      if (x0 < x1 && y0 < y1) this.#block(x0, y0, x1, y1, colors[i]!);
    }
  }

  #block(x0: number, y0: number, x1: number, y1: number, color: Pixel): void {
    const { data, width } = this;
    const [first, last, end] = [x0 | 0, Math.ceil(x1) - 1, Math.ceil(y1)];
    const [under, over] = [first === last ? x1 - x0 : first + 1 - x0, x1 - last];
    for (let y = y0 | 0; y < end; y += 1) {
      const share = 256 * (Math.min(y1, y + 1) - Math.max(y0, y));
      const row = y * width;
      data[row + first] = blend(data[row + first]!, color, (under * share) | 0);
      if (first === last) continue;
      for (let x = row + first + 1; x < row + last; x += 1) data[x] = blend(data[x]!, color, share | 0);
      data[row + last] = blend(data[row + last]!, color, (over * share) | 0);
    }
  }

  copy({ x: fromX, y: fromY, w, h }: Part, x: number, y: number): void {
    const [left, right] = [Math.max(x, this.#left), Math.min(x + w, this.#right)];
    const bottom = Math.min(y + h, this.#bottom);
    const { data, width } = this;
    for (let row = Math.max(y, this.#top); row < bottom; row += 1) {
      const back = (fromY - y) * width + fromX - x;
      for (let at = row * width + left, end = row * width + right; at < end; at += 1) data[at] = data[at + back]!;
    }
  }

  /** A line one pixel wide, of which `strength` (0 to 1) shows. */
  line(x0: number, y0: number, x1: number, y1: number, color: Pixel, strength: number): void {
    const weight = (strength * 256) | 0;
    if (Math.abs(x1 - x0) < 0.5) return this.#column(x0, y0 < y1 ? y0 : y1, y0 < y1 ? y1 : y0, color, weight);
    this.#slope(x0, y0, x1, y1, color, weight);
  }

  #column(x: number, top: number, bottom: number, color: Pixel, weight: number): void {
    const column = Math.floor(x);
    if (column < this.#left || column >= this.#right) return;
    const from = Math.max(this.#top, Math.floor(top));
    const to = Math.min(this.#bottom, Math.ceil(bottom));
    const { data, width } = this;
    for (let at = from * width + column, end = to * width + column; at < end; at += width) {
      data[at] = blend(data[at]!, color, weight);
    }
  }

  #slope(x0: number, y0: number, x1: number, y1: number, color: Pixel, weight: number): void {
    const length = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
    const sx = (x1 - x0) / length;
    const sy = (y1 - y0) / length;
    // Steps outside the picture are skipped, not taken: a line may be a million pixels long.
    const first = Math.max(entry(x0, sx, this.#left, this.#right), entry(y0, sy, this.#top, this.#bottom), 0);
    const last = Math.min(exit(x0, sx, this.#left, this.#right), exit(y0, sy, this.#top, this.#bottom), length);
    const { data, width } = this;
    for (let i = Math.ceil(first); i < last; i += 1) {
      const x = Math.floor(x0 + sx * i);
      const y = Math.floor(y0 + sy * i);
      if (x < this.#left || x >= this.#right || y < this.#top || y >= this.#bottom) continue;
      const at = y * width + x;
      data[at] = blend(data[at]!, color, weight);
    }
  }
}

/** The step at which `start + step · i` comes between `low` and `high`, and the one at which it leaves. */
function entry(start: number, step: number, low: number, high: number): number {
  if (step === 0) return start >= low && start < high ? 0 : Number.POSITIVE_INFINITY;
  return ((step > 0 ? low : high) - start) / step;
}

function exit(start: number, step: number, low: number, high: number): number {
  return step === 0 ? Number.POSITIVE_INFINITY : ((step > 0 ? high : low) - start) / step;
}
