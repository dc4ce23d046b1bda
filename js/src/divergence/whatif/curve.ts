import { ChartCursor } from "../../activations/panels/cursor.js";
import { type Box, Frame, label, line, round } from "../../views/charts/frame.js";
import { linear } from "../../views/charts/scale.js";
import { h, put, s } from "../../views/dom.js";
import { readout, type Tooltip } from "../../views/tooltip.js";
import { plural } from "../../views/units.js";
import { cosine, decibels } from "../words.js";
import type { Outcome } from "./predict.js";

const HEIGHT = 122;
const MARGIN = { left: 46, top: 10, right: 10, bottom: 34 };

export interface CurveData {
  /** Predicted signal to noise with the costliest 0, 1, 2, … ops float. */
  readonly values: Float64Array;
  /** How many of the costliest are float now; -1: the plan is another. */
  readonly at: number;
  readonly predict: (count: number) => Outcome;
}

/** What keeping the costliest ops float would bring, one after the other; a click keeps so many. */
export class KeepCurve {
  readonly #tooltip: Tooltip;
  readonly #keep: (count: number) => void;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  readonly #node: HTMLElement;
  #data: CurveData | null = null;
  #plot: Box | null = null;

  constructor(tooltip: Tooltip, keep: (count: number) => void) {
    this.#tooltip = tooltip;
    this.#keep = keep;
    const draw = (plot: Box): void => this.#draw(plot);
    this.#frame = new Frame({ testid: "haoline-keep-curve", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#data?.values.length ?? 0,
      start: () => Math.max(0, this.#data?.at ?? 0),
      at: (x) => this.#at(x),
      show: (count, x, y) => this.#tell(count, x, y),
      hide: () => this.#leave(),
      pick: (count) => this.#keep(count),
      text: (count) => `${plural(count, "op")} float, predicted ${decibels(this.#data?.values[count])}`,
    });
    this.#node = h("div", { class: "hl-keep-curve" }, this.#frame.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(data: CurveData): void {
    this.#data = data;
    this.#cursor.reset("Predicted signal to noise over how many of the costliest ops stay float; Enter keeps so many");
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #draw(plot: Box): void {
    const data = this.#data;
    if (!data) return;
    this.#plot = plot;
    const known = [...data.values].filter(Number.isFinite);
    const [low, high] = [Math.min(0, ...known), Math.max(1, ...known)];
    const scale = linear(high - low, plot.bottom, plot.top, 4);
    const y = (value: number): number => Math.max(plot.top, scale(value - low));
    const rows = scale.ticks.flatMap((tick) => [
      line(plot.left, scale(tick), plot.right, scale(tick), tick === 0 ? "hl-axis" : "hl-gridline"),
      label(plot.left - 6, scale(tick) + 4, `${Math.round(tick + low)} dB`.replace("-", "−"), "end"),
    ]);
    put(
      this.#frame.svg,
      ...rows,
      s("path", { d: this.#path(data.values, y), class: "hl-curve hl-predicted-curve" }),
      ...this.#ticks(plot, data.values.length - 1),
      ...(data.at >= 0 && Number.isFinite(data.values[data.at])
        ? [
            s("circle", {
              cx: round(this.#x(data.at)),
              cy: round(y(data.values[data.at]!)),
              r: 4,
              class: "hl-curve-dot",
            }),
          ]
        : []),
      this.#marks,
    );
  }

  #ticks(plot: Box, most: number): SVGElement[] {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((size) => most / size <= 8) ?? most;
    const marks: SVGElement[] = [];
    for (let count = 0; count <= most; count += step) {
      marks.push(label(this.#x(count), plot.bottom + 14, String(count), "middle"));
    }
    const title = "costliest ops kept float (predicted)";
    marks.push(label((plot.left + plot.right) / 2, plot.bottom + 29, title, "middle", "hl-axis-title"));
    return marks;
  }

  #path(values: Float64Array, y: (value: number) => number): string {
    let path = "";
    for (const [count, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      path += `${path ? "L" : "M"}${round(this.#x(count))} ${round(Number.isFinite(value) ? y(value) : this.#plot!.top)}`;
    }
    return path;
  }

  #x(count: number): number {
    const most = Math.max(1, (this.#data?.values.length ?? 1) - 1);
    return this.#plot!.left + (count / most) * (this.#plot!.right - this.#plot!.left);
  }

  #at(x: number): number {
    const [data, plot] = [this.#data, this.#plot];
    if (!data || !plot || x < plot.left - 8 || x > plot.right + 8) return -1;
    const most = data.values.length - 1;
    return Math.min(most, Math.max(0, Math.round(((x - plot.left) / (plot.right - plot.left)) * most)));
  }

  #tell(count: number, x: number, y: number): void {
    const [data, plot] = [this.#data, this.#plot];
    if (!data || !plot) return;
    put(this.#marks, line(this.#x(count), plot.top, this.#x(count), plot.bottom, "hl-cursor"));
    const outcome = data.predict(count);
    const rows: [string, string][] = [
      ["Signal to noise", decibels(data.values[count])],
      ["Cosine", cosine(outcome.cosine)],
    ];
    this.#tooltip.at(x, y, ...readout(`${plural(count, "op")} float`, rows, "Predicted."));
  }

  #leave(): void {
    put(this.#marks);
    this.#tooltip.hide();
  }
}
