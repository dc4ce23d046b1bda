/** Draws what is too far away for words: boxes as blocks of colour, edges as hairlines. */

import { GAP } from "../layout/types.js";
import type { Frame } from "../scene/frame.js";
import { FRAME } from "../scene/sizes.js";
import type { Batch } from "./batch.js";
import type { Pixel } from "./color.js";
import { EdgeStyle } from "./edge-style.js";
import type { ItemPixels } from "./item-pixels.js";
import type { Look } from "./look.js";
import { boxItem, firstLeaf, MOST_STAMPED, type Stamp, stampOf } from "./stamps.js";

/** A part of a picture, in whole pixels. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** What blocks and hairlines are put on, in device pixels: an array of pixels, or an SVG file. */
export interface BlockTarget {
  /** What is outside this need not be told to it. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Fills a box of whole pixels, with a border one pixel wide if any. */
  ground(left: number, top: number, right: number, bottom: number, color: Pixel, border: Pixel | null): void;
  /** The first `count` boxes, each left, top, right, bottom. */
  blocks(boxes: Float32Array, colors: Int32Array, count: number): void;
  line(x0: number, y0: number, x1: number, y1: number, color: Pixel, strength: number): void;
  /** Repeats a part of the picture elsewhere in it, all in whole pixels. */
  copy?(part: Part, x: number, y: number): void;
}

/** Ranks closer than this on screen leave no room for edges, and groups are drawn from their stamps. */
const RANKS_APART = 1.2;
const EDGE_STRENGTH = 0.5;
/** Edges of the outermost level tell how the parts hang together even where they are short. */
const FEW_EDGES = 500;
/** An open group smaller than this has no border, one smaller still no ground. */
const BORDERED = 14;
const GROUNDED = 5;
/** Where boxes are flatter than half of this, in device pixels, one stands for several. */
const THINNEST = 1;
const OP_HEIGHT = 42;

export class FarPainter {
  /** Boxes drawn. */
  nodes = 0;
  readonly #target: BlockTarget;
  readonly #look: Look;
  readonly #colors: ItemPixels;
  readonly #zoom: number;
  readonly #apart: boolean;
  readonly #nest: readonly [Pixel, Pixel];
  readonly #border: Pixel;
  readonly #line: Pixel;
  readonly #strong: Pixel;
  readonly #style: EdgeStyle;
  /** Boxes cover nothing but grounds and edges: all are painted together at the end. */
  readonly #batch: Batch;
  readonly #stride: number;
  /** Where in the picture a group of each shape stands already, and what colours it has. */
  readonly #drawn = new Map<Stamp, { readonly key: number; readonly part: Part }>();

  /** `zoom`: device pixels to a world unit. */
  constructor(target: BlockTarget, look: Look, colors: ItemPixels, batch: Batch, zoom: number, ratio: number) {
    const { theme } = look;
    this.#target = target;
    this.#batch = batch;
    this.#stride = Math.max(1, Math.floor(THINNEST / (OP_HEIGHT * zoom)));
    this.#look = look;
    this.#colors = colors;
    this.#zoom = zoom;
    this.#apart = (GAP.rank * zoom) / ratio >= RANKS_APART;
    this.#nest = [colors.color(theme.nest[0]), colors.color(theme.nest[1])];
    this.#border = colors.color(theme.border);
    this.#line = colors.color(theme.faint);
    this.#strong = colors.color(theme.brand);
    this.#style = new EdgeStyle(look);
  }

  /** (`x`, `y`): the upper left corner of the frame in device pixels. */
  draw(frame: Frame, x: number, y: number): void {
    this.#batch.count = 0;
    this.#frame(frame, x, y, 0);
    this.#flush();
  }

