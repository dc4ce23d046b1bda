import { format, type ReportDocument } from "../../data/index.js";
import { put, s } from "../dom.js";
import { readout } from "../tooltip.js";
import type { Scene } from "../view.js";
import { type Box, Frame, label, line, pointerIn, round } from "./frame.js";
import { linear, type Scale } from "./scale.js";

const { bytes, percent } = format;

/** Bytes alive over the execution order, with the peak marked. */
export class LivenessChart {
  #scene: Scene;
  #frame: Frame;
  #ops: Int32Array = new Int32Array();
  #live: ArrayLike<number> = [];
  #names: (op: number) => string = () => "";
  #peak = -1;
  #cursor = -1;
  #selected: readonly number[] = [];
  #x: Scale | null = null;
  #marks = s("g");

  constructor(scene: Scene) {
    this.#scene = scene;
    const margin = { left: 76, top: 22, right: 16, bottom: 42 };
    const testid = "haoline-memory-chart";
    this.#frame = new Frame({ testid, height: 250, margin, draw: (plot, width) => this.#draw(plot, width) });
    this.#listen();
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  /** Position of the peak in the memory table, -1 where nothing is known. */
  get peak(): number {
    return this.#peak;
  }

  update(report: ReportDocument): void {
    this.#ops = report.memory.indices("op");
    this.#live = report.memory.numeric("live_bytes")?.values ?? [];
    this.#names = (op) => report.ops.text("name")?.at(op) ?? "";
    this.#peak = highest(this.#live);
    this.#describe();
    this.#frame.redraw();
  }

  select(ops: readonly number[]): void {
    this.#selected = ops;
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #listen(): void {
    const { svg } = this.#frame;
    svg.addEventListener("pointermove", (event) => this.#moveTo(this.#positionAt(pointerIn(svg, event).x), event));
    svg.addEventListener("pointerleave", () => this.#leave());
    svg.addEventListener("blur", () => this.#leave());
    svg.addEventListener("click", (event) => this.#pick(this.#positionAt(pointerIn(svg, event).x)));
    svg.addEventListener("keydown", (event) => this.#keydown(event));
  }

  #describe(): void {
    const { svg } = this.#frame;
    const last = Math.max(0, this.#live.length - 1);
    const facts = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": last };
    for (const [name, value] of Object.entries(facts)) svg.setAttribute(name, String(value));
    svg.setAttribute("aria-label", "Live activation bytes over the execution order; Enter selects the op");
    this.#announce(Math.max(0, this.#peak));
  }

  #announce(position: number): void {
    this.#frame.svg.setAttribute("aria-valuenow", String(position));
    this.#frame.svg.setAttribute("aria-valuetext", `${this.#name(position)}, ${bytes(this.#live[position])} alive`);
  }

  #draw(plot: Box, width: number): void {
    const { svg } = this.#frame;
    const most = this.#live[this.#peak] ?? 0;
    if (!(most > 0)) return put(svg, label(width / 2, 120, "The live bytes of this model are not known.", "middle"));
    const x = linear(1, plot.left, plot.right, 1);
    const y = linear(most, plot.bottom, plot.top, 4, 1024);
    this.#x = Object.assign((at: number) => x(at / this.#live.length), {
      invert: (pixel: number) => x.invert(pixel) * this.#live.length,
      ticks: [],
    });
    this.#marks = s("g");
    put(
      svg,
      ...this.#axes(plot, y),
      ...this.#curve(plot, y),
      ...this.#selection(plot),
      ...this.#peakMark(plot, y),
      this.#marks,
    );
  }

  #axes(plot: Box, y: Scale): SVGElement[] {
    const rows = y.ticks.flatMap((tick) => [
      line(plot.left, y(tick), plot.right, y(tick), tick === 0 ? "hl-axis" : "hl-gridline"),
      label(plot.left - 8, y(tick) + 4, bytes(tick), "end"),
    ]);
    const last = this.#live.length - 1;
    const columns = [0, 0.25, 0.5, 0.75, 1].map((share) =>
      label(
        plot.left + share * (plot.right - plot.left),
        plot.bottom + 16,
        Math.round(share * last).toLocaleString("en-US"),
        share === 0 ? "start" : share === 1 ? "end" : "middle",
      ),
    );
    const middle = (plot.left + plot.right) / 2;
    return [
      ...rows,
      ...columns,
      label(middle, plot.bottom + 34, "Position in the execution order", "middle", "hl-axis-title"),
    ];
  }

  /** A step per op; where ops outnumber pixels, the span from lowest to highest of each pixel. */
  #curve(plot: Box, y: Scale): SVGElement[] {
    const steps = Math.min(this.#live.length, Math.floor(plot.right - plot.left));
    const top = this.#path(steps, y, Math.max);
    const close = `V${plot.bottom}H${plot.left}Z`;
    const areas = [s("path", { d: top + close, class: "hl-area" })];
    if (steps < this.#live.length)
      areas.push(s("path", { d: this.#path(steps, y, Math.min) + close, class: "hl-area" }));
    return [...areas, s("path", { d: top, class: "hl-curve" })];
  }

  #path(steps: number, y: Scale, pick: (a: number, b: number) => number): string {
    const x = this.#x as Scale;
    let path = "";
    for (let step = 0; step < steps; step += 1) {
      const from = Math.floor((step * this.#live.length) / steps);
      const to = Math.floor(((step + 1) * this.#live.length) / steps);
      const height = round(y(extreme(this.#live, from, to, pick)));
      path += `${step === 0 ? "M" : "L"}${round(x(from))} ${height}H${round(x(to))}`;
    }
    return path;
  }

  #peakMark(plot: Box, y: Scale): SVGElement[] {
    const at = (this.#x as Scale)(this.#peak + 0.5);
    const top = y(this.#live[this.#peak] as number);
    const text = `Peak ${bytes(this.#live[this.#peak])} at ${shorten(this.#name(this.#peak), 44)}`;
    const right = at > (plot.left + plot.right) / 2;
    return [
      line(at, top, at, plot.bottom, "hl-peak-line"),
      s("circle", { cx: round(at), cy: round(top), r: 4, class: "hl-peak-dot" }),
      label(right ? at - 8 : at + 8, Math.max(14, top - 8), text, right ? "end" : "start", "hl-peak-label"),
    ];
  }

  #selection(plot: Box): SVGElement[] {
    if (this.#selected.length === 0 || this.#selected.length > 200) return [];
    const wanted = new Set(this.#selected);
    const marks: SVGElement[] = [];
    for (const [position, op] of this.#ops.entries()) {
      if (!wanted.has(op)) continue;
      const at = (this.#x as Scale)(position + 0.5);
      marks.push(line(at, plot.top, at, plot.bottom, "hl-selected-line"));
    }
    return marks;
  }

  #positionAt(pixel: number): number {
    if (!this.#x) return -1;
    return Math.min(this.#live.length - 1, Math.max(0, Math.floor(this.#x.invert(pixel))));
  }

  #moveTo(position: number, event?: MouseEvent): void {
    if (position < 0 || !this.#x) return;
    this.#cursor = position;
    this.#announce(position);
    const at = this.#x(position + 0.5);
    put(this.#marks, line(at, 22, at, 208, "hl-cursor"));
    const box = this.#frame.svg.getBoundingClientRect();
    const share = (this.#live[position] ?? 0) / (this.#live[this.#peak] ?? 1);
    const rows = [
      ["Alive", bytes(this.#live[position])],
      ["Of the peak", percent(share)],
      ["Position", position.toLocaleString("en-US")],
    ] as const;
    this.#scene.tooltip.at(
      event?.clientX ?? box.left + at,
      event?.clientY ?? box.top + 40,
      ...readout(this.#name(position), rows),
    );
  }

  #leave(): void {
    put(this.#marks);
    this.#scene.tooltip.hide();
  }

  #pick(position: number): void {
    const op = this.#ops[position];
    if (op !== undefined && op >= 0) this.#scene.select([op]);
  }

  #keydown(event: KeyboardEvent): void {
    const from = this.#cursor < 0 ? this.#peak : this.#cursor;
    const last = this.#live.length - 1;
    const page = Math.max(1, Math.round(last / 20));
    const moves: Partial<Record<string, number>> = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      PageUp: from - page,
      PageDown: from + page,
      Home: 0,
      End: last,
    };
    const wanted = moves[event.key];
    if (event.key === "Enter" || event.key === " ") this.#pick(from);
    else if (wanted !== undefined) this.#moveTo(Math.min(last, Math.max(0, wanted)));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #name(position: number): string {
    return this.#names(this.#ops[position] ?? -1) || `op ${position}`;
  }
}

/** The end of a long name tells more than its start. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(1 - length)}`;
}

function highest(values: ArrayLike<number>): number {
  let best = -1;
  for (let at = 0; at < values.length; at += 1) {
    if (best < 0 || (values[at] as number) > (values[best] as number)) best = at;
  }
  return best;
}

function extreme(values: ArrayLike<number>, from: number, to: number, pick: (a: number, b: number) => number): number {
  let found = values[from] || 0;
  for (let at = from + 1; at < to; at += 1) found = pick(found, values[at] || 0);
  return found;
}
