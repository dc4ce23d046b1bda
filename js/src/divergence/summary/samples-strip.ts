import { ChartCursor } from "../../activations/panels/cursor.js";
import type { DivergenceDocument, OutputDivergence } from "../../data/divergence.js";
import { Frame, round } from "../../views/charts/frame.js";
import { h, put, s } from "../../views/dom.js";
import { readout, type Tooltip } from "../../views/tooltip.js";
import { cosine, decibels } from "../words.js";

const HEIGHT = 34;
/** From the best to the worst sample, at least: equal samples are not to look as if they differed. */
const LEAST_SPAN = 6;

interface Options {
  readonly tooltip: Tooltip;
  readonly choose: (sample: number) => void;
}

/** How well each sample fares, as a bar of dB; the worst is marked, a click shows a sample. */
export class SamplesStrip {
  readonly #options: Options;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #worst = h("button", { type: "button", class: "hl-link" });
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  #values: readonly (number | null)[] = [];
  #output: OutputDivergence | null = null;
  #sample = 0;
  #left = 0;
  #right = 1;

  constructor(options: Options) {
    this.#options = options;
    const margin = { left: 0, top: 2, right: 0, bottom: 1 };
    this.#frame = new Frame({
      testid: "haoline-divergence-samples",
      height: HEIGHT,
      margin,
      draw: ({ left, right }) => this.#draw(left, right),
    });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#values.length,
      start: () => this.#sample,
      at: (x) => this.#at(x),
      show: (sample, x, y) => this.#tell(sample, x, y),
      hide: () => this.#options.tooltip.hide(),
      pick: (sample) => this.#options.choose(sample),
      text: (sample) => `${this.#label(sample)}, ${decibels(this.#values[sample])}`,
    });
    this.#worst.addEventListener("click", () => this.#options.choose(this.worst));
    const head = h("div", { class: "hl-samples-head" }, h("span", { class: "hl-muted" }, "Samples"), this.#worst);
    this.#node = h("div", { class: "hl-samples" }, head, this.#frame.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** The sample with the lowest signal to noise; -1 where none is known. */
  get worst(): number {
    let found = -1;
    for (const [sample, value] of this.#values.entries())
      if (value !== null && (found < 0 || value < this.#values[found]!)) found = sample;
    return found;
  }

  update(doc: DivergenceDocument, output: OutputDivergence): void {
    this.#doc = doc;
    this.#output = output;
    this.#values = output.samples.sqnr_db;
    this.#node.hidden = this.#values.length < 2;
    this.#worst.hidden = this.worst < 0;
    this.#worst.textContent = this.worst < 0 ? "" : `worst: ${this.#label(this.worst)}`;
    this.#cursor.reset("Signal to noise of each sample; Enter shows the sample");
    this.#frame.redraw();
  }

  select(sample: number): void {
    if (sample === this.#sample) return;
    this.#sample = sample;
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #draw(left: number, right: number): void {
    [this.#left, this.#right] = [left, right];
    const known = this.#values.filter((value): value is number => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const floor = Math.min(low - 1, high - LEAST_SPAN);
    const { worst } = this;
    const width = (right - left) / Math.max(1, this.#values.length);
    const bars = this.#values.map((value, sample) => {
      const height = value === null ? 0 : Math.max(2, ((value - floor) / (high - floor)) * (HEIGHT - 4));
      const marks = [sample === worst ? "hl-worst" : "", sample === this.#sample ? "hl-current" : ""].join(" ");
      const gap = width > 3 ? 1 : 0;
      return s("rect", {
        x: round(left + sample * width),
        y: round(HEIGHT - 1 - height),
        width: round(Math.max(0.5, width - gap)),
        height: round(height),
        class: `hl-sample-mark ${marks}`,
      });
    });
    put(this.#frame.svg, ...bars);
  }

  #at(x: number): number {
    const at = Math.floor(((x - this.#left) / (this.#right - this.#left)) * this.#values.length);
    return at >= 0 && at < this.#values.length ? at : -1;
  }

  #label(sample: number): string {
    return this.#doc?.header.samples[sample]?.label || `sample ${sample + 1}`;
  }

  #tell(sample: number, x: number, y: number): void {
    const rows: [string, string][] = [
      ["Signal to noise", decibels(this.#values[sample])],
      ["Cosine", cosine(this.#output?.samples.cosine[sample])],
    ];
    this.#options.tooltip.at(x, y, ...readout(this.#label(sample), rows));
  }
}
