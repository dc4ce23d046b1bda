/** Reading a chart place by place: with the pointer, or with the arrow keys. */

import { pointerIn } from "../../views/charts/frame.js";

export interface CursorOptions {
  readonly svg: SVGSVGElement;
  /** How many places there are. */
  readonly count: () => number;
  /** Where the keys start. */
  readonly start: () => number;
  /** The place at a pixel of the chart; -1: none. */
  readonly at: (x: number, y: number) => number;
  /** Marks a place and tells of it beside a point of the viewport. */
  readonly show: (place: number, x: number, y: number) => void;
  readonly hide: () => void;
  /** A click or Enter. */
  readonly pick?: (place: number) => void;
  /** A place in words, for those who do not see the chart. */
  readonly text: (place: number) => string;
}

const PAGES = 20;
/** A tooltip of the keyboard hangs this far below the top of a chart. */
const BELOW = 30;

export class ChartCursor {
  readonly #options: CursorOptions;
  #place = -1;

  constructor(options: CursorOptions) {
    this.#options = options;
    const { svg, at, pick } = options;
    svg.setAttribute("role", "slider");
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("aria-valuemin", "0");
    svg.addEventListener("pointermove", (event) => this.#move(event));
    svg.addEventListener("pointerleave", () => options.hide());
    svg.addEventListener("blur", () => options.hide());
    svg.addEventListener("keydown", (event) => this.#key(event));
    svg.addEventListener("click", (event) => {
      const { x, y } = pointerIn(svg, event);
      const place = at(x, y);
      if (place >= 0) pick?.(place);
    });
  }

  /** What the chart shows has changed. */
  reset(label: string): void {
    const { svg, count } = this.#options;
    this.#place = -1;
    svg.setAttribute("aria-label", label);
    svg.setAttribute("aria-valuemax", String(Math.max(0, count() - 1)));
    this.#announce(this.#start());
  }

  #start(): number {
    return Math.min(Math.max(0, this.#options.start()), Math.max(0, this.#options.count() - 1));
  }

  #announce(place: number): void {
    const { svg, count, text } = this.#options;
    svg.setAttribute("aria-valuenow", String(place));
    svg.setAttribute("aria-valuetext", count() > 0 ? text(place) : "nothing");
  }

  #move(event: PointerEvent): void {
    const { x, y } = pointerIn(this.#options.svg, event);
    const place = this.#options.at(x, y);
    if (place < 0) this.#options.hide();
    else this.#to(place, event.clientX, event.clientY);
  }

  #to(place: number, x: number, y: number): void {
    this.#place = place;
    this.#announce(place);
    this.#options.show(place, x, y);
  }

  #key(event: KeyboardEvent): void {
    const { svg, count, pick, hide } = this.#options;
    if (count() === 0) return;
    const from = this.#place < 0 ? this.#start() : this.#place;
    const wanted = target(event.key, from, count());
    if (event.key === "Enter" || event.key === " ") pick?.(from);
    else if (event.key === "Escape") hide();
    else if (wanted === undefined) return;
    else {
      const box = svg.getBoundingClientRect();
      this.#to(wanted, box.left + (box.width * (wanted + 0.5)) / count(), box.top + BELOW);
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function target(key: string, from: number, count: number): number | undefined {
  const page = Math.max(1, Math.round(count / PAGES));
  const moves: Partial<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    PageUp: from - page,
    PageDown: from + page,
    Home: 0,
    End: count - 1,
  };
  const wanted = moves[key];
  return wanted === undefined ? undefined : Math.min(count - 1, Math.max(0, wanted));
}
