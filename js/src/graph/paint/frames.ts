/** Draws open groups: ground, title bar with its buttons, the points where edges pass the border. */

import { differences } from "../model/differences.js";
import { RUN } from "../model/tree.js";
import type { Frame } from "../scene/frame.js";
import { FRAME } from "../scene/sizes.js";
import type { Rect } from "./camera.js";
import { BUTTONS, groupCost, type Ink, inkOn, toggleSign } from "./card-text.js";
import type { EdgeStyle } from "./edge-style.js";
import { labelled } from "./labels.js";
import type { Look } from "./look.js";
import { drawChange, outline } from "./marks.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox, type Writing } from "./text.js";

const RADIUS = 10;
/** Height of a title's letters on screen below which they would not be read. */
const SMALLEST_TITLE = 8.5;
const ILLEGIBLE = 6;
const TITLE = 12.5;
const LARGEST_TITLE = 25;
/** Zoom from which the title bar has room for a second text beside the title. */
const SUBTITLES = 0.55;
const PORTS = 0.3;

export class FramePainter {
  readonly #ctx: Ctx;
  readonly #pen: Pen;
  readonly #look: Look;
  readonly #scale: number;
  readonly #edges: EdgeStyle;

  constructor(ctx: Ctx, pen: Pen, look: Look, scale: number, edges: EdgeStyle) {
    this.#ctx = ctx;
    this.#pen = pen;
    this.#look = look;
    this.#scale = scale;
    this.#edges = edges;
  }

  ground(frame: Frame, at: Rect, depth: number): void {
    const ctx = this.#ctx;
    const { theme, change } = this.#look;
    roundBox(ctx, at.x, at.y, at.w, at.h, RADIUS);
    ctx.fillStyle = theme.nest[(depth + 1) % 2]!;
    ctx.fill();
    ctx.strokeStyle = theme.border;
    ctx.lineWidth = Math.max(theme.contrast === "normal" ? 1 : 1.8, 0.7 / this.#scale);
    ctx.stroke();
    this.#titleBar(frame, at, depth);
    const changed = change?.(frame.item) ?? null;
    if (changed) drawChange(ctx, this.#pen, this.#look, this.#scale, changed, at);
    outline(ctx, this.#look, this.#scale, frame.item, at, RADIUS, true);
  }

  #titleBar(frame: Frame, at: Rect, depth: number): void {
    const ctx = this.#ctx;
    const { theme, coloring } = this.#look;
    const heat = coloring?.color(frame.item) ?? null;
    ctx.beginPath();
    ctx.roundRect(at.x, at.y, at.w, FRAME.title, [RADIUS, RADIUS, 0, 0]);
    ctx.fillStyle = heat ?? theme.nest[depth % 2]!;
    ctx.fill();
    ctx.strokeStyle = theme.border;
    ctx.stroke();
    const ink = heat ? inkOn(heat) : theme;
    if (!labelled(this.#scale, at.w, at.h)) this.#title(frame, at, ink);
    if (this.#scale >= BUTTONS) this.#buttons(frame, at, ink, heat ? ink.text : theme.brand);
  }

  #title(frame: Frame, at: Rect, ink: Ink): void {
    const size = Math.max(TITLE, Math.min(LARGEST_TITLE, SMALLEST_TITLE / this.#scale));
    if (size * this.#scale < ILLEGIBLE) return;
    const { model } = this.#look;
    const run = model.tree.kind[frame.item] === RUN;
    const controls = this.#scale < BUTTONS ? 12 : run ? 138 : 34;
    const title = model.labels.title(frame.item);
    const room = at.w - 26 - controls;
    this.#pen.write(title, at.x + 14, at.y + 16, room, { size, weight: 700, color: ink.text });
    if (this.#scale < SUBTITLES) return;
    const used = Math.min(room, this.#pen.width(title, size, 700)) + 10;
    const small: Writing = { size: Math.max(10, 7.5 / this.#scale), weight: 400, color: ink.muted };
    this.#pen.write(this.#subtitle(frame.item), at.x + 14 + used, at.y + 16.5, room - used, small);
  }

  #subtitle(item: number): string {
    const { model } = this.#look;
    const name = model.labels.className(item);
    return [name === model.labels.title(item) ? "" : name, groupCost(this.#look, item)].filter(Boolean).join(" · ");
  }

  #buttons(frame: Frame, at: Rect, ink: Ink, link: string): void {
    toggleSign(this.#ctx, at.x + at.w - 18, at.y + 16, true, ink.muted);
    if (this.#look.model.tree.kind[frame.item] === RUN) this.#pager(frame, at, ink, link);
  }

  /** `‹ 3 / 32 ›` and a button that shows all instances. */
  #pager(frame: Frame, at: Rect, ink: Ink, link: string): void {
    const { expansion, model } = this.#look;
    const count = model.tree.children[frame.item]!.length;
    const shown = expansion.instance(frame.item);
    const right = at.x + at.w;
    const writing: Writing = { size: 11, weight: 600, color: link, align: "center" };
    const write = (text: string, dx: number, dy: number): void =>
      this.#pen.write(text, right - dx, at.y + dy, 48, writing);
    if (shown >= 0) {
      write("‹", 122, 15.5);
      const differs = differences(model, frame.item).some(({ instance }) => instance === shown);
      write(`${shown + 1} / ${count}${differs ? " ≠" : ""}`, 92, 16.5);
      write("›", 62, 15.5);
    } else {
      write(`×${count}`, 92, 16.5);
    }
    stackButton(this.#ctx, right - 42, at.y + 16, shown < 0, ink.muted);
  }

  /** The points where tensors enter and leave, in the colours of their edges. */
  ports(frame: Frame, at: Rect): void {
    if (this.#scale < PORTS) return;
    const ctx = this.#ctx;
    const { x } = frame.layout;
    const { inputs, outputs } = frame.ports;
    const tensors = [...inputs, ...outputs];
    tensors.forEach((tensor, i) => {
      const across = x[frame.boxes.length + i];
      if (across === undefined) return;
      ctx.beginPath();
      ctx.arc(at.x + frame.dx + across, i >= inputs.length ? at.y + at.h : at.y, 3.2, 0, 2 * Math.PI);
      ctx.fillStyle = tensor < 0 ? this.#look.theme.faint : this.#edges.color(tensor);
      ctx.fill();
    });
  }
}

/** Three bars: one instance after the other. */
function stackButton(ctx: Ctx, x: number, y: number, on: boolean, color: string): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.3;
  for (const dy of on ? [0] : [-4, 0, 4]) {
    roundBox(ctx, x - 5, y + dy - (on ? 4 : 1.3), 10, on ? 8 : 2.6, 1);
    ctx.stroke();
  }
}
