/** Two handles on a scale that choose a part of it, by pointer and by keys. */

import { element } from "../dom.js";

export interface BrushOptions {
  /** Where each end stands, in words and as a number. */
  value(at: number): number;
  text(at: number): string;
  /** The chosen part, 0 to 1; null when everything is. */
  changed(part: readonly [number, number] | null): void;
}

type End = "low" | "high";

const FINE = 1 / 96;
const COARSE = 1 / 12;
/** A press this close to a handle takes it, in pixels. */
const GRIP = 9;

export class Brush {
  readonly #plot: HTMLElement;
  readonly #options: BrushOptions;
  readonly #handles: Readonly<Record<End, HTMLElement>>;
  readonly #shades = { low: element("div", "haoline-legend-shade"), high: element("div", "haoline-legend-shade") };
  #low = 0;
  #high = 1;
  /** While a pointer draws a new range: where it began. */
  #anchor: number | null = null;
  #held: End | null = null;

  /** `plot` is as wide as the scale; handles are put into it. */
  constructor(plot: HTMLElement, label: string, options: BrushOptions) {
    this.#plot = plot;
    this.#options = options;
    this.#handles = { low: this.#handle("low", `${label}, from`), high: this.#handle("high", `${label}, to`) };
    plot.append(this.#shades.low, this.#shades.high, this.#handles.low, this.#handles.high);
    plot.addEventListener("pointerdown", (event) => this.#down(event));
    plot.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const) plot.addEventListener(type, () => this.#up());
    plot.addEventListener("dblclick", () => this.#set(0, 1));
    this.#show();
  }

  /** Puts the handles somewhere, without calling back. */
  put(low: number, high: number): void {
    [this.#low, this.#high] = [low, high];
    this.#show();
  }

  #handle(end: End, label: string): HTMLElement {
    const handle = element("div", "haoline-legend-handle");
    handle.tabIndex = 0;
    handle.dataset.end = end;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", label);
    handle.addEventListener("keydown", (event) => this.#key(event, end));
    return handle;
  }

  #key(event: KeyboardEvent, end: End): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = this.#target(event, end === "low" ? this.#low : this.#high);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.#set(0, 1);
    else if (end === "low") this.#set(Math.min(to, this.#high), this.#high);
    else this.#set(this.#low, Math.max(to, this.#low));
  }

  #target({ key, shiftKey }: KeyboardEvent, at: number): number | null {
    const step = shiftKey ? COARSE : FINE;
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown":
        return at - step;
      case "ArrowRight":
      case "ArrowUp":
        return at + step;
      case "PageDown":
        return at - COARSE;
      case "PageUp":
        return at + COARSE;
      case "Home":
        return 0;
      case "End":
      case "Escape":
        return 1;
      default:
        return null;
    }
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const { left, width } = this.#plot.getBoundingClientRect();
    const x = event.clientX - left;
    const [toLow, toHigh] = [Math.abs(x - this.#low * width), Math.abs(x - this.#high * width)];
    if (Math.min(toLow, toHigh) <= GRIP) this.#held = toLow < toHigh || (toLow === toHigh && x <= 0) ? "low" : "high";
    else this.#anchor = this.#at(event);
    this.#plot.setPointerCapture(event.pointerId);
    (this.#held ? this.#handles[this.#held] : this.#handles.high).focus({ preventScroll: true });
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    if (this.#anchor !== null) this.#set(Math.min(this.#anchor, at), Math.max(this.#anchor, at));
    else if (this.#held === "low") this.#set(Math.min(at, this.#high), this.#high);
    else if (this.#held === "high") this.#set(this.#low, Math.max(at, this.#low));
  }

  #up(): void {
    [this.#anchor, this.#held] = [null, null];
  }

  #at(event: PointerEvent): number {
    const { left, width } = this.#plot.getBoundingClientRect();
    return width > 0 ? clamp((event.clientX - left) / width) : 0;
  }

  #set(low: number, high: number): void {
    const [from, to] = [clamp(low), clamp(high)];
    if (from === this.#low && to === this.#high) return;
    [this.#low, this.#high] = [from, to];
    this.#show();
    this.#options.changed(from === 0 && to === 1 ? null : [from, to]);
  }

  #show(): void {
    const [low, high] = [this.#low, this.#high];
    this.#plot.dataset.brush = low > 0 || high < 1 ? "part" : "all";
    this.#shades.low.style.width = `${100 * low}%`;
    this.#shades.high.style.width = `${100 * (1 - high)}%`;
    this.#place(this.#handles.low, low, 0, high);
    this.#place(this.#handles.high, high, low, 1);
  }

  #place(handle: HTMLElement, at: number, least: number, most: number): void {
    handle.style.left = `${100 * at}%`;
    handle.setAttribute("aria-valuenow", String(this.#options.value(at)));
    handle.setAttribute("aria-valuemin", String(this.#options.value(least)));
    handle.setAttribute("aria-valuemax", String(this.#options.value(most)));
    handle.setAttribute("aria-valuetext", this.#options.text(at));
  }
}

function clamp(at: number): number {
  // A hundred arrow presses must end at the end.
  return at < 1e-9 ? 0 : at > 1 - 1e-9 ? 1 : at;
}
