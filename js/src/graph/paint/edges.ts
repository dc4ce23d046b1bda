/** Draws the edges of one open group: width by bytes, colour by precision, skips dashed, hubs as stubs. */

import { format } from "../../data/index.js";
import { clean } from "../model/labels.js";
import type { Frame } from "../scene/frame.js";
import type { Rect } from "./camera.js";
import { EDGE_MARGIN, traceCourse, type Window } from "./course.js";
import { type EdgeStyle, largestEdge } from "./edge-style.js";
import type { Look } from "./look.js";
import { QUADRATIC } from "./palette.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox } from "./text.js";

/** Zoom from which arrow heads, the names of stubs, marks on edges and tensor shapes show. */
const ARROWS = 0.3;
const STUB_NAMES = 0.55;
const MARKS = 0.5;
const SHAPES = 1.15;
/** Below this zoom a hub's readers show no stub. */
const STUBS = 0.22;
const STUB = 16;
/** What is neither strong nor on the way that stands out keeps this much of its strength. */
const PALE = 0.22;
const DASH: readonly number[] = [6, 4];
const HALO = 7;

export { traceCourse } from "./course.js";

/** A frame, and what of it is visible. */
interface Place extends Window {
  readonly frame: Frame;
}

export class EdgePainter {
  readonly #ctx: Ctx;
  readonly #pen: Pen;
  readonly #look: Look;
  readonly #scale: number;
  readonly #style: EdgeStyle;

  constructor(ctx: Ctx, pen: Pen, look: Look, scale: number, style: EdgeStyle) {
    this.#ctx = ctx;
    this.#pen = pen;
    this.#look = look;
    this.#scale = scale;
    this.#style = style;
  }

