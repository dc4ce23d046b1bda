/** Draws the edges of one open group: width by bytes, colour by precision, skips dashed, hubs as stubs. */

import { TURN } from "../layout/columns.js";
import type { Frame } from "../scene/frame.js";
import { FRAME } from "../scene/sizes.js";
import type { Rect } from "./camera.js";
import type { Look } from "./look.js";
import { precision } from "./palette.js";

type Ctx = CanvasRenderingContext2D;

/** Zoom from which arrow heads and tensor shapes show. */
const ARROWS = 0.3;
const SHAPES = 1.15;
/** Below this zoom edges are hairlines without curves. */
const HAIR = 0.16;
const STUB = 16;
/** Bends, names and arrow heads reach this far beyond the points of a course. */
const MARGIN = 50;

export class EdgePainter {
  readonly #ctx: Ctx;
  readonly #look: Look;
  readonly #scale: number;

  constructor(ctx: Ctx, look: Look, scale: number) {
    this.#ctx = ctx;
    this.#look = look;
    this.#scale = scale;
  }

  /** `x`, `y`: where the layout of the frame begins; `view`: what is visible, in world units. */
  draw(frame: Frame, x: number, y: number, view: Rect, alpha: number): void {
    const ctx = this.#ctx;
    ctx.save();
    ctx.translate(x, y);
    const local = { ...view, x: view.x - x, y: view.y - y };
    if (this.#scale < HAIR) this.#hairlines(frame, local, alpha);
    else this.#courses(frame, local, alpha);
    ctx.restore();
    ctx.globalAlpha = 1;
  }

  #hairlines(frame: Frame, view: Rect, alpha: number): void {
    const ctx = this.#ctx;
    ctx.globalAlpha = alpha * 0.55;
    ctx.strokeStyle = this.#look.theme.faint;
    ctx.lineWidth = 1 / this.#scale;
    ctx.beginPath();
    const { points, start } = frame.layout;
    for (let e = 0; e < frame.edges.count; e += 1) {
      if (frame.layout.stub[e] || !inView(frame, e, view, 1)) continue;
      ctx.moveTo(points[2 * start[e]!]!, points[2 * start[e]! + 1]!);
      for (let i = start[e]! + 1; i < start[e + 1]!; i += 1) ctx.lineTo(points[2 * i]!, points[2 * i + 1]!);
    }
    ctx.stroke();
  }

  #courses(frame: Frame, view: Rect, alpha: number): void {
    for (let e = 0; e < frame.edges.count; e += 1) {
      if (!inView(frame, e, view, MARGIN)) continue;
      this.#ctx.globalAlpha = alpha * (this.#look.model.isShapeData(frame.edges.tensor[e]!) ? 0.6 : 1);
      if (frame.layout.stub[e]) this.#stub(frame, e);
      else this.#course(frame, e);
    }
    if (this.#scale >= SHAPES) this.#shapes(frame, view, alpha);
  }

  #course(frame: Frame, e: number): void {
    const ctx = this.#ctx;
    const strong = this.#emphasised(frame, e);
    const color = strong ? this.#look.theme.brand : this.#color(frame, e);
    const width = this.#width(frame, e) + (strong ? 1 : 0);
    ctx.strokeStyle = color;
    ctx.lineWidth = Math.max(width, 0.9 / this.#scale);
    if (frame.skip[e]) ctx.setLineDash([6, 4]);
    ctx.beginPath();
    traceCourse(ctx, frame, e);
    ctx.stroke();
    if (frame.skip[e]) ctx.setLineDash([]);
    if (this.#scale >= ARROWS && frame.edges.to[e]! < frame.boxes.length && frame.edges.toPort[e] === -1) {
      arrow(ctx, frame, e, color, width);
    }
  }

