/** What stands in a card, at the level of detail that can be read at its size on the screen. */

import { format } from "../../data/index.js";
import { INPUT, OP, OUTPUT, RUN } from "../model/tree.js";
import type { Accents } from "./accents.js";
import type { Rect } from "./camera.js";
import type { Icons } from "./icons.js";
import type { Look } from "./look.js";
import type { Shape } from "./palette.js";
import { inset } from "./shapes.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox, type Writing } from "./text.js";
import { luminance, parseColor } from "./theme.js";

/** Zoom from which an op's card has an icon and a second line, and a third one. */
const SECOND = 0.6;
const THIRD = 1.35;
/** The same for a group, which is larger; its button shows before the second line. */
const GROUP_SECOND = 0.46;
const GROUP_THIRD = 0.68;
export const BUTTONS = 0.35;

const LEADING = 1.32;
const BADGE = 18;

type Line = readonly [text: string, writing: Writing];

interface Part {
  readonly color: string;
  readonly share: number;
}

export interface Ink {
  readonly text: string;
  readonly muted: string;
}

export function inkOn(fill: string): Ink {
  const rgb = parseColor(fill);
  const dark = rgb !== null && luminance(rgb) < 0.3;
  return dark ? { text: "#ffffff", muted: "#e4e9ee" } : { text: "#10151a", muted: "#2b333b" };
}

/** World size of letters that are `pixels` high on screen, within what there is room for. */
function sized(pixels: number, scale: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, pixels / scale));
}

export class CardText {
  readonly #ctx: Ctx;
  readonly #pen: Pen;
  readonly #look: Look;
  readonly #scale: number;
  readonly #accents: Accents;
  readonly #icons: Icons;

  constructor(ctx: Ctx, pen: Pen, look: Look, scale: number, accents: Accents, icons: Icons) {
    this.#ctx = ctx;
    this.#pen = pen;
    this.#look = look;
    this.#scale = scale;
    this.#accents = accents;
    this.#icons = icons;
  }

  draw(item: number, shape: Shape, rect: Rect, heat: string | null): void {
    const { theme, model } = this.#look;
    const ink = heat ? inkOn(heat) : theme;
    const kind = model.tree.kind[item];
    if (kind === OP || kind === INPUT || kind === OUTPUT) this.#leaf(item, shape, rect, ink, heat !== null);
    else this.#group(item, rect, ink, heat !== null);
  }

