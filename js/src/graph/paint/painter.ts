/** Draws a scene: walks the open groups, skips what is off screen, leaves out what is too small to see. */

import { GAP } from "../layout/types.js";
import { RUN } from "../model/tree.js";
import type { Frame } from "../scene/frame.js";
import { FRAME } from "../scene/sizes.js";
import { type Camera, overlaps, type Rect } from "./camera.js";
import { EdgePainter } from "./edges.js";
import type { Look } from "./look.js";
import { chevron, groupCost, type Ink, inkOn, NodePainter } from "./nodes.js";
import { precision } from "./palette.js";
import { drawText, roundBox } from "./text.js";

/** An open group smaller than this on screen is a plain block. */
const SMALLEST_FRAME = 14;
/** Mean height of boxes on screen below which a group is drawn as its colours, not as its boxes. */
const SMALLEST_BOX = 1.3;

/** A canvas to paint on, in CSS pixels, with `ratio` device pixels to each. */
export interface Surface {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** An open group smaller than this on screen has no rounded corners and no border. */
const PLAIN_FRAME = 60;

export class Painter {
  readonly #icons = new Map<string, Path2D>();

  /** Returns how many nodes are in view. */
  paint(ctx: CanvasRenderingContext2D, root: Frame, look: Look, surface: Surface): number {
    const { camera, width, height, ratio } = surface;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = look.theme.background;
    ctx.fillRect(0, 0, width, height);
    const zoom = ratio * camera.scale;
    ctx.setTransform(zoom, 0, 0, zoom, -camera.x * zoom, -camera.y * zoom);
    const view = { x: camera.x, y: camera.y, w: width / camera.scale, h: height / camera.scale };
    const pass = new Pass(ctx, look, camera.scale, view, this.#icons);
    pass.frame(root, { x: 0, y: 0, w: root.w, h: root.h }, 0);
    return pass.nodes;
  }
}

/** The box a child takes in its frame, in world units; `at` is where the frame stands. */
export function childRect(frame: Frame, at: Rect, i: number): Rect {
  const { layout, sizes } = frame;
  return {
    x: at.x + frame.dx + layout.x[i]!,
    y: at.y + frame.dy + layout.y[i]!,
    w: sizes[2 * i]!,
    h: sizes[2 * i + 1]!,
  };
}

class Pass {
  nodes = 0;
  readonly #ctx: CanvasRenderingContext2D;
  readonly #look: Look;
  readonly #scale: number;
  readonly #view: Rect;
  readonly #cards: NodePainter;
  readonly #edges: EdgePainter;

  constructor(ctx: CanvasRenderingContext2D, look: Look, scale: number, view: Rect, icons: Map<string, Path2D>) {
    this.#ctx = ctx;
    this.#look = look;
    this.#scale = scale;
    this.#view = view;
    this.#cards = new NodePainter(ctx, look, scale, icons);
    this.#edges = new EdgePainter(ctx, look, scale);
  }

