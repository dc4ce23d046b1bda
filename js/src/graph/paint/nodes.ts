/** Draws closed items as cards: ops, groups, runs, model inputs and outputs. */

import { format } from "../../data/index.js";
import { INPUT, OP, OUTPUT, RUN } from "../model/tree.js";
import type { Rect } from "./camera.js";
import { faded, type Look, outlined } from "./look.js";
import { categoryColor, categoryStyle } from "./palette.js";
import { drawText, roundBox } from "./text.js";
import { luminance, parseColor } from "./theme.js";

type Ctx = CanvasRenderingContext2D;

/** On-screen heights below which detail goes: text, then the card. */
const READABLE = 15;
/** Pills are flatter than op cards, yet lose their names at the same scale. */
const PILL = 1.3;
const CARD = 7;
/** Zoom from which a card has a third line. */
const DETAIL = 1.35;

export class NodePainter {
  readonly #ctx: Ctx;
  readonly #look: Look;
  readonly #scale: number;
  readonly #icons: Map<string, Path2D>;
  readonly #colors = new Map<string | null, string>();

  constructor(ctx: Ctx, look: Look, scale: number, icons: Map<string, Path2D>) {
    this.#ctx = ctx;
    this.#look = look;
    this.#scale = scale;
    this.#icons = icons;
  }