  #leaf(item: number, shape: Shape, rect: Rect, ink: Ink, heated: boolean): void {
    const { labels } = this.#look.model;
    const scale = this.#scale;
    const [left, right] = [rect.x + inset(shape), rect.x + rect.w - inset(shape)];
    if (scale < SECOND) {
      const [title, room] = [labels.title(item), right - left - 10];
      const size = this.#fitted(title, room, sized(9.5, scale, 12.5, 26), sized(7, scale, 10, 24));
      const writing: Writing = { size, weight: 600, color: ink.text, align: "center" };
      return this.#pen.write(title, (left + right) / 2 + 1.5, rect.y + rect.h / 2, room + 3, writing);
    }
    const color = heated ? ink.text : this.#accents.color(item);
    this.#icons.stroke(this.#ctx, this.#accents.style(item).icon, left + 10, rect.y + rect.h / 2 - 8, color);
    const third = scale >= THIRD ? this.#detail(item) : "";
    const [title, room] = [labels.title(item), right - left - 39];
    const size = this.#fitted(title, room, third ? 11.5 : sized(9.8, scale, 12.5, 15.5), 10);
    const lines: Line[] = [
      [title, { size, weight: 600, color: ink.text }],
      [labels.subtitle(item), { size: third ? 9 : sized(7.6, scale, 10, 12), weight: 400, color: ink.muted }],
      [third, { size: 9, weight: 400, color: ink.muted }],
    ];
    this.#lines(lines, left + 32, rect, room);
  }

  /** The size at which a title fits, if it is not below the least that can be read. */
  #fitted(title: string, room: number, size: number, least: number): number {
    return Math.max(least, Math.min(size, room / Math.max(0.01, this.#pen.width(title, 1, 600))));
  }

  #detail(item: number): string {
    const { model, coloring } = this.#look;
    if (coloring) return `${coloring.column.info.label} ${coloring.text(item)}`;
    if (model.tree.kind[item] !== OP) return "";
    const macs = model.doc.ops.numeric("macs")?.at(model.tree.ref[item]!) ?? null;
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

  #group(item: number, rect: Rect, ink: Ink, heated: boolean): void {
    const { model, theme } = this.#look;
    const scale = this.#scale;
    const buttons = scale >= BUTTONS;
    const badge = model.tree.kind[item] === RUN ? `×${model.tree.children[item]!.length}` : "";
    const badgeWidth = badge ? 14 + 7.2 * badge.length : 0;
    const lines: Line[] = [
      [model.labels.title(item), { size: sized(10.5, scale, 13, 28), weight: 700, color: ink.text }],
      [
        scale >= GROUP_SECOND ? this.#groupLine(item) : "",
        { size: sized(8, scale, 10, 17), weight: 400, color: ink.muted },
      ],
      [
        scale >= GROUP_THIRD ? groupCost(this.#look, item) : "",
        { size: sized(7, scale, 10, 11), weight: 400, color: ink.muted },
      ],
    ];
    this.#lines(lines, rect.x + 13, { ...rect, h: rect.h - 7 }, rect.w - 24, rect.w - (buttons ? 44 : 24));
    if (badge) this.#badge(badge, rect.x + rect.w - 10 - badgeWidth, rect.y - BADGE / 2, badgeWidth);
    if (buttons) toggleSign(this.#ctx, rect.x + rect.w - 18, rect.y + 18, false, heated ? ink.text : theme.muted);
    this.#shares(this.#parts(item, heated), rect);
  }

  #groupLine(item: number): string {
    const { model, summaries } = this.#look;
    const count = summaries.opCount(item);
    const ops = `${format.exact(count)} ${model.labels.noun}${count === 1 ? "" : "s"}`;
    const name = model.labels.className(item);
    return name && name !== model.labels.title(item) ? `${name} · ${ops}` : ops;
  }

  /** On the border, where no text is. */
  #badge(text: string, x: number, y: number, width: number): void {
    const { theme } = this.#look;
    roundBox(this.#ctx, x, y, width, BADGE, BADGE / 2);
    this.#ctx.fillStyle = theme.brand;
    this.#ctx.fill();
    const writing: Writing = { size: 11.5, weight: 700, color: theme.onBrand, align: "center" };
    this.#pen.write(text, x + width / 2, y + BADGE / 2 + 0.5, width, writing);
  }

  /** Of which kinds of ops a group is made, or of which words where words colour it. */
  #parts(item: number, heated: boolean): readonly Part[] {
    const { coloring, summaries } = this.#look;
    if (heated) return coloring?.shares(item) ?? [];
    return summaries.shares(item).map(({ category, share }) => ({ color: this.#accents.ofCategory(category), share }));
  }

  /** A thin bar under the words of a group. */
  #shares(shares: readonly Part[], rect: Rect): void {
    const ctx = this.#ctx;
    const [left, width, y] = [rect.x + 13, rect.w - 26, rect.y + rect.h - 9];
    let x = left;
    for (const { color, share } of shares) {
      const length = Math.max(1.5, width * share - 1);
      ctx.fillStyle = color;
      ctx.fillRect(x, y, Math.min(length, left + width - x), 3);
      x += length + 1;
    }
  }

  /** `first`: the room of the first line, where something stands beside it. */
  #lines(lines: readonly Line[], x: number, rect: Rect, width: number, first = width): void {
    const shown = lines.filter(([text]) => text !== "");
    const height = shown.reduce((sum, [, { size }]) => sum + size * LEADING, 0);
    let y = rect.y + (rect.h - height) / 2;
    for (const [text, writing] of shown) {
      y += (writing.size * LEADING) / 2;
      this.#pen.write(text, x, y, text === shown[0]![0] ? first : width, writing);
      y += (writing.size * LEADING) / 2;
    }
  }
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
export function toggleSign(ctx: Ctx, x: number, y: number, open: boolean, color: string): void {
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
