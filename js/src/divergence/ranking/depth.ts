import { ChartCursor } from "../../activations/panels/cursor.js";
import { opName, opType } from "../../activations/panels/scene.js";
import type { DivergenceDocument } from "../../data/divergence.js";
import { type Box, Frame, label, line, round } from "../../views/charts/frame.js";
import { h, put, s } from "../../views/dom.js";
import { readout } from "../../views/tooltip.js";
import { errorless } from "../measures.js";
import type { ComparePart, CompareScene } from "../scene.js";
import { decibels, share } from "../words.js";
import { type Band, bandLabels, bands } from "./bands.js";
import { costliestText, type DepthErrors, depthErrors } from "./depth-data.js";
import { barsPath, type Plotted, stepsPath } from "./paths.js";

const HEIGHT = 212;
const MARGIN = { left: 58, top: 14, right: 52, bottom: 24 };
/** Pixels below the plot for what has no counterpart. */
const LANE = 7;
/** Pixels of the narrowest block that is set off from its neighbours: narrower ones are but stripes. */
const NARROWEST = 4;
/** Pixels across a mark of the costliest. */
const MARK = 15;

/** Where error is made and where it is seen: a place for each compared tensor, in execution order. */
export class DepthRanking implements ComparePart {
  readonly #scene: CompareScene;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  #data: DepthErrors | null = null;
  #bands: readonly Band[] = [];
  #selected: ReadonlySet<number> = new Set();
  #plot: Box | null = null;