  draw(item: number, rect: Rect): void {
    const ctx = this.#ctx;
    const pale = faded(this.#look, item);
    if (pale) ctx.globalAlpha = 0.28;
    if (rect.h * this.#scale < CARD) this.#block(item, rect);
    else this.#card(item, rect);
    if (pale) ctx.globalAlpha = 1;
  }

  /** The colour that stands for an item when nothing else fits. */
  accent(item: number): string {
    const { model, summaries } = this.#look;
    const kind = model.tree.kind[item];
    if (kind === INPUT) return this.#categoryColor("input");
    if (kind === OUTPUT) return this.#categoryColor("output");
    const category =
      kind === OP ? summaries.category(model.tree.ref[item]!) : (summaries.shares(item)[0]?.category ?? null);
    return this.#categoryColor(category);
  }

  #categoryColor(category: string | null): string {
    let color = this.#colors.get(category);
    if (color === undefined) {
      color = categoryColor(category, this.#look.theme.dark);
      this.#colors.set(category, color);
    }
    return color;
  }

  /** Marks around an item: selection, keyboard, hover, search. */
  outline(item: number, rect: Rect, radius: number): void {
    const { selected, hover, current, theme } = this.#look;
    const chosen = selected.has(item);
    const match = outlined(this.#look, item);
    if (!chosen && hover !== item && !match) return;
    const ctx = this.#ctx;
    ctx.strokeStyle = match && !chosen ? theme.warn : theme.brand;
    ctx.lineWidth = (chosen || current === item ? 2.5 : 1.5) / Math.min(1, Math.max(this.#scale, 0.35));
    const grow = ctx.lineWidth * 0.8;
    roundBox(ctx, rect.x - grow, rect.y - grow, rect.w + 2 * grow, rect.h + 2 * grow, radius + grow);
    ctx.stroke();
  }

  #block(item: number, rect: Rect): void {
    this.#ctx.fillStyle = this.#look.coloring?.color(item) ?? this.accent(item);
    this.#ctx.fillRect(rect.x, rect.y, rect.w, rect.h);
    if (this.#look.selected.has(item)) this.outline(item, rect, 2);
  }

  #card(item: number, rect: Rect): void {
    const ctx = this.#ctx;
    const { model, theme, coloring } = this.#look;
    const kind = model.tree.kind[item]!;
    const heat = coloring?.color(item) ?? null;
    const radius = kind === INPUT || kind === OUTPUT ? rect.h / 2 : 7;
    if (kind === RUN) this.#stack(rect, radius);
    roundBox(ctx, rect.x, rect.y, rect.w, rect.h, radius);
    const readable = (radius === 7 ? rect.h : rect.h * PILL) * this.#scale >= READABLE;
    ctx.fillStyle = heat ?? (readable ? theme.card : this.accent(item));
    ctx.fill();
    ctx.lineWidth = 1;
    ctx.strokeStyle = heat ? theme.strong : theme.border;
    ctx.stroke();
    if (readable) this.#content(item, rect, heat);
    this.outline(item, rect, radius);
  }

  #stack(rect: Rect, radius: number): void {
    const ctx = this.#ctx;
    ctx.fillStyle = this.#look.theme.nest[1];
    ctx.strokeStyle = this.#look.theme.strong;
    ctx.lineWidth = 1;
    for (const shift of [6, 3]) {
      roundBox(ctx, rect.x + shift, rect.y + shift, rect.w, rect.h, radius);
      ctx.fill();
      ctx.stroke();
    }
  }

  #content(item: number, rect: Rect, heat: string | null): void {
    const ink = heat ? inkOn(heat) : { text: this.#look.theme.text, muted: this.#look.theme.muted };
    const kind = this.#look.model.tree.kind[item];
    if (kind === OP) this.#op(item, rect, ink, heat);
    else if (kind === INPUT || kind === OUTPUT) this.#terminal(item, rect, ink, heat);
    else this.#group(item, rect, ink, heat);
  }

  #op(item: number, rect: Rect, ink: Ink, heat: string | null): void {
    const { model, summaries } = this.#look;
    const op = model.tree.ref[item]!;
    const color = heat ? ink.text : this.accent(item);
    if (!heat) this.#bar(rect, color);
    this.#icon(categoryStyle(summaries.category(op)).icon, rect.x + 10, rect.y + rect.h / 2 - 8, color);
    const [x, width] = [rect.x + 33, rect.w - 41];
    const detailed = this.#scale >= DETAIL;
    const lines: Line[] = [
      [model.labels.title(item), detailed ? 11.5 : 12.5, ink.text, 600],
      [model.labels.subtitle(item), detailed ? 9 : 10, ink.muted, 400],
    ];
    if (detailed) lines.push([this.#opDetail(item, op), 9, ink.muted, 400]);
    this.#lines(lines, x, rect, width);
  }

  #opDetail(item: number, op: number): string {
    const { model, coloring } = this.#look;
    if (coloring) return `${coloring.column.info.label} ${coloring.text(item)}`;
    const macs = model.doc.ops.numeric("macs")?.at(op) ?? null;
    const tensor = this.#firstOutput(item);
    const shape = tensor < 0 ? "" : model.labels.tensorShape(tensor);
    return [shape, macs ? `${format.count(macs)} MACs` : ""].filter(Boolean).join(" · ");
  }

  #firstOutput(item: number): number {
    const { edges, tree } = this.#look.model;
    const leaf = tree.lo[item]!;
    const edge = edges.outEdge[edges.outStart[leaf]!];
    return edges.outStart[leaf] === edges.outStart[leaf + 1] || edge === undefined ? -1 : edges.tensor[edge]!;
  }

  #terminal(item: number, rect: Rect, ink: Ink, heat: string | null): void {
    const { model } = this.#look;
    const name = model.tree.kind[item] === INPUT ? "input" : "output";
    this.#icon(categoryStyle(name).icon, rect.x + 12, rect.y + rect.h / 2 - 8, heat ? ink.text : this.accent(item));
    const lines: Line[] = [
      [model.labels.title(item), 12, ink.text, 600],
      [model.labels.subtitle(item), 10, ink.muted, 400],
    ];
    this.#lines(lines, rect.x + 35, rect, rect.w - 48);
  }

  #group(item: number, rect: Rect, ink: Ink, heat: string | null): void {
    const { model, expansion, summaries, theme } = this.#look;
    const run = model.tree.kind[item] === RUN;
    const badge = run ? `×${model.tree.children[item]!.length}` : "";
    const badgeWidth = badge ? 14 + 7.2 * badge.length : 0;
    const lines: Line[] = [
      [model.labels.title(item), 13, ink.text, 700],
      [this.#groupLine(item), 10, ink.muted, 400],
      [groupCost(this.#look, item), 10, ink.muted, 400],
    ];
    const inner = { ...rect, h: rect.h - 7 };
    this.#lines(lines, rect.x + 13, inner, rect.w - 24, rect.w - 44 - badgeWidth);
    if (badge) this.#badge(badge, rect.x + rect.w - 30 - badgeWidth, rect.y + 9, badgeWidth);
    chevron(this.#ctx, rect.x + rect.w - 18, rect.y + 18, expansion.isOpen(item), heat ? ink.text : theme.muted);
    if (!heat) this.#shares(summaries.shares(item), rect);
  }

  #groupLine(item: number): string {
    const { model, summaries } = this.#look;
    const ops = `${format.exact(summaries.opCount(item))} ops`;
    const name = model.labels.className(item);
    return name && name !== model.labels.title(item) ? `${name} · ${ops}` : ops;
  }

  #badge(text: string, x: number, y: number, width: number): void {
    const ctx = this.#ctx;
    const { theme } = this.#look;
    roundBox(ctx, x, y, width, 18, 9);
    ctx.fillStyle = theme.brand;
    ctx.fill();
    this.#font(11.5, 700);
    ctx.fillStyle = theme.dark ? "#0b1116" : "#ffffff";
    ctx.textAlign = "center";
    ctx.fillText(text, x + width / 2, y + 9.5);
    ctx.textAlign = "left";
  }

  /** A thin bar that says of which kinds of ops the group is made. */
  #shares(shares: readonly { category: string | null; share: number }[], rect: Rect): void {
    const ctx = this.#ctx;
    const [left, width, y] = [rect.x + 13, rect.w - 26, rect.y + rect.h - 9];
    let x = left;
    for (const { category, share } of shares) {
      const length = Math.max(1.5, width * share - 1);
      ctx.fillStyle = categoryColor(category, this.#look.theme.dark);
      ctx.fillRect(x, y, Math.min(length, left + width - x), 3);
      x += length + 1;
    }
  }

  #bar(rect: Rect, color: string): void {
    const ctx = this.#ctx;
    ctx.beginPath();
    ctx.roundRect(rect.x, rect.y, 5, rect.h, [7, 0, 0, 7]);
    ctx.fillStyle = color;
    ctx.fill();
  }

  #icon(path: string, x: number, y: number, color: string): void {
    const ctx = this.#ctx;
    let icon = this.#icons.get(path);
    if (!icon) {
      icon = new Path2D(path);
      this.#icons.set(path, icon);
    }
    ctx.save();
    ctx.translate(x, y);
    ctx.lineWidth = 1.4;
    ctx.lineCap = "round";
    ctx.lineJoin = "round";
    ctx.strokeStyle = color;
    ctx.stroke(icon);
    ctx.restore();
  }

