import { Cleanup } from "../cleanup.js";
import { h, s } from "../dom.js";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface FrameOptions {
  readonly testid: string;
  readonly height: number;
  readonly margin: Box;
  /** Called when there is room to draw, and again whenever the width changes. */
  readonly draw: (plot: Box, width: number) => void;
}

/** An SVG as wide as its column, which a chart draws in pixels. */
export class Frame {
  readonly svg: SVGSVGElement;
  #options: FrameOptions;
  #node: HTMLElement;
  #cleanup = new Cleanup();
  #width = 0;

  constructor(options: FrameOptions) {
    this.#options = options;
    this.svg = s("svg", { class: "hl-chart", height: options.height, "data-testid": options.testid });
    this.#node = h("div", { class: "hl-chart-box" }, this.svg);
    this.#cleanup.resize(this.#node, (width) => this.#resize(Math.floor(width)));
  }

  node(): HTMLElement {
    return this.#node;
  }

  redraw(): void {
    if (this.#width < 80) return;
    const { margin, height } = this.#options;
    const plot = {
      left: margin.left,
      top: margin.top,
      right: this.#width - margin.right,
      bottom: height - margin.bottom,
    };
    this.#options.draw(plot, this.#width);
  }

  dispose(): void {
    this.#cleanup.dispose();
  }

  #resize(width: number): void {
    if (width === this.#width) return;
    this.#width = width;
    this.svg.setAttribute("width", String(width));
    this.redraw();
  }
}

/** Words of a chart. */
export function label(x: number, y: number, text: string, anchor = "start", className = "hl-tick"): SVGTextElement {
  return s("text", { x: round(x), y: round(y), "text-anchor": anchor, class: className }, text);
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): SVGLineElement {
  return s("line", { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), class: className });
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Where a pointer is, in the pixels of an SVG. */
export function pointerIn(svg: SVGSVGElement, event: MouseEvent): { x: number; y: number } {
  const box = svg.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
