/** Draws what is near enough for words: open groups, edges, cards. */

import type { Frame } from "../scene/frame.js";
import { Accents } from "./accents.js";
import { overlaps, type Rect } from "./camera.js";
import { childRect } from "./child-rect.js";
import { EdgeStyle } from "./edge-style.js";
import { EdgePainter } from "./edges.js";
import { FramePainter } from "./frames.js";
import type { Icons } from "./icons.js";
import type { Look } from "./look.js";
import { NodePainter } from "./nodes.js";
import type { Ctx } from "./surface.js";
import { Pen } from "./text.js";

export class NearPainter {
  /** Boxes drawn. */
  nodes = 0;
  readonly #ctx: Ctx;
  readonly #look: Look;
  readonly #view: Rect;
  readonly #outer: Rect;
  readonly #shift: { readonly x: number; readonly y: number };
  readonly #pen: Pen;
  readonly #cards: NodePainter;
  readonly #frames: FramePainter;
  readonly #edges: EdgePainter;

  /**
   * `view` is what is to be painted, in the painter's units: world units from `origin` on. Far from the world's corner
   * a canvas, which counts with 24 bits, would let everything tremble.
   */
  constructor(ctx: Ctx, look: Look, scale: number, view: Rect, origin: { x: number; y: number }, icons: Icons) {
    this.#ctx = ctx;
    this.#look = look;
    this.#view = view;
    // Marks and stacks reach a little beyond their boxes.
    const margin = Math.max(14, OVERHANG / scale);
    this.#outer = { x: view.x - margin, y: view.y - margin, w: view.w + 2 * margin, h: view.h + 2 * margin };
    this.#shift = origin;
    const pen = new Pen(ctx, look.theme.font, scale);
    this.#pen = pen;
    const style = new EdgeStyle(look);
    this.#cards = new NodePainter(ctx, pen, look, scale, new Accents(look), icons);
    this.#frames = new FramePainter(ctx, pen, look, scale, style);
    this.#edges = new EdgePainter(ctx, pen, look, scale, style);
  }

  /** Paints all but texts, which `write` puts over it. */
  draw(root: Frame): void {
    this.#frame(root, { x: -this.#shift.x, y: -this.#shift.y, w: root.w, h: root.h }, 0);
  }

  /** The canvas must count in pixels of the screen now. */
  write(): void {
    this.#pen.flush();
  }

  #frame(frame: Frame, at: Rect, depth: number): void {
    const { tween, model } = this.#look;
    this.#ctx.open?.(depth > 0 ? model.labels.title(frame.item) : model.doc.model.name);
    if (depth > 0) this.#frames.ground(frame, at, depth);
    const alpha = tween ? Math.max(0, 2 * tween.t - 1) : 1;
    if (alpha > 0) this.#edges.draw(frame, at.x + frame.dx, at.y + frame.dy, this.#view, alpha);
    for (let i = 0; i < frame.boxes.length; i += 1)
      if (tween || this.#near(frame, at, i)) this.#box(frame, at, i, depth);
    if (depth > 0) this.#frames.ports(frame, at);
    this.#ctx.close?.();
  }

  #box(frame: Frame, at: Rect, i: number, depth: number): void {
    const item = frame.boxes[i]!;
    const place = childRect(frame, at, i);
    const rect = this.#look.tween ? this.#moved(item, frame, place) : place;
    if (!overlaps(rect, this.#outer)) return;
    if (overlaps(rect, this.#view)) this.nodes += 1;
    const kid = this.#look.expansion.isOpen(item) ? frame.kids[i] : null;
    if (kid) this.#frame(kid, rect, depth + 1);
    else this.#cards.draw(item, rect);
  }

  /** Whether a box may show; a flat graph asks for each of its ten thousands. */
  #near(frame: Frame, at: Rect, i: number): boolean {
    const { layout, sizes } = frame;
    const outer = this.#outer;
    const x = at.x + frame.dx + layout.x[i]!;
    if (x > outer.x + outer.w || x + sizes[2 * i]! < outer.x) return false;
    const y = at.y + frame.dy + layout.y[i]!;
    return y < outer.y + outer.h && y + sizes[2 * i + 1]! > outer.y;
  }

  /** During a change, on its way from where it (or the group it comes out of) stood. */
  #moved(item: number, frame: Frame, to: Rect): Rect {
    const tween = this.#look.tween!;
    const before = tween.before.get(item) ?? tween.before.get(frame.item);
    if (!before) return to;
    const from = { ...before, x: before.x - this.#shift.x, y: before.y - this.#shift.y };
    const t = tween.t;
    return {
      x: from.x + (to.x - from.x) * t,
      y: from.y + (to.y - from.y) * t,
      w: from.w + (to.w - from.w) * t,
      h: from.h + (to.h - from.h) * t,
    };
  }
}

/** Marks reach this many pixels beyond their boxes. */
const OVERHANG = 10;