  #flush(): void {
    const batch = this.#batch;
    this.#target.blocks(batch.boxes, batch.colors, batch.count);
    batch.count = 0;
  }

  #frame(frame: Frame, x: number, y: number, depth: number): void {
    const zoom = this.#zoom;
    if (!this.#apart && depth > 0 && frame.nodes <= MOST_STAMPED) {
      return this.#stamp(frame, Math.round(x), Math.round(y), depth);
    }
    if (depth > 0) this.#ground(x, y, x + frame.w * zoom, y + frame.h * zoom, depth);
    if (this.#apart || (depth === 0 && frame.edges.count < FEW_EDGES)) this.#edges(frame, x, y);
    const { layout, sizes, boxes } = frame;
    for (let i = 0; i < boxes.length; i += 1) {
      const left = x + (frame.dx + layout.x[i]!) * zoom;
      const top = y + (frame.dy + layout.y[i]!) * zoom;
      const right = left + sizes[2 * i]! * zoom;
      const bottom = top + sizes[2 * i + 1]! * zoom;
      if (!this.#inView(left, top, right, bottom)) continue;
      this.nodes += 1;
      const kid = this.#look.expansion.isOpen(boxes[i]!) ? frame.kids[i] : null;
      if (kid) this.#frame(kid, left, top, depth + 1);
      else this.#batch.add(left, top, right, bottom, this.#colors.item(boxes[i]!));
    }
  }

  #inView(left: number, top: number, right: number, bottom: number): boolean {
    const target = this.#target;
    return left < target.right && right > target.left && top < target.bottom && bottom > target.top;
  }

  /** On whole pixels, so that the first of many equal groups can be copied for the others. */
  #stamp(frame: Frame, x: number, y: number, depth: number): void {
    const stamp = stampOf(this.#look, frame);
    const base = firstLeaf(this.#look, frame);
    const part = { x, y, w: Math.round(frame.w * this.#zoom), h: Math.round(frame.h * this.#zoom) };
    const key = 2 * this.#colors.signature(frame.item, stamp, base) + (depth % 2);
    const model = this.#drawn.get(stamp);
    this.nodes += stamp.leaf.length + stamp.depth.length;
    if (model && model.key === key && this.#target.copy) return this.#target.copy(model.part, x, y);
    this.#grounds(stamp, frame, x, y, depth);
    this.#blocks(stamp, base, x, y);
    if (!this.#target.copy || !this.#holds(part)) return;
    this.#flush();
    this.#drawn.set(stamp, { key, part });
  }

  #holds({ x, y, w, h }: Part): boolean {
    const target = this.#target;
    return x >= target.left && y >= target.top && x + w <= target.right && y + h <= target.bottom;
  }

  #grounds({ groups, depth: depths }: Stamp, frame: Frame, x: number, y: number, depth: number): void {
    const zoom = this.#zoom;
    this.#ground(x, y, x + frame.w * zoom, y + frame.h * zoom, depth);
    for (let i = 0; i < depths.length; i += 1) {
      const at = 4 * i;
      const left = x + groups[at]! * zoom;
      const top = y + groups[at + 1]! * zoom;
      this.#ground(left, top, x + groups[at + 2]! * zoom, y + groups[at + 3]! * zoom, depth + depths[i]!);
    }
  }

  #blocks({ boxes, leaf, climb }: Stamp, base: number, x: number, y: number): void {
    const { tree } = this.#look.model;
    const batch = this.#batch;
    const zoom = this.#zoom;
    const stride = this.#stride;
    const colors = this.#colors;
    batch.reserve(leaf.length);
    let count = batch.count;
    for (let i = 0; i < leaf.length; i += stride) {
      const [at, to] = [4 * i, 4 * count];
      const top = boxes[at + 1]!;
      const left = x + boxes[at]! * zoom;
      batch.boxes[to] = left;
      batch.boxes[to + 1] = y + top * zoom;
      batch.boxes[to + 2] = Math.max(left + 1, x + boxes[at + 2]! * zoom);
      batch.boxes[to + 3] = y + (top + (boxes[at + 3]! - top) * stride) * zoom;
      batch.colors[count] = colors.item(boxItem(tree, base + leaf[i]!, climb[i]!));
      count += 1;
    }
    batch.count = count;
  }

  /** The ground of an open group, on whole pixels so that it stays crisp. */
  #ground(left: number, top: number, right: number, bottom: number, depth: number): void {
    const size = Math.min(right - left, bottom - top);
    if (size < GROUNDED || !this.#inView(left, top, right, bottom)) return;
    const x0 = Math.round(left);
    const y0 = Math.round(top);
    const x1 = Math.round(right);
    const y1 = Math.round(bottom);
    this.#target.ground(x0, y0, x1, y1, this.#nest[(depth + 1) % 2]!, size < BORDERED ? null : this.#border);
  }

  #edges(frame: Frame, x: number, y: number): void {
    const zoom = this.#zoom;
    const ox = x + frame.dx * zoom;
    const oy = y + frame.dy * zoom;
    const { bounds, edges, layout } = frame;
    for (let e = 0; e < edges.count; e += 1) {
      if (layout.stub[e]) continue;
      const at = 4 * e;
      const left = ox + bounds[at]! * zoom - 1;
      const top = oy + bounds[at + 1]! * zoom - 1;
      if (!this.#inView(left, top, ox + bounds[at + 2]! * zoom + 1, oy + bounds[at + 3]! * zoom + 1)) continue;
      this.#course(frame, e, ox, oy);
    }
  }

  #course(frame: Frame, e: number, ox: number, oy: number): void {
    const { points, start } = frame.layout;
    const zoom = this.#zoom;
    const strong = this.#look.emphasis?.edges === true && this.#style.strong(frame, e);
    const strength = strong ? 1 : this.#look.emphasis ? EDGE_STRENGTH / 2 : EDGE_STRENGTH;
    const color = strong ? this.#strong : this.#line;
    const n = frame.boxes.length;
    let i = start[e]!;
    let x0 = ox + points[2 * i]! * zoom;
    let y0 = oy + points[2 * i + 1]! * zoom;
    // Border points stand a little inside the frame.
    if (frame.edges.from[e]! >= n) this.#target.line(x0, y0 - FRAME.inner * zoom, x0, y0, color, strength);
    for (i += 1; i < start[e + 1]!; i += 1) {
      const x1 = ox + points[2 * i]! * zoom;
      const y1 = oy + points[2 * i + 1]! * zoom;
      this.#target.line(x0, y0, x1, y1, color, strength);
      x0 = x1;
      y0 = y1;
    }
    if (frame.edges.to[e]! >= n) this.#target.line(x0, y0, x0, y0 + FRAME.inner * zoom, color, strength);
  }
}
