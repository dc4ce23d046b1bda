/** Canvas text that fits. */

import type { Ctx } from "./surface.js";

/** Widths are measured once at this size and scaled: zooming changes the size of everything with every frame. */
const MEASURED_AT = 64;
const CACHE_LIMIT = 6000;
/** Letters come in sizes of whole and half pixels. */
const STEP = 0.5;

interface Measured {
  readonly width: number;
  /** Width of the first `i` letters; made when the text has to be cut. */
  prefixes: Float32Array | null;
}

const cache = new Map<string, Measured>();

export interface Writing {
  readonly size: number;
  readonly weight: number;
  readonly color: string;
  readonly align?: CanvasTextAlign;
}

/** A text with its place and size in pixels of the screen. */
interface Written {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly color: string;
  readonly align: CanvasTextAlign;
  readonly alpha: number;
}

/**
 * Takes texts down and writes them at the end, font by font and in sizes of the screen: to a browser every zoom would
 * otherwise be a new font for every line, with letters it has never drawn.
 */
export class Pen {
  readonly #ctx: Ctx;
  readonly #family: string;
  readonly #scale: number;
  readonly #written = new Map<string, Written[]>();
  #font = "";

  /** `scale`: pixels of the screen to a unit. */
  constructor(ctx: Ctx, family: string, scale: number) {
    this.#ctx = ctx;
    this.#family = family;
    this.#scale = scale;
  }

  /** Text around the line `y`, cut to `width` with an ellipsis. */
  write(text: string, x: number, y: number, width: number, writing: Writing): void {
    const { weight, color, align = "left" } = writing;
    if (text === "" || width <= writing.size) return;
    const scale = this.#scale;
    const room = width * scale;
    // Downwards, so that what fits fits still.
    const size = Math.max(1, Math.floor((writing.size * scale) / STEP + 0.01) * STEP);
    // The widest letters of a proportional font are about as wide as it is high: short texts need no measuring.
    const shown = text.length * size * 0.95 <= room ? text : this.#fitted(text, room, size, weight);
    const font = `${weight} ${size}px ${this.#family}`;
    const alpha = this.#ctx.globalAlpha;
    let list = this.#written.get(font);
    if (!list) {
      list = [];
      this.#written.set(font, list);
    }
    list.push({ text: shown, x: settled(x * scale), y: settled(y * scale), color, align, alpha });
  }

  /** Writes what was taken down. The canvas must count in pixels of the screen. */
  flush(): void {
    const ctx = this.#ctx;
    ctx.textBaseline = "middle";
    for (const [font, list] of this.#written) {
      ctx.font = font;
      for (const { text, x, y, color, align, alpha } of list) {
        ctx.globalAlpha = alpha;
        ctx.textAlign = align;
        ctx.fillStyle = color;
        ctx.fillText(text, x, y);
      }
    }
    ctx.globalAlpha = 1;
    this.#font = "";
    this.#written.clear();
  }

  width(text: string, size: number, weight: number): number {
    return (this.#measured(text, weight).width * size) / MEASURED_AT;
  }

  #setFont(size: number, weight: number): void {
    const font = `${weight} ${size}px ${this.#family}`;
    if (font === this.#font) return;
    this.#ctx.font = font;
    this.#font = font;
  }

  #measured(text: string, weight: number): Measured {
    const key = `${weight} ${this.#family}|${text}`;
    const known = cache.get(key);
    if (known) return known;
    this.#setFont(MEASURED_AT, weight);
    const measured = { width: this.#ctx.measureText(text).width, prefixes: null };
    if (cache.size > CACHE_LIMIT) cache.clear();
    cache.set(key, measured);
    return measured;
  }

  #fitted(text: string, width: number, size: number, weight: number): string {
    const measured = this.#measured(text, weight);
    const room = (width * MEASURED_AT) / size;
    if (measured.width <= room) return text;
    this.#setFont(MEASURED_AT, weight);
    measured.prefixes ??= prefixWidths(this.#ctx, text);
    const dots = this.#measured("…", weight).width;
    let length = 0;
    while (length < text.length && measured.prefixes[length + 1]! + dots <= room) length += 1;
    return `${text.slice(0, length).trimEnd()}…`;
  }
}

/**
 * A coordinate without the noise of its computation. Letters are drawn at quarters of a pixel; a place on the border of
 * two, as centred text often has, would else fall to either side as the view moves.
 */
function settled(at: number): number {
  return Math.floor(at * 64 + 0.37) / 64;
}

/** Labels are cut long before this many letters. */
const MOST_LETTERS = 80;

function prefixWidths(ctx: Ctx, text: string): Float32Array {
  const widths = new Float32Array(text.length + 1).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i <= Math.min(text.length, MOST_LETTERS); i += 1) widths[i] = ctx.measureText(text.slice(0, i)).width;
  return widths;
}

/** Traces a rounded box. */
export function roundBox(ctx: Ctx, x: number, y: number, w: number, h: number, radius: number): void {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, Math.max(0, Math.min(radius, w / 2, h / 2)));
}
