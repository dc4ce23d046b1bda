/**
 * A drawing surface that writes SVG. It answers the calls that the painters make to a canvas, so that a file shows what
 * the screen shows. Transforms are worked in: every number in the file is a pixel of the picture.
 */

import type { Pixel } from "./color.js";
import { pixelColor } from "./color.js";
import type { BlockTarget } from "./far.js";
import type { Ctx } from "./surface.js";
import { escapeXml } from "./xml.js";

const ANCHORS: Readonly<Record<string, string>> = { center: "middle", right: "end", end: "end" };
/** Width of a letter over its height, where no canvas can measure it. */
const LETTER = 0.56;

type Measure = (text: string, font: string) => number;

export class SvgCanvas implements BlockTarget {
  readonly left = 0;
  readonly top = 0;
  readonly right: number;
  readonly bottom: number;
  fillStyle: string | CanvasGradient | CanvasPattern = "#000";
  strokeStyle: string | CanvasGradient | CanvasPattern = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "400 10px sans-serif";
  textAlign: CanvasTextAlign = "left";
  textBaseline: CanvasTextBaseline = "alphabetic";
  lineCap: CanvasLineCap = "butt";
  lineJoin: CanvasLineJoin = "miter";
  readonly #parts: string[] = [];
  readonly #measure: Measure;
  readonly #lines = new Map<string, string[]>();
  #path: string[] = [];
  #dash: readonly number[] = [];
  /** Where the last hairline ended: the next one may go on from there. */
  #end = "";
  #scale = 1;
  #x = 0;
  #y = 0;

  constructor(width: number, height: number) {
    this.right = width;
    this.bottom = height;
    this.#measure = measurer();
  }

  /** The file. */
  finish(title: string): string {
    const size = `width="${this.right}" height="${this.bottom}" viewBox="0 0 ${this.right} ${this.bottom}"`;
    const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><title>${escapeXml(title)}</title>`;
    return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${this.#parts.join("\n")}\n</svg>\n`;
  }

  setTransform(...[a, , , , e, f]: unknown[]): void {
    [this.#scale, this.#x, this.#y] = [a as number, e as number, f as number];
  }

  /** A group and all in it. */
  open(title: string): void {
    this.#parts.push(`<g><title>${escapeXml(title)}</title>`);
  }

  close(): void {
    this.#parts.push("</g>");
  }

  beginPath(): void {
    this.#path = [];
  }

  moveTo(x: number, y: number): void {
    this.#path.push(`M${this.#at(x, y)}`);
  }

  lineTo(x: number, y: number): void {
    this.#path.push(`L${this.#at(x, y)}`);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path.push(`C${this.#at(x1, y1)} ${this.#at(x2, y2)} ${this.#at(x, y)}`);
  }

  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    this.#path.push(`Q${this.#at(x1, y1)} ${this.#at(x, y)}`);
  }

  closePath(): void {
    this.#path.push("Z");
  }

  rect(x: number, y: number, w: number, h: number): void {
    this.#path.push(`M${this.#at(x, y)}h${this.#long(w)}v${this.#long(h)}h${this.#long(-w)}Z`);
  }

  /** Whole circles: the painters draw no other arcs. */
  arc(x: number, y: number, radius: number): void {
    const [r, across] = [this.#long(radius), this.#long(2 * radius)];
    this.#path.push(`M${this.#at(x - radius, y)}a${r} ${r} 0 1 1 ${across} 0a${r} ${r} 0 1 1 -${across} 0Z`);
  }

  roundRect(x: number, y: number, w: number, h: number, radii: unknown = 0): void {
    const all = Array.isArray(radii) ? (radii as number[]) : [radii as number];
    const [a, b = a, c = a, d = b] = all.map((radius) => Math.min(radius, w / 2, h / 2)) as [number, ...number[]];
    const corner = (radius: number, dx: number, dy: number): string => {
      const r = this.#long(radius);
      return radius > 0 ? `a${r} ${r} 0 0 1 ${this.#long(dx * radius)} ${this.#long(dy * radius)}` : "";
    };
    this.#path.push(
      `M${this.#at(x + a, y)}h${this.#long(w - a - b)}${corner(b, 1, 1)}v${this.#long(h - b - c)}${corner(c, -1, 1)}`,
      `h${this.#long(c + d - w)}${corner(d, -1, -1)}v${this.#long(a + d - h)}${corner(a, 1, -1)}Z`,
    );
  }

  fill(): void {
    this.#shape(this.#path.join(""), `fill="${escapeXml(String(this.fillStyle))}"`);
  }

  stroke(): void {
    this.#shape(this.#path.join(""), this.#pen());
  }

