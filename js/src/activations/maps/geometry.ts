/** Where channels lie in the grid, in CSS pixels of the whole scrolled height. */

export const GAP = 10;
export const CAPTION = 18;
const PADDING = 8;
/** A signal of one row is drawn at least so high. */
const LEAST_SIDE = 26;

export interface Range {
  readonly start: number;
  readonly stop: number;
}

export interface Spot {
  /** Place in the order. */
  readonly position: number;
  /** Within the picture, 0 to 1. */
  readonly x: number;
  readonly y: number;
}

export class Geometry {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  readonly pictureWidth: number;
  readonly pictureHeight: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly height: number;

  /** `size`: the longer side of a picture of `mapHeight` by `mapWidth` values. */
  constructor(width: number, count: number, size: number, mapHeight: number, mapWidth: number) {
    const longer = Math.max(mapHeight, mapWidth, 1);
    this.count = count;
    this.pictureWidth = Math.max(LEAST_SIDE, Math.round((size * Math.max(mapWidth, 1)) / longer));
    this.pictureHeight = Math.max(LEAST_SIDE, Math.round((size * Math.max(mapHeight, 1)) / longer));
    this.cellWidth = Math.max(this.pictureWidth, LEAST_CELL) + GAP;
    this.cellHeight = this.pictureHeight + CAPTION + GAP;
    this.columns = Math.max(1, Math.floor((width - 2 * PADDING + GAP) / this.cellWidth));
    this.rows = Math.ceil(count / this.columns);
    this.height = this.rows * this.cellHeight + 2 * PADDING;
  }

  place(position: number): { x: number; y: number } {
    const row = Math.floor(position / this.columns);
    return { x: PADDING + (position % this.columns) * this.cellWidth, y: PADDING + row * this.cellHeight };
  }

  /** The positions that lie between two heights, whole rows. */
  between(top: number, bottom: number): Range {
    const first = Math.max(0, Math.floor((top - PADDING) / this.cellHeight));
    const last = Math.min(this.rows, Math.ceil((bottom - PADDING) / this.cellHeight));
    const start = Math.min(this.count, first * this.columns);
    return { start, stop: Math.max(start, Math.min(this.count, last * this.columns)) };
  }

  /** What lies at a point; null: nothing. The caption belongs to its picture. */
  at(x: number, y: number): Spot | null {
    const [column, row] = [Math.floor((x - PADDING) / this.cellWidth), Math.floor((y - PADDING) / this.cellHeight)];
    const position = row * this.columns + column;
    if (column < 0 || column >= this.columns || row < 0 || position >= this.count) return null;
    const corner = this.place(position);
    const [dx, dy] = [x - corner.x, y - corner.y];
    const inside = dx <= this.pictureWidth && dy <= this.pictureHeight + CAPTION;
    return inside ? { position, x: dx / this.pictureWidth, y: dy / this.pictureHeight } : null;
  }

  /** The scroll position that brings a row to the top. */
  topOf(position: number): number {
    return this.place(position).y - PADDING;
  }
}

/** Room for a caption. */
const LEAST_CELL = 44;

/**
 * The positions to load, what is on screen first, then what the reader moves towards, then what lies behind. `screens`
 * is how far ahead; at most one of them is loaded behind.
 */
export function loadOrder(visible: Range, count: number, forward: boolean, screens: number): number[] {
  const length = visible.stop - visible.start;
  const behind = Math.min(1, screens);
  const after = span(visible.stop, Math.min(count, visible.stop + (forward ? screens : behind) * length));
  const before = span(Math.max(0, visible.start - (forward ? behind : screens) * length), visible.start).reverse();
  return [...span(visible.start, visible.stop), ...(forward ? [...after, ...before] : [...before, ...after])];
}

function span(start: number, stop: number): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
}
