/** Boxes taken down one after the other, to be painted together; kept from picture to picture. */

import type { Pixel } from "./color.js";

/** Boxes that there is room for at first. */
const ROOM = 8192;

export class Batch {
  /** Left, top, right, bottom of each box. */
  boxes = new Float32Array(4 * ROOM);
  colors = new Int32Array(ROOM);
  count = 0;

  /** Makes room for some more boxes. */
  reserve(more: number): void {
    if (this.count + more <= this.colors.length) return;
    const size = Math.max(2 * this.colors.length, this.count + more);
    const { boxes, colors } = this;
    this.boxes = new Float32Array(4 * size);
    this.boxes.set(boxes);
    this.colors = new Int32Array(size);
    this.colors.set(colors);
  }

  add(left: number, top: number, right: number, bottom: number, color: Pixel): void {
    this.reserve(1);
    const at = 4 * this.count;
    this.boxes[at] = left;
    this.boxes[at + 1] = top;
    this.boxes[at + 2] = right;
    this.boxes[at + 3] = bottom;
    this.colors[this.count] = color;
    this.count += 1;
  }
}