  strokeIcon(path: string, x: number, y: number): void {
    const place = `transform="translate(${this.#at(x, y)}) scale(${round(this.#scale)})"`;
    const pen = `stroke="${escapeXml(String(this.strokeStyle))}" stroke-width="${this.lineWidth}"`;
    this.#shape(path, `${place} fill="none" ${pen} stroke-linecap="round" stroke-linejoin="round"`);
  }

  setLineDash(dash: Iterable<number>): void {
    this.#dash = [...dash];
  }

  fillRect(x: number, y: number, w: number, h: number): void {
    const [left, top] = this.#at(x, y).split(" ");
    const size = `width="${this.#long(w)}" height="${this.#long(h)}"`;
    this.#parts.push(
      `<rect x="${left}" y="${top}" ${size} fill="${escapeXml(String(this.fillStyle))}"${this.#opacity()}/>`,
    );
  }

  fillText(text: string, x: number, y: number): void {
    const [, weight = "400", size = "10", family = "sans-serif"] = /^(\S+) ([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const [left, top] = this.#at(x, y).split(" ");
    const anchor = ANCHORS[this.textAlign];
    const font = `font-family="${escapeXml(family)}" font-size="${this.#long(Number(size))}" font-weight="${weight}"`;
    const place = `x="${left}" y="${top}" dominant-baseline="central"${anchor ? ` text-anchor="${anchor}"` : ""}`;
    const paint = `fill="${escapeXml(String(this.fillStyle))}"${this.#opacity()}`;
    this.#parts.push(`<text ${place} ${font} ${paint}>${escapeXml(text)}</text>`);
  }

  measureText(text: string): TextMetrics {
    return { width: this.#measure(text, this.font) } as TextMetrics;
  }

  ground(left: number, top: number, right: number, bottom: number, color: Pixel, border: Pixel | null): void {
    const [w, h] = [right - left, bottom - top];
    const line = border === null ? "" : ` stroke="${pixelColor(border)}"`;
    this.#parts.push(`<rect x="${left}" y="${top}" width="${w}" height="${h}" fill="${pixelColor(color)}"${line}/>`);
  }

  blocks(boxes: Float32Array, colors: Int32Array, count: number): void {
    for (const [pen, path] of this.#lines) this.#shape(path.join(""), pen);
    this.#lines.clear();
    const byColor = new Map<Pixel, string[]>();
    for (let i = 0; i < count; i += 1) {
      const [left, top, right, bottom] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      let path = byColor.get(colors[i]!);
      if (!path) {
        path = [];
        byColor.set(colors[i]!, path);
      }
      path.push(`M${round(left)} ${round(top)}h${round(right - left)}v${round(bottom - top)}h${round(left - right)}z`);
    }
    for (const [color, path] of byColor) this.#shape(path.join(""), `fill="${pixelColor(color)}"`);
  }

  line(x0: number, y0: number, x1: number, y1: number, color: Pixel, strength: number): void {
    const pen = `fill="none" stroke="${pixelColor(color)}" stroke-width="1" stroke-opacity="${round(strength)}"`;
    let path = this.#lines.get(pen);
    if (!path) {
      path = [];
      this.#lines.set(pen, path);
    }
    const [from, to] = [`${round(x0)} ${round(y0)}`, `${round(x1)} ${round(y1)}`];
    path.push(from === this.#end ? `L${to}` : `M${from}L${to}`);
    this.#end = to;
  }

  #pen(): string {
    const dash = this.#dash.length > 0 ? ` stroke-dasharray="${this.#dash.map((part) => this.#long(part))}"` : "";
    const width = `stroke-width="${this.#long(this.lineWidth)}"`;
    return `fill="none" stroke="${escapeXml(String(this.strokeStyle))}" ${width}${dash}`;
  }

  #shape(path: string, paint: string): void {
    if (path !== "") this.#parts.push(`<path d="${path}" ${paint}${this.#opacity()}/>`);
  }

  #opacity(): string {
    return this.globalAlpha < 1 ? ` opacity="${round(this.globalAlpha)}"` : "";
  }

  #at(x: number, y: number): string {
    return `${round(x * this.#scale + this.#x)} ${round(y * this.#scale + this.#y)}`;
  }

  #long(length: number): number {
    return round(length * this.#scale);
  }
}

/** The painters see a canvas. */
export function asContext(svg: SvgCanvas): Ctx {
  return svg as unknown as Ctx;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Letters as wide as a canvas says, or guessed where there is none. */
function measurer(): Measure {
  const ctx = globalThis.document?.createElement("canvas").getContext("2d") ?? null;
  return (text, font) => {
    if (ctx) ctx.font = font;
    const measured = ctx?.measureText(text)?.width;
    return measured ?? text.length * LETTER * Number.parseFloat(font.split(" ")[1] ?? "10");
  };
}