  /** `first`: the room of the first line, where something stands beside it. */
  #lines(lines: readonly Line[], x: number, rect: Rect, width: number, first = width): void {
    const ctx = this.#ctx;
    const shown = lines.filter(([text]) => text !== "");
    const height = shown.reduce((sum, [, size]) => sum + size * LEADING, 0);
    let y = rect.y + (rect.h - height) / 2;
    for (const [text, size, color, weight] of shown) {
      y += (size * LEADING) / 2;
      this.#font(size, weight);
      ctx.fillStyle = color;
      drawText(ctx, text, x, y, text === shown[0]![0] ? first : width, size);
      y += (size * LEADING) / 2;
    }
  }

  #font(size: number, weight: number): void {
    this.#ctx.font = `${weight} ${size}px ${this.#look.theme.font}`;
    this.#ctx.textBaseline = "middle";
    this.#ctx.textAlign = "left";
  }
}

type Line = readonly [text: string, size: number, color: string, weight: number];
const LEADING = 1.32;

export interface Ink {
  readonly text: string;
  readonly muted: string;
}

export function inkOn(fill: string): Ink {
  const rgb = parseColor(fill);
  const dark = rgb !== null && luminance(rgb) < 0.3;
  return dark ? { text: "#ffffff", muted: "#e4e9ee" } : { text: "#10151a", muted: "#2b333b" };
}

/** `7.1 M params · 1.2 GMACs`, or the value the view is coloured by. */
export function groupCost(look: Look, item: number): string {
  if (look.coloring) return `${look.coloring.column.info.label} ${look.coloring.text(item)}`;
  const parameters = look.summaries.total(item, "parameters");
  const macs = look.summaries.total(item, "macs");
  return [parameters ? `${format.count(parameters)} params` : "", macs ? `${format.count(macs)} MACs` : ""]
    .filter(Boolean)
    .join(" · ");
}

/** A plus in a box, or a minus: opens and closes. */
export function chevron(ctx: Ctx, x: number, y: number, open: boolean, color: string): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.3;
  roundBox(ctx, x - 6.5, y - 6.5, 13, 13, 3);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x - 3.2, y);
  ctx.lineTo(x + 3.2, y);
  if (!open) {
    ctx.moveTo(x, y - 3.2);
    ctx.lineTo(x, y + 3.2);
  }
  ctx.stroke();
}
