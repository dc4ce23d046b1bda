/** Draws closed items as cards: ops, groups, runs, model inputs and outputs. */

import { INPUT, OP, OUTPUT, RUN } from "../model/tree.js";
import type { Accents } from "./accents.js";
import type { Rect } from "./camera.js";
import { CardText } from "./card-text.js";
import { mix, parseColor } from "./color.js";
import type { Icons } from "./icons.js";
import { faded, type Look } from "./look.js";
import { drawChange, outline } from "./marks.js";
import type { Shape } from "./palette.js";
import { trace, traceInside } from "./shapes.js";
import type { Ctx } from "./surface.js";
import { type Pen, roundBox } from "./text.js";

/** Zoom from which the card of an op, or of a group, holds words. */
const WORDS = 0.33;
const GROUP_WORDS = 0.2;
/** What is outside an emphasis keeps this much of its strength. */
export const PALE = 0.28;

/** The border of a card whose value is not known. */
const UNKNOWN_DASH = [4, 3];

export class NodePainter {
  readonly #ctx: Ctx;
  readonly #pen: Pen;
  readonly #look: Look;
  readonly #scale: number;
  readonly #accents: Accents;
  readonly #text: CardText;
  readonly #rims = new Map<string, string>();

  constructor(ctx: Ctx, pen: Pen, look: Look, scale: number, accents: Accents, icons: Icons) {
    this.#ctx = ctx;
    this.#pen = pen;
    this.#look = look;
    this.#scale = scale;
    this.#accents = accents;
    this.#text = new CardText(ctx, pen, look, scale, accents, icons);
  }

  draw(item: number, rect: Rect): void {
    const pale = faded(this.#look, item);
    if (pale) this.#ctx.globalAlpha = PALE;
    this.#card(item, rect, pale);
    if (pale) this.#ctx.globalAlpha = 1;
  }

  #card(item: number, rect: Rect, pale: boolean): void {
    const { model, coloring, change } = this.#look;
    const kind = model.tree.kind[item]!;
    const leaf = kind === OP || kind === INPUT || kind === OUTPUT;
    const shape = leaf ? this.#accents.style(item).shape : "box";
    const words = this.#scale >= (leaf ? WORDS : GROUP_WORDS);
    const heat = coloring?.color(item) ?? null;
    if (kind === RUN) this.#stack(rect);
    // A translucent card would let the colour under it shine through.
    if (words) this.#body(leaf && !pale ? item : -1, shape, rect, heat);
    else this.#solid(item, shape, rect);
    if (words) this.#text.draw(item, shape, rect, heat);
    const changed = change?.(item) ?? null;
    if (changed) drawChange(this.#ctx, this.#pen, this.#look, this.#scale, changed, rect);
    outline(this.#ctx, this.#look, this.#scale, item, rect, shape === "pill" ? rect.h / 2 : 7);
  }

  #solid(item: number, shape: Shape, rect: Rect): void {
    const ctx = this.#ctx;
    trace(ctx, shape, rect);
    ctx.fillStyle = this.#accents.block(item);
    ctx.fill();
  }

  /** A card, all in the colour of its value, or with a rim in the colour of `item`'s category (-1: none). */
  #body(item: number, shape: Shape, rect: Rect, heat: string | null): void {
    const ctx = this.#ctx;
    const { coloring, theme } = this.#look;
    const accent = item >= 0 && !heat ? this.#accents.color(item) : null;
    trace(ctx, shape, rect);
    ctx.fillStyle = heat ?? accent ?? theme.card;
    ctx.fill();
    if (accent) {
      traceInside(ctx, shape, rect, this.#scale);
      ctx.fillStyle = theme.card;
      ctx.fill();
      trace(ctx, shape, rect);
    }
    ctx.lineWidth = theme.contrast === "normal" ? 1 : 1.6;
    ctx.strokeStyle = heat ? theme.strong : accent ? this.#rim(accent) : theme.border;
    const unknown = coloring?.unknown(item) === true;
    if (unknown) ctx.setLineDash(UNKNOWN_DASH);
    ctx.stroke();
    if (unknown) ctx.setLineDash([]);
  }

  /** Between border and accent, so that the outline speaks without shouting. */
  #rim(accent: string): string {
    const { theme } = this.#look;
    if (theme.contrast !== "normal") return theme.border;
    let rim = this.#rims.get(accent);
    if (rim === undefined) {
      const [from, to] = [parseColor(theme.border), parseColor(accent)];
      rim = from && to ? mix(from, to, 0.4) : theme.border;
      this.#rims.set(accent, rim);
    }
    return rim;
  }

  #stack(rect: Rect): void {
    const ctx = this.#ctx;
    ctx.fillStyle = this.#look.theme.nest[1];
    ctx.strokeStyle = this.#look.theme.strong;
    ctx.lineWidth = 1;
    for (const shift of [6, 3]) {
      roundBox(ctx, rect.x + shift, rect.y + shift, rect.w, rect.h, 7);
      ctx.fill();
      ctx.stroke();
    }
  }
}