  #emphasised(frame: Frame, e: number): boolean {
    const { hoverEdge, selected } = this.#look;
    if (hoverEdge?.item === frame.item && hoverEdge.edge === e) return true;
    if (selected.size === 0 || selected.size > 64) return false;
    const [from, to] = [frame.boxes[frame.edges.from[e]!], frame.boxes[frame.edges.to[e]!]];
    return (from !== undefined && selected.has(from)) || (to !== undefined && selected.has(to));
  }

  #color(frame: Frame, e: number): string {
    const dtype = this.#look.model.doc.tensors.text("dtype")?.at(frame.edges.tensor[e]!) ?? null;
    return precision(dtype, this.#look.theme.dark).color;
  }

  /** One unit per decade or so: 1 kB is thin, 1 GB is thick. */
  #width(frame: Frame, e: number): number {
    const nbytes = this.#look.model.doc.tensors.numeric("nbytes")?.at(frame.edges.tensor[e]!) ?? null;
    return nbytes === null ? 1.2 : Math.max(1, Math.min(5, 1 + 0.55 * (Math.log10(Math.max(nbytes, 1)) - 3)));
  }

  /** A hub's edges are not drawn across the group: each reader shows a short line with the name it comes from. */
  #stub(frame: Frame, e: number): void {
    const ctx = this.#ctx;
    const { points, start } = frame.layout;
    const at = 2 * start[e]!;
    const [fx, fy, tx, ty] = [points[at]!, points[at + 1]!, points[at + 2]!, points[at + 3]!];
    const color = this.#emphasised(frame, e) ? this.#look.theme.brand : this.#color(frame, e);
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = 1.2;
    const side = tx + 22;
    ctx.beginPath();
    ctx.moveTo(fx, fy);
    ctx.lineTo(fx, fy + STUB * 0.6);
    ctx.moveTo(side, ty - STUB);
    ctx.quadraticCurveTo(side, ty - 4, side - 6, ty);
    ctx.stroke();
    dot(ctx, fx, fy + STUB * 0.6, 2.4);
    dot(ctx, side, ty - STUB, 2.4);
    if (this.#scale > 0.55) this.#stubName(frame, e, side + 5, ty - STUB);
  }

  #stubName(frame: Frame, e: number, x: number, y: number): void {
    const ctx = this.#ctx;
    ctx.font = `400 9px ${this.#look.theme.font}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.fillStyle = this.#look.theme.faint;
    const name = this.#look.model.doc.tensors.text("name")?.at(frame.edges.tensor[e]!) ?? "";
    ctx.fillText(name.length > 14 ? `${name.slice(0, 13)}…` : name, x, y);
  }

  #shapes(frame: Frame, view: Rect, alpha: number): void {
    const ctx = this.#ctx;
    ctx.font = `400 8.5px ${this.#look.theme.font}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.fillStyle = this.#look.theme.faint;
    ctx.globalAlpha = alpha;
    const labelled = new Set<number>();
    for (let e = 0; e < frame.edges.count; e += 1) {
      const tensor = frame.edges.tensor[e]!;
      if (frame.layout.stub[e] || labelled.has(tensor) || !inView(frame, e, view, MARGIN)) continue;
      labelled.add(tensor);
      const { points, start } = frame.layout;
      const first = 2 * start[e]!;
      ctx.fillText(this.#look.model.labels.tensorShape(tensor), points[first]! + 5, points[first + 3]! + 9);
    }
  }
}

function inView(frame: Frame, e: number, view: Rect, margin: number): boolean {
  const b = frame.bounds;
  return (
    b[4 * e]! - margin < view.x + view.w &&
    b[4 * e + 2]! + margin > view.x &&
    b[4 * e + 1]! - margin < view.y + view.h &&
    b[4 * e + 3]! + margin > view.y
  );
}

/** Points come in pairs: straight through a rank, curved between ranks. */
export function traceCourse(ctx: Ctx, frame: Frame, e: number): void {
  const { points, start } = frame.layout;
  const first = start[e]!;
  const n = frame.boxes.length;
  // Border points stand a little inside the frame: lines go on to the title bar and the lower border.
  if (frame.edges.from[e]! >= n) ctx.moveTo(points[2 * first]!, points[2 * first + 1]! - FRAME.inner);
  else ctx.moveTo(points[2 * first]!, points[2 * first + 1]!);
  for (let i = first + 1; i < start[e + 1]!; i += 1) {
    const [x0, y0, x1, y1] = [points[2 * i - 2]!, points[2 * i - 1]!, points[2 * i]!, points[2 * i + 1]!];
    if ((i - first) % 2 === 1 || x0 === x1) {
      ctx.lineTo(x1, y1);
      continue;
    }
    // Points of equal height are the bend from a column into the gutter beside it, or back.
    const middle = y0 === y1 ? y0 + turn(points, i) : (y0 + y1) / 2;
    ctx.bezierCurveTo(x0, middle, x1, middle, x1, y1);
  }
  const last = 2 * start[e + 1]! - 2;
  if (frame.edges.to[e]! >= n) ctx.lineTo(points[last]!, points[last + 1]! + FRAME.inner);
}

/** Downwards where the line before goes down, upwards where it goes up. */
function turn(points: Float64Array, i: number): number {
  return points[2 * i - 1]! >= points[2 * i - 3]! ? TURN * 1.6 : -TURN * 1.6;
}

function arrow(ctx: Ctx, frame: Frame, e: number, color: string, width: number): void {
  const { points, start } = frame.layout;
  const last = 2 * (start[e + 1]! - 1);
  const [x, y] = [points[last]!, points[last + 1]!];
  const { rank } = frame.layout;
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