  /** `x`, `y`: where the layout of the frame begins; `view`: what is visible, in world units. */
  draw(frame: Frame, x: number, y: number, view: Rect, alpha: number): void {
    const place = { frame, x, y, view: { ...view, x: view.x - x, y: view.y - y } };
    for (let e = 0; e < frame.edges.count; e += 1) if (inView(place, e)) this.#edge(place, e, alpha);
    if (this.#scale >= MARKS) this.#marks(place, alpha);
    if (this.#scale >= SHAPES) this.#shapes(place, alpha);
    this.#ctx.globalAlpha = 1;
  }

  #edge(place: Place, e: number, alpha: number): void {
    const { frame } = place;
    const tensor = frame.edges.tensor[e]!;
    const strong = this.#style.strong(frame, e);
    const pale = !strong && this.#style.pale(frame, e);
    const solid = this.#look.theme.contrast !== "normal";
    const quiet = this.#look.model.isShapeData(tensor) && !solid && !strong;
    this.#ctx.globalAlpha = alpha * (pale ? PALE : quiet ? 0.6 : 1);
    const color = strong ? this.#look.theme.brand : this.#style.color(tensor);
    if (frame.layout.stub[e]) this.#stub(place, e, color);
    else this.#course(place, e, color, strong);
  }

  #course(place: Place, e: number, color: string, strong: boolean): void {
    const ctx = this.#ctx;
    const { frame } = place;
    const tensor = frame.edges.tensor[e]!;
    const width = this.#style.width(tensor) + (strong ? 1.2 : 0);
    if (this.#style.quadratic(tensor)) this.#halo(place, e, width);
    ctx.strokeStyle = color;
    ctx.lineWidth = Math.max(width, 0.9 / this.#scale);
    const dashed = frame.skip[e] === 1;
    if (dashed) ctx.setLineDash(DASH as number[]);
    ctx.beginPath();
    traceCourse(ctx, place.frame, e, place, dashed);
    ctx.stroke();
    if (dashed) ctx.setLineDash([]);
    if (this.#scale >= ARROWS && frame.edges.to[e]! < frame.boxes.length && frame.edges.toPort[e] === -1) {
      arrow(ctx, place, e, color, width);
    }
  }

  /** A broad pale band under edges that grow with the square of the sequence length. */
  #halo(place: Place, e: number, width: number): void {
    const ctx = this.#ctx;
    const alpha = ctx.globalAlpha;
    const { theme } = this.#look;
    ctx.globalAlpha = alpha * (theme.contrast === "normal" ? 0.26 : 0.5);
    ctx.strokeStyle = theme.contrast === "forced" ? theme.brand : theme.dark ? QUADRATIC.dark : QUADRATIC.light;
    ctx.lineWidth = Math.max(width + HALO, 3 / this.#scale);
    ctx.beginPath();
    traceCourse(ctx, place.frame, e, place);
    ctx.stroke();
    ctx.globalAlpha = alpha;
  }

  /** A hub's edges are not drawn across the group: each reader shows a short line with the name it comes from. */
  #stub({ frame, x, y, view }: Place, e: number, color: string): void {
    if (this.#scale < STUBS) return;
    const { points, start } = frame.layout;
    const at = 2 * start[e]!;
    const [fx, fy] = [points[at]!, points[at + 1]!];
    const [tx, ty] = [points[at + 2]!, points[at + 3]!];
    const ctx = this.#ctx;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = 1.2;
    // The ends lie far apart, and thousands of stubs share a source: each end is drawn where it can be seen.
    if (near(view, fx, fy)) {
      ctx.beginPath();
      ctx.moveTo(x + fx, y + fy);
      ctx.lineTo(x + fx, y + fy + STUB * 0.6);
      ctx.stroke();
      dot(ctx, x + fx, y + fy + STUB * 0.6, 2.4);
    }
    if (!near(view, tx, ty)) return;
    const [side, foot] = [x + tx + 22, y + ty];
    ctx.beginPath();
    ctx.moveTo(side, foot - STUB);
    ctx.quadraticCurveTo(side, foot - 4, side - 6, foot);
    ctx.stroke();
    dot(ctx, side, foot - STUB, 2.4);
    if (this.#scale >= STUB_NAMES) this.#stubName(frame.edges.tensor[e]!, side + 5, foot - STUB);
  }

  #stubName(tensor: number, x: number, y: number): void {
    const name = clean(this.#look.model.doc.tensors.text("name")?.at(tensor) ?? "");
    const short = name.slice(name.lastIndexOf("/") + 1);
    this.#pen.write(short, x, y, 84, { size: 9, weight: 400, color: this.#look.theme.faint });
  }

  /** Words on the edges that matter: the largest of the group, those of attention, and where the precision changes. */
  #marks(place: Place, alpha: number): void {
    const { frame } = place;
    const big = largestEdge(frame, (tensor) => this.#style.bytes(tensor));
    const marked = new Set<number>();
    this.#ctx.globalAlpha = alpha;
    for (let e = 0; e < frame.edges.count; e += 1) {
      const tensor = frame.edges.tensor[e]!;
      const quadratic = this.#style.quadratic(tensor);
      const change = this.#style.change(tensor);
      const said = marked.has(tensor) || (!quadratic && change === "");
      if ((e !== big && said) || frame.layout.stub[e] || !inView(place, e)) continue;
      marked.add(tensor);
      const bytes = format.bytes(this.#style.bytes(tensor) ?? 0);
      const words = [quadratic ? "seq²" : "", e === big ? `largest ${bytes}` : "", change].filter(Boolean).join(" · ");
      this.#mark(place, e, words, quadratic);
    }
  }

  #mark(place: Place, e: number, words: string, quadratic: boolean): void {
    const ctx = this.#ctx;
    const { theme } = this.#look;
    const { points, start } = place.frame.layout;
    const first = 2 * start[e]!;
    const size = Math.max(8.5, Math.min(12, 7.5 / this.#scale));
    const width = this.#pen.width(words, size, 600) + 10;
    const height = size * 1.55;
    const right = place.x + points[first]! - 7;
    const middle = place.y + points[first + 1]! + (place.frame.edges.from[e]! < place.frame.boxes.length ? 13 : 4);
    roundBox(ctx, right - width, middle - height / 2, width, height, height / 2);
    ctx.fillStyle = theme.card;
    ctx.fill();
    const color = quadratic ? (theme.dark ? QUADRATIC.dark : QUADRATIC.light) : theme.strong;
    ctx.strokeStyle = theme.contrast === "forced" ? theme.text : color;
    ctx.lineWidth = 1;
    ctx.stroke();
    const ink = theme.contrast !== "normal" || !quadratic ? theme.text : color;
    this.#pen.write(words, right - 5, middle + 0.5, width, { size, weight: 600, color: ink, align: "right" });
  }

  #shapes(place: Place, alpha: number): void {
    const { frame } = place;
    const { model, theme } = this.#look;
    this.#ctx.globalAlpha = alpha;
    const labelled = new Set<number>();
    for (let e = 0; e < frame.edges.count; e += 1) {
      const tensor = frame.edges.tensor[e]!;
      if (frame.layout.stub[e] || labelled.has(tensor) || !inView(place, e)) continue;
      labelled.add(tensor);
      const { points, start } = frame.layout;
      const first = 2 * start[e]!;
      const [x, y] = [place.x + points[first]! + 5, place.y + points[first + 3]! + 9];
      this.#pen.write(model.labels.tensorShape(tensor), x, y, 130, { size: 8.5, weight: 400, color: theme.faint });
    }
  }
}

function inView({ frame, view }: Place, e: number): boolean {
  const b = frame.bounds;
  return (
    b[4 * e]! - EDGE_MARGIN < view.x + view.w &&
    b[4 * e + 2]! + EDGE_MARGIN > view.x &&
    b[4 * e + 1]! - EDGE_MARGIN < view.y + view.h &&
    b[4 * e + 3]! + EDGE_MARGIN > view.y
  );
}

function near(view: Rect, x: number, y: number): boolean {
  return (
    x + 2 * EDGE_MARGIN > view.x &&
    x - EDGE_MARGIN < view.x + view.w &&
    y + EDGE_MARGIN > view.y &&
    y - EDGE_MARGIN < view.y + view.h
  );
}

function arrow(ctx: Ctx, { frame, x: left, y: above }: Place, e: number, color: string, width: number): void {
  const { points, start, rank } = frame.layout;
  const last = 2 * (start[e + 1]! - 1);
  const [x, y] = [left + points[last]!, above + points[last + 1]!];
  const up = rank[frame.edges.to[e]!]! < rank[frame.edges.from[e]!]!;
  const size = (4 + width * 0.8) * (up ? -1 : 1);
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(x, y + Math.sign(size) * 0.5);
  ctx.lineTo(x - Math.abs(size) * 0.75, y - size * 1.35);
  ctx.lineTo(x + Math.abs(size) * 0.75, y - size * 1.35);
  ctx.fill();
}

function dot(ctx: Ctx, x: number, y: number, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}
