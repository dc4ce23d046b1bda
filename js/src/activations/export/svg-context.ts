/** Takes the calls that draw channels and planes to a canvas, and writes SVG. */

import { escapeXml } from "../../graph/paint/xml.js";

/** The part of a canvas that drawing here needs. */
export type Context = CanvasRenderingContext2D;

const ANCHORS: Readonly<Record<string, string>> = { center: "middle", right: "end" };
/** Width of a letter over its height, where no canvas can measure it. */
const LETTER = 0.56;

export class SvgContext {
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "11px sans-serif";
  textAlign = "left";
  imageSmoothingEnabled = false;
  readonly #parts: string[] = [];
  readonly #saved: { open: number; state: Record<string, unknown> }[] = [];
  #open = 0;
  #path = "";
  #dash = "";
  #clips = 0;

  /** As the painters know it. */
  get context(): Context {
    return this as unknown as Context;
  }

  finish(width: number, height: number, title: string): string {
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><title>${escapeXml(title)}</title>`;
    return `${head}\n${this.#parts.join("\n")}\n${"</g>".repeat(this.#open)}</svg>\n`;
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, imageSmoothingEnabled } = this;
    const state = { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, imageSmoothingEnabled };
    this.#saved.push({ open: this.#open, state });
  }

  restore(): void {
    const saved = this.#saved.pop();
    if (!saved) return;
    this.#parts.push("</g>".repeat(this.#open - saved.open));
    this.#open = saved.open;
    Object.assign(this, saved.state);
  }

  translate(x: number, y: number): void {
    this.#group(`transform="translate(${round(x)} ${round(y)})"`);
  }

  rotate(angle: number): void {
    this.#group(`transform="rotate(${round((angle * 180) / Math.PI)})"`);
  }

  beginPath(): void {
    this.#path = "";
  }

  moveTo(x: number, y: number): void {
    this.#path += `M${round(x)} ${round(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += `L${round(x)} ${round(y)}`;
  }

  /** A whole circle. */
  arc(x: number, y: number, radius: number): void {
    const r = round(radius);
    this.#path += `M${round(x - radius)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`;
  }

  clip(): void {
    this.#clips += 1;
    const id = `clip${this.#clips}`;
    this.#parts.push(`<clipPath id="${id}"><path d="${this.#path}"/></clipPath>`);
    this.#group(`clip-path="url(#${id})"`);
  }

  fill(): void {
    this.#parts.push(`<path d="${this.#path}" fill="${escapeXml(this.fillStyle)}"/>`);
  }

  stroke(): void {
    this.#parts.push(`<path d="${this.#path}" ${this.#pen()}/>`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#parts.push(`<rect ${box(x, y, width, height)} fill="${escapeXml(this.fillStyle)}"/>`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#parts.push(`<rect ${box(x, y, width, height)} ${this.#pen()}/>`);
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
  }

  measureText(text: string): { width: number } {
    return { width: text.length * LETTER * this.#fontSize() };
  }

  fillText(text: string, x: number, y: number, most = Infinity): void {
    const anchor = ANCHORS[this.textAlign];
    const family = this.font.replace(/^.*?px\s*/, "");
    const bold = this.font.startsWith("600") ? ' font-weight="600"' : "";
    const squeezed =
      this.measureText(text).width > most ? ` textLength="${round(most)}" lengthAdjust="spacingAndGlyphs"` : "";
    const face = `font-family="${escapeXml(family)}" font-size="${this.#fontSize()}"${bold}`;
    const place = `x="${round(x)}" y="${round(y)}"${anchor ? ` text-anchor="${anchor}"` : ""}${squeezed}`;
    this.#parts.push(`<text ${place} ${face} fill="${escapeXml(this.fillStyle)}">${escapeXml(text)}</text>`);
  }

  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void {
    const look = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    const faint = this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "";
    const place = `${box(x, y, width, height)} preserveAspectRatio="none"`;
    this.#parts.push(`<image ${place}${look}${faint} href="${image.toDataURL("image/png")}"/>`);
  }

  #group(attributes: string): void {
    this.#parts.push(`<g ${attributes}>`);
    this.#open += 1;
  }

  #pen(): string {
    return `fill="none" stroke="${escapeXml(this.strokeStyle)}" stroke-width="${round(this.lineWidth)}"${this.#dash}`;
  }

  #fontSize(): number {
    return Number(/([\d.]+)px/.exec(this.font)?.[1] ?? 11);
  }
}

function box(x: number, y: number, width: number, height: number): string {
  return `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
