import type { ActivationsDocument } from "../../data/activations.js";
import { percent } from "../../data/format.js";
import { type Box, Frame, label, line, round } from "../../views/charts/frame.js";
import type { Scale } from "../../views/charts/scale.js";
import { h, put, s } from "../../views/dom.js";
import { readout } from "../../views/tooltip.js";
import { valueAxis } from "./axis.js";
import { ChartCursor } from "./cursor.js";
import { type DepthData, depthData, extreme, SATURATED, tiniestEnd } from "./depth-data.js";
import { depthLegend, flagMark, flagNames } from "./depth-marks.js";
import { figure, span } from "./figures.js";
import { opName, opType, type PanelScene, tensorName } from "./scene.js";

/** Powers of ten: a scale that explodes must leave the rest in sight. */
const DECADES = 40;
const HEIGHT = 168;
const MARGIN = { left: 52, top: 10, right: 12, bottom: 20 };
/** Pixels of the lane of sparsity, of the lane of marks, and between them. */
const LANES = { sparsity: 30, marks: 12, gap: 6 };

/** How range and sparsity evolve through the model: a place for each captured tensor, in execution order. */
export class DepthChart {
  readonly #scene: PanelScene;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #legend = h("div", { class: "hl-legend hl-depth-legend" });
  readonly #marks = s("g");
  readonly #node: HTMLElement;
  #doc: ActivationsDocument | null = null;
  #data: DepthData | null = null;
  #selected: ReadonlySet<number> = new Set();
  #row = -1;
  #plot: Box | null = null;

  constructor(scene: PanelScene) {
    this.#scene = scene;
    const draw = (plot: Box, width: number): void => this.#draw(plot, width);
    this.#frame = new Frame({ testid: "haoline-depth", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#data?.rows.length ?? 0,
      start: () => Math.max(0, this.#data?.rows.indexOf(this.#row) ?? 0),
      at: (x) => this.#at(x),
      show: (place, x, y) => this.#tell(place, x, y),
      hide: () => this.#leave(),
      pick: (place) => this.#pick(place),
      text: (place) => this.#text(place),
    });
    this.#node = h("div", { class: "hl-depth" }, this.#legend, this.#frame.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: ActivationsDocument): void {
    this.#doc = doc;
    this.#data = depthData(doc, this.#scene.report);
    const used = this.#data.flags.reduce((all, flags) => all | flags, 0);
    put(this.#legend, ...depthLegend(used));
    this.#leave();
    this.#cursor.reset("Range and sparsity over the execution order; Enter selects the op");
    this.#frame.redraw();
  }