  constructor(scene: CompareScene) {
    this.#scene = scene;
    const draw = (plot: Box, width: number): void => this.#draw(plot, width);
    this.#frame = new Frame({ testid: "haoline-divergence-depth", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#doc?.tensors.rows ?? 0,
      start: () => Math.max(0, this.#firstSelected()),
      at: (x) => this.#at(x),
      show: (row, x, y) => this.#tell(row, x, y),
      hide: () => this.#leave(),
      pick: (row) => this.#pick(row),
      text: (row) => this.#text(row),
    });
    this.#node = h("div", { class: "hl-divergence-depth" }, this.#frame.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: DivergenceDocument): void {
    this.#doc = doc;
    this.#data = depthErrors(doc, this.#scene.report);
    this.#bands = bands(doc, this.#scene.report);
    this.#leave();
    this.#cursor.reset("Error made and error seen over the execution order; Enter selects the op");
    this.#frame.redraw();
  }

  select(ops: readonly number[]): void {
    if (ops.join() === [...this.#selected].join()) return;
    this.#selected = new Set(ops);
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
    this.#node.remove();
  }

  #draw(box: Box, width: number): void {
    const [doc, data] = [this.#doc, this.#data];
    if (!doc || !data) return put(this.#frame.svg);
    const nothing = errorless(doc);
    const plot = { ...box, bottom: box.bottom - LANE };
    this.#plot = plot;
    const y = (value: number): number => {
      const place = (Math.log10(value) - data.low) / (data.high - data.low);
      return plot.bottom - Math.min(1, Math.max(0, place)) * (plot.bottom - plot.top);
    };
    const plotted: Plotted = { left: plot.left, right: plot.right, bottom: plot.bottom, y };
    put(
      this.#frame.svg,
      ...this.#shades(plot),
      ...(nothing ? [label(width / 2, HEIGHT / 2, nothing, "middle")] : axis(plot, data, y)),
      ...this.#selection(plot),
      s("path", { d: stepsPath(data.accumulated, plotted, true), class: "hl-seen-area" }),
      s("path", { d: barsPath(data.local, plotted), class: "hl-made" }),
      s("path", { d: stepsPath(data.accumulated, plotted, false), class: "hl-seen" }),
      ...this.#unmatched(plot, data),
      ...this.#costliest(data, y),
      ...bandLabels(this.#bands, (place) => this.#x(place), plot.bottom + LANE + 13),
      this.#marks,
    );
  }

  #shades(plot: Box): SVGElement[] {
    return this.#bands.flatMap(({ start, stop }, at) => {
      const [x, next] = [this.#x(start), this.#x(stop)];
      if (at % 2 === 0 || next - x < NARROWEST) return [];
      const height = plot.bottom + LANE - plot.top;
      return [s("rect", { x: round(x), y: plot.top, width: round(next - x), height, class: "hl-band" })];
    });
  }

  #unmatched(plot: Box, { unmatched }: DepthErrors): SVGElement[] {
    let path = "";
    for (const [row, missing] of unmatched.entries()) {
      if (missing === 0) continue;
      path += `M${round(this.#x(row))} ${plot.bottom + 2}h${round(Math.max(1, this.#width() - 0.5))}v${LANE - 3}H${round(this.#x(row))}Z`;
    }
    return path ? [s("path", { d: path, class: "hl-unmatched" })] : [];
  }

  #costliest({ marked, local, accumulated }: DepthErrors, y: (value: number) => number): SVGElement[] {
    const places: { readonly x: number; readonly y: number }[] = [];
    return marked.map((row, at) => {
      const value = local[row]! > 0 ? local[row]! : accumulated[row]!;
      const top = value > 0 ? y(value) : this.#plot!.bottom;
      const place = apart({ x: this.#x(row + 0.5), y: Math.max(this.#plot!.top, top - 9) }, places);
      places.push(place);
      const text = s("text", { x: 0, y: 3.5, "text-anchor": "middle" }, String(at + 1));
      const transform = `translate(${round(place.x)} ${round(place.y)})`;
      return s("g", { class: "hl-costliest", transform }, s("circle", { r: 7 }), text);
    });
  }

  #selection(plot: Box): SVGElement[] {
    if (!this.#doc || this.#selected.size === 0) return [];
    const width = Math.max(3, this.#width());
    const marks: SVGElement[] = [];
    for (let row = 0; row < this.#doc.tensors.rows; row += 1) {
      if (!this.#selected.has(this.#doc.opOf(row))) continue;
      const x = round(this.#x(row + 0.5) - width / 2);
      const height = plot.bottom + LANE - plot.top;
      marks.push(s("rect", { x, y: plot.top, width: round(width), height, class: "hl-depth-selected" }));
    }
    return marks;
  }

  #width(): number {
    return (this.#plot!.right - this.#plot!.left) / Math.max(1, this.#doc?.tensors.rows ?? 1);
  }

  #x(place: number): number {
    return this.#plot!.left + place * this.#width();
  }

  #at(x: number): number {
    const rows = this.#doc?.tensors.rows ?? 0;
    if (!this.#plot || rows === 0 || x < this.#plot.left || x >= this.#plot.right) return -1;
    return Math.min(rows - 1, Math.floor((x - this.#plot.left) / this.#width()));
  }

  #firstSelected(): number {
    const rows = this.#doc?.tensors.rows ?? 0;
    for (let row = 0; row < rows; row += 1) if (this.#selected.has(this.#doc!.opOf(row))) return row;
    return 0;
  }

  #pick(row: number): void {
    if (this.#doc) this.#scene.select([this.#doc.opOf(row)]);
  }

  #text(row: number): string {
    const [doc, data] = [this.#doc, this.#data];
    if (!doc || !data) return "nothing";
    const name = opName(this.#scene.report, doc.opOf(row));
    if (!doc.matched(row)) return `${name}, not compared: ${doc.text(row, "why") || "no counterpart"}`;
    return `${name}, made here ${share(data.local[row])}, seen here ${share(data.accumulated[row])}`;
  }

  #tell(row: number, x: number, y: number): void {
    const [doc, data, plot] = [this.#doc, this.#data, this.#plot];
    if (!doc || !data || !plot) return;
    put(this.#marks, line(this.#x(row + 0.5), plot.top, this.#x(row + 0.5), plot.bottom + LANE, "hl-cursor"));
    const op = doc.opOf(row);
    const { report } = this.#scene;
    const what = [opType(report, op), doc.text(row, "precision")].filter(Boolean).join(", ");
    const rows: (readonly [string, string])[] = [["Op", what]];
    const rank = Math.max(data.costliest.indexOf(row), data.marked.indexOf(row));
    if (doc.matched(row)) {
      rows.push(["Made here", both(data.local[row], doc.sqnr(row, "local"))]);
      rows.push(["Seen here", both(data.accumulated[row], doc.sqnr(row, "accumulated"))]);
    }
    const note = doc.matched(row) ? "" : `Not compared: ${doc.text(row, "why") || "no counterpart"}.`;
    const costs = rank < 0 ? "" : `Number ${rank + 1} of those that ${costliestText(doc)}.`;
    this.#scene.tooltip.at(x, y, ...readout(opName(report, op), rows, note || costs));
  }

  #leave(): void {
    put(this.#marks);
    this.#scene.tooltip.hide();
  }
}

/** Beside what stands there already, to its left. */
function apart(
  wanted: { x: number; y: number },
  places: readonly { readonly x: number; readonly y: number }[],
): {
  x: number;
  y: number;
} {
  const near = places.find(({ x, y }) => Math.hypot(x - wanted.x, y - wanted.y) < MARK);
  return near
    ? apart(
        { x: near.x - MARK - 1, y: wanted.y },
        places.filter((place) => place !== near),
      )
    : wanted;
}

function both(value: number | undefined, db: number | null): string {
  if (db === null || db === Number.POSITIVE_INFINITY) return share(value);
  return `${share(value)} · ${decibels(db)}`;
}

/** Shares of the signal on the left, the same in dB on the right. */
function axis(plot: Box, { low, high }: DepthErrors, y: (value: number) => number): SVGElement[] {
  const powers = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  const rows = powers.flatMap((power) => {
    const at = y(10 ** power);
    return [
      line(plot.left, at, plot.right, at, power === low ? "hl-axis" : "hl-gridline"),
      label(plot.left - 6, at + 4, `${Number((10 ** (power + 2)).toPrecision(1))} %`, "end"),
      label(plot.right + 6, at + 4, `${-20 * power} dB`.replace("-", "−")),
    ];
  });
  return rows;
}