  frame(frame: Frame, at: Rect, depth: number): void {
    if (depth > 0) this.#container(frame, at, depth);
    if (this.#tiny(frame, at)) return this.#mosaic(frame, at);
    const tween = this.#look.tween;
    const alpha = tween ? Math.max(0, 2 * tween.t - 1) : 1;
    if (alpha > 0 && this.#showsEdges(frame, depth))
      this.#edges.draw(frame, at.x + frame.dx, at.y + frame.dy, this.#view, alpha);
    for (let i = 0; i < frame.boxes.length; i += 1) this.#box(frame, at, i, depth);
    if (depth > 0) this.#ports(frame, at);
  }

  #box(frame: Frame, at: Rect, i: number, depth: number): void {
    const item = frame.boxes[i]!;
    const rect = this.#moved(item, frame, childRect(frame, at, i));
    if (!overlaps(rect, this.#view)) return;
    this.nodes += 1;
    const kid = frame.kids[i];
    if (!kid) this.#cards.draw(item, rect);
    else if (Math.min(rect.w, rect.h) * this.#scale < SMALLEST_FRAME) this.#cards.draw(item, rect);
    else this.frame(kid, rect, depth + 1);
  }

  /** During a change, on its way from where it (or the group it comes out of) stood. */
  #moved(item: number, frame: Frame, to: Rect): Rect {
    const { tween } = this.#look;
    if (!tween) return to;
    const from = tween.before.get(item) ?? tween.before.get(frame.item) ?? to;
    const t = tween.t;
    return {
      x: from.x + (to.x - from.x) * t,
      y: from.y + (to.y - from.y) * t,
      w: from.w + (to.w - from.w) * t,
      h: from.h + (to.h - from.h) * t,
    };
  }

  /** Where ranks lie closer than a pixel edges are a grey haze that costs more than all the rest. */
  #showsEdges(frame: Frame, depth: number): boolean {
    if (GAP.rank * this.#scale >= 1.2) return true;
    return depth === 0 && frame.edges.count < 500;
  }

  #tiny(frame: Frame, at: Rect): boolean {
    const boxes = frame.boxes.length;
    return boxes > 4 && Math.sqrt((at.w * at.h) / boxes) * this.#scale < SMALLEST_BOX;
  }

  /** Too small for boxes: one tint. */
  #mosaic(frame: Frame, at: Rect): void {
    this.#ctx.globalAlpha = 0.6;
    this.#ctx.fillStyle = this.#look.coloring?.color(frame.item) ?? this.#cards.accent(frame.item);
    this.#ctx.fillRect(at.x, at.y, at.w, at.h);
    this.#ctx.globalAlpha = 1;
  }

  #container(frame: Frame, at: Rect, depth: number): void {
    const ctx = this.#ctx;
    const { theme } = this.#look;
    const small = Math.min(at.w, at.h) * this.#scale < PLAIN_FRAME;
    ctx.fillStyle = theme.nest[(depth + 1) % 2]!;
    if (small) ctx.fillRect(at.x, at.y, at.w, at.h);
    else {
      roundBox(ctx, at.x, at.y, at.w, at.h, 10);
      ctx.fill();
      ctx.strokeStyle = theme.border;
      ctx.lineWidth = Math.max(1, 0.7 / this.#scale);
      ctx.stroke();
    }
    if (FRAME.title * this.#scale >= 3) this.#titleBar(frame, at, depth);
    this.#cards.outline(frame.item, at, 10);
  }

  #titleBar(frame: Frame, at: Rect, depth: number): void {
    const ctx = this.#ctx;
    const { theme } = this.#look;
    const heat = this.#look.coloring?.color(frame.item) ?? null;
    ctx.beginPath();
    ctx.roundRect(at.x, at.y, at.w, FRAME.title, [10, 10, 0, 0]);
    ctx.fillStyle = heat ?? theme.nest[depth % 2]!;
    ctx.fill();
    ctx.strokeStyle = theme.border;
    ctx.stroke();
    const ink = heat ? inkOn(heat) : theme;
    if (FRAME.title * this.#scale >= 9) this.#title(frame, at, ink, heat ? ink.text : theme.brand);
  }

  #title(frame: Frame, at: Rect, ink: Ink, link: string): void {
    const ctx = this.#ctx;
    const { theme, model } = this.#look;
    const controls = model.tree.kind[frame.item] === RUN ? 128 : 34;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.font = `700 12.5px ${theme.font}`;
    ctx.fillStyle = ink.text;
    const title = model.labels.title(frame.item);
    const room = at.w - 28 - controls;
    drawText(ctx, title, at.x + 14, at.y + 16, room, 12.5);
    const used = Math.min(room, ctx.measureText(title).width) + 10;
    ctx.font = `400 10px ${theme.font}`;
    ctx.fillStyle = ink.muted;
    drawText(ctx, this.#subtitle(frame.item), at.x + 14 + used, at.y + 16.5, room - used, 10);
    chevron(ctx, at.x + at.w - 18, at.y + 16, true, ink.muted);
    if (model.tree.kind[frame.item] === RUN) this.#pager(frame, at, ink, link);
  }

  #subtitle(item: number): string {
    const { model } = this.#look;
    const name = model.labels.className(item);
    return [name === model.labels.title(item) ? "" : name, groupCost(this.#look, item)].filter(Boolean).join(" · ");
  }

  /** `‹ 3 / 32 ›` and a button that shows all instances. */
  #pager(frame: Frame, at: Rect, ink: Ink, link: string): void {
    const ctx = this.#ctx;
    const { theme, expansion, model } = this.#look;
    const count = model.tree.children[frame.item]!.length;
    const shown = expansion.instance(frame.item);
    const right = at.x + at.w;
    ctx.font = `600 11px ${theme.font}`;
    ctx.fillStyle = link;
    ctx.textAlign = "center";
    if (shown >= 0) {
      ctx.fillText("‹", right - 122, at.y + 15.5);
      ctx.fillText(`${shown + 1} / ${count}`, right - 92, at.y + 16.5);
      ctx.fillText("›", right - 62, at.y + 15.5);
    } else {
      ctx.fillText(`×${count}`, right - 92, at.y + 16.5);
    }
    stackButton(ctx, right - 42, at.y + 16, shown < 0, ink.muted);
    ctx.textAlign = "left";
  }

  #ports(frame: Frame, at: Rect): void {
    if (this.#scale < 0.3) return;
    const ctx = this.#ctx;
    const dtypes = this.#look.model.doc.tensors.text("dtype");
    const { x } = frame.layout;
    const tensors = [...frame.ports.inputs, ...frame.ports.outputs];
    tensors.forEach((tensor, i) => {
      ctx.beginPath();
      const bottom = i >= frame.ports.inputs.length;
      ctx.arc(at.x + frame.dx + x[frame.boxes.length + i]!, bottom ? at.y + at.h : at.y, 3.2, 0, 2 * Math.PI);
      ctx.fillStyle = precision(tensor < 0 ? "int64" : (dtypes?.at(tensor) ?? null), this.#look.theme.dark).color;
      ctx.fill();
    });
  }
}

/** Three bars: one instance after the other. */
function stackButton(ctx: CanvasRenderingContext2D, x: number, y: number, on: boolean, color: string): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.3;
  for (const dy of on ? [0] : [-4, 0, 4]) {
    roundBox(ctx, x - 5, y + dy - (on ? 4 : 1.3), 10, on ? 8 : 2.6, 1);
    ctx.stroke();
  }
}