  /** Marks the selected ops, and the tensor that is shown of them. */
  select(ops: readonly number[], row: number): void {
    if (row === this.#row && ops.join() === [...this.#selected].join()) return;
    this.#selected = new Set(ops);
    this.#row = row;
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
    this.#node.remove();
  }

  #draw(plot: Box, width: number): void {
    const data = this.#data;
    if (!data || data.rows.length === 0) {
      return put(this.#frame.svg, label(width / 2, HEIGHT / 2, "Nothing was captured.", "middle"));
    }
    this.#plot = plot;
    const sparsity = { ...plot, top: plot.bottom - LANES.sparsity };
    const lane = sparsity.top - LANES.gap - LANES.marks / 2;
    const range = { ...plot, bottom: lane - LANES.marks / 2 - LANES.gap };
    put(
      this.#frame.svg,
      ...this.#selection(plot),
      ...this.#ranges(range, data),
      ...this.#flags(lane, data),
      ...this.#sparsity(sparsity, data),
      label(plot.left, plot.bottom + 15, "first op"),
      label(plot.right, plot.bottom + 15, "last op", "end"),
      this.#marks,
    );
  }

  /** From min to max faint, 99.8 % of the values strong. */
  #ranges(plot: Box, data: DepthData): SVGElement[] {
    const [low, high] = [
      extreme(data.min, 0, data.rows.length, Math.min),
      extreme(data.max, 0, data.rows.length, Math.max),
    ];
    const y = valueAxis("log", Math.min(0, low), Math.max(0, high), tiniestEnd(data), plot.bottom, plot.top, DECADES);
    const rows = y.ticks.flatMap((tick) => [
      line(plot.left, y(tick), plot.right, y(tick), tick === 0 ? "hl-axis" : "hl-gridline"),
      label(plot.left - 6, y(tick) + 4, figure(tick), "end"),
    ]);
    return [
      ...rows,
      s("path", { d: this.#band(data.min, data.max, y), class: "hl-range-all" }),
      s("path", { d: this.#band(data.low, data.high, y), class: "hl-range-most" }),
    ];
  }

  #sparsity(plot: Box, data: DepthData): SVGElement[] {
    const y = valueAxis("linear", 0, 1, 0, plot.bottom, plot.top);
    const zero = new Float64Array(data.rows.length);
    return [
      line(plot.left, plot.top, plot.right, plot.top, "hl-gridline"),
      line(plot.left, plot.bottom, plot.right, plot.bottom, "hl-axis"),
      label(plot.left - 6, plot.top + 6, "100 %", "end"),
      label(plot.left - 6, plot.bottom + 2, "0", "end"),
      s("path", { d: this.#band(zero, data.sparsity, y), class: "hl-sparsity" }),
    ];
  }

  /** A bar per tensor; where tensors outnumber pixels, the span from least to greatest of each pixel. */
  #band(low: Float64Array, high: Float64Array, y: Scale): string {
    const { left, right } = this.#plot!;
    const count = low.length;
    const steps = Math.min(count, Math.floor(right - left));
    let path = "";
    for (let step = 0; step < steps; step += 1) {
      const [from, to] = [Math.floor((step * count) / steps), Math.floor(((step + 1) * count) / steps)];
      const [least, most] = [extreme(low, from, to, Math.min), extreme(high, from, to, Math.max)];
      if (Number.isNaN(least) || Number.isNaN(most)) continue;
      const [x, next] = [left + ((right - left) * step) / steps, left + ((right - left) * (step + 1)) / steps];
      const gap = next - x > 5 ? 1 : 0;
      const [bottom, top] = [y(least), Math.min(y(most), y(least) - 0.8)];
      path += `M${round(x)} ${round(bottom)}H${round(next - gap)}V${round(top)}H${round(x)}Z`;
    }
    return path;
  }

  #flags(y: number, data: DepthData): SVGElement[] {
    const marks: SVGElement[] = [];
    // One mark a pixel is enough, the gravest of them.
    const drawn = new Map<number, number>();
    for (const [place, flags] of data.flags.entries()) {
      if (flags === 0) continue;
      const x = Math.round(this.#middle(place));
      drawn.set(x, Math.max(drawn.get(x) ?? 0, flags));
    }
    for (const [x, flags] of drawn) marks.push(flagMark(x, y, flags));
    return marks;
  }

  #selection(plot: Box): SVGElement[] {
    const [doc, data] = [this.#doc, this.#data];
    if (!doc || !data) return [];
    const width = Math.max(2, (plot.right - plot.left) / data.rows.length);
    const marks: SVGElement[] = [];
    for (const [place, row] of data.rows.entries()) {
      if (row !== this.#row && !this.#selected.has(doc.opOf(row))) continue;
      const x = round(this.#middle(place) - width / 2);
      const className = row === this.#row ? "hl-depth-shown" : "hl-depth-selected";
      marks.push(s("rect", { x, y: plot.top, width: round(width), height: plot.bottom - plot.top, class: className }));
    }
    return marks;
  }

  #middle(place: number): number {
    const { left, right } = this.#plot!;
    return left + ((place + 0.5) / (this.#data?.rows.length || 1)) * (right - left);
  }

  #at(pixel: number): number {
    const count = this.#data?.rows.length ?? 0;
    if (!this.#plot || count === 0) return -1;
    const { left, right } = this.#plot;
    return Math.min(count - 1, Math.max(0, Math.floor(((pixel - left) / (right - left)) * count)));
  }

  #pick(place: number): void {
    const row = this.#data?.rows[place] ?? -1;
    const op = this.#doc?.opOf(row) ?? -1;
    if (!this.#doc || op < 0) return;
    this.#scene.select([op]);
    // Of several outputs the view has chosen one.
    if (this.#row !== row) this.#scene.pick(this.#doc.tensorOf(row));
  }

  #text(place: number): string {
    const [data, doc] = [this.#data, this.#doc];
    const row = data?.rows[place] ?? -1;
    if (!data || !doc || row < 0) return "";
    const flags = flagNames(data.flags[place]!);
    const range = span(data.min[place], data.max[place]);
    return [opName(this.#scene.report, doc.opOf(row)), range, `${percent(data.sparsity[place])} zeros`, ...flags].join(
      ", ",
    );
  }

  #tell(place: number, x: number, y: number): void {
    const [data, doc] = [this.#data, this.#doc];
    const row = data?.rows[place] ?? -1;
    if (!data || !doc || row < 0 || !this.#plot) return;
    const middle = this.#middle(place);
    put(this.#marks, line(middle, this.#plot.top, middle, this.#plot.bottom, "hl-cursor"));
    const { report } = this.#scene;
    const op = doc.opOf(row);
    const dead = doc.value(row, "dead_channels") ?? 0;
    const broken = (doc.value(row, "nan") ?? 0) + (doc.value(row, "inf") ?? 0);
    const rows: (readonly [string, string])[] = [
      ["Op", `${opType(report, op)}, ${doc.tensors.text("shape")?.at(row) ?? ""}`],
      ["Range", span(data.min[place], data.max[place])],
      ["99.8 %", span(data.low[place], data.high[place])],
      ["Zeros", percent(data.sparsity[place])],
    ];
    if (dead > 0) rows.push(["Dead channels", `${figure(dead)} of ${figure(doc.value(row, "channels"))}`]);
    if (data.flags[place]! & SATURATED) rows.push(["Saturated", percent(doc.value(row, "saturation"))]);
    if (broken > 0) rows.push(["NaN or infinite", figure(broken)]);
    this.#scene.tooltip.at(x, y, ...readout(opName(report, op) || tensorName(report, doc.tensorOf(row)), rows));
  }

  #leave(): void {
    put(this.#marks);
    this.#scene.tooltip.hide();
  }
}
