import type { Channels } from "../../../activations/maps/channels.js";
import { valueAxis } from "../../../activations/panels/axis.js";
import { capital } from "../../../activations/panels/channel-strip.js";
import { ChartCursor } from "../../../activations/panels/cursor.js";
import { figure } from "../../../activations/panels/figures.js";
import { decibels } from "../../../activations/words.js";
import { type Box, Frame, label, line, round } from "../../../views/charts/frame.js";
import type { Scale } from "../../../views/charts/scale.js";
import { put, s } from "../../../views/dom.js";
import { readout, type Tooltip } from "../../../views/tooltip.js";

export interface ErrorStripShown {
  readonly channels: Channels;
  /** Channels, worst first. */
  readonly order: readonly number[];
  /** "channel", "head", "feature". */
  readonly word: string;
  /** The channel shown alone; null: none. */
  readonly chosen: number | null;
}

const HEIGHT = 132;
const MARGIN = { left: 52, top: 8, right: 16, bottom: 36 };
/** Pixels of a place that shows one channel, at least. */
const PLACE = 3;
/** Pixels that the name of a channel takes. */
const NAME = 24;

interface Mark {
  /** The worst of the channels that share the place. */
  readonly seen: number | null;
  readonly made: number | null;
}

/** The error of each channel in dB, worst first: a bar for what is seen here, a dot for what the op makes by itself. */
export class ErrorStrip {
  readonly #tooltip: Tooltip;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  #shown: ErrorStripShown | null = null;
  #plot: Box | null = null;

  constructor(tooltip: Tooltip, pick: (channel: number) => void) {
    this.#tooltip = tooltip;
    const draw = (plot: Box): void => this.#draw(plot);
    this.#frame = new Frame({ testid: "haoline-error-strip", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#shown?.order.length ?? 0,
      start: () => Math.max(0, this.#shown?.order.indexOf(this.#shown.chosen ?? -1) ?? 0),
      at: (x) => this.#at(x),
      show: (place, x, y) => this.#tell(place, x, y),
      hide: () => this.#leave(),
      pick: (place) => pick(this.#channel(place)),
      text: (place) => `${this.#shown?.word} ${this.#channel(place)}, ${decibels(this.#value(place, "sqnr_db"))}`,
    });
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  show(shown: ErrorStripShown): void {
    this.#shown = shown;
    this.#leave();
    this.#cursor.reset(`Error of each ${shown.word}, worst first; Enter shows one alone`);
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #draw(plot: Box): void {
    const shown = this.#shown;
    if (!shown) return;
    this.#plot = plot;
    const marks = this.#marksOf(Math.floor((plot.right - plot.left) / PLACE));
    const known = marks.flatMap(({ seen, made }) => [seen, made]).filter((db): db is number => db !== null);
    const finite = known.filter(Number.isFinite);
    const high = finite.reduce((most, db) => Math.max(most, db), 0);
    const low = finite.reduce((least, db) => Math.min(least, db), 0);
    const y = valueAxis("linear", low, high > low ? high : low + 1, 0, plot.bottom, plot.top);
    put(this.#frame.svg, ...axes(plot, y, shown), ...shapes(marks, plot, y), this.#chosen(plot), this.#marks);
  }

  /** Where channels outnumber pixels, several share a place. */
  #marksOf(most: number): Mark[] {
    const count = this.#shown?.order.length ?? 0;
    const amount = Math.min(count, Math.max(1, most));
    return Array.from({ length: amount }, (_, at) => {
      const places = [Math.floor((at * count) / amount), Math.floor(((at + 1) * count) / amount)] as const;
      return { seen: this.#worst(...places, "sqnr_db"), made: this.#worst(...places, "local_sqnr_db") };
    });
  }

  #worst(first: number, stop: number, name: string): number | null {
    let worst: number | null = null;
    for (let place = first; place < stop; place += 1) {
      const value = this.#value(place, name);
      if (value !== null && (worst === null || value < worst)) worst = value;
    }
    return worst;
  }

  #value(place: number, name: string): number | null {
    return this.#shown?.channels.value(this.#channel(place), name) ?? null;
  }

  #chosen(plot: Box): SVGElement | null {
    const place = this.#shown?.order.indexOf(this.#shown.chosen ?? -1) ?? -1;
    if (place < 0) return null;
    const x = this.#middle(place, plot);
    return s("path", { d: `M${round(x)} ${plot.bottom + 1}l-4 6h8Z`, class: "hl-strip-chosen" });
  }

  #middle(place: number, plot: Box): number {
    return plot.left + ((place + 0.5) / (this.#shown?.order.length || 1)) * (plot.right - plot.left);
  }

  #at(pixel: number): number {
    const count = this.#shown?.order.length ?? 0;
    if (!this.#plot || count === 0) return -1;
    const { left, right } = this.#plot;
    if (pixel < left || pixel > right) return -1;
    return Math.min(count - 1, Math.floor(((pixel - left) / (right - left)) * count));
  }

  #channel(place: number): number {
    return this.#shown?.order[place] ?? -1;
  }

  #tell(place: number, x: number, y: number): void {
    if (!this.#plot || !this.#shown) return;
    const middle = this.#middle(place, this.#plot);
    put(this.#marks, line(middle, this.#plot.top, middle, this.#plot.bottom, "hl-cursor"));
    const rows: (readonly [string, string])[] = [["Seen here", decibels(this.#value(place, "sqnr_db"))]];
    const made = this.#value(place, "local_sqnr_db");
    if (made !== null) rows.push(["Made here", decibels(made)]);
    const most = this.#value(place, "max_abs");
    if (most !== null) rows.push(["Largest error", figure(most)]);
    this.#tooltip.at(x, y, ...readout(`${capital(this.#shown.word)} ${this.#channel(place)}`, rows));
  }

  #leave(): void {
    put(this.#marks);
    this.#tooltip.hide();
  }
}

function shapes(marks: readonly Mark[], plot: Box, y: Scale): SVGElement[] {
  const step = (plot.right - plot.left) / marks.length;
  // Gaps of part of a pixel would shimmer.
  const width = step < 5 ? step + 0.2 : Math.min(14, step * 0.7);
  const top = (db: number): number => Math.max(plot.top, Math.min(plot.bottom, y(db)));
  let [bars, dots] = ["", ""];
  for (const [at, { seen, made }] of marks.entries()) {
    const middle = plot.left + (at + 0.5) * step;
    const left = round(middle - width / 2);
    // An error as large as the signal itself still leaves a bar to be seen.
    if (seen !== null)
      bars += `M${left} ${round(y(0))}V${round(atLeast(top(seen), y(0)))}h${round(width)}V${round(y(0))}Z`;
    if (made !== null) dots += `M${left} ${round(top(made))}h${round(width)}`;
  }
  return [s("path", { d: bars, class: "hl-seen-bars" }), s("path", { d: dots, class: "hl-made-marks" })];
}

function atLeast(top: number, zero: number): number {
  return Math.abs(top - zero) < 1 ? zero - 1 : top;
}

function axes(plot: Box, y: Scale, { word, order }: ErrorStripShown): SVGElement[] {
  const rows = y.ticks.flatMap((tick) => [
    line(plot.left, y(tick), plot.right, y(tick), tick === 0 ? "hl-axis" : "hl-gridline"),
    label(plot.left - 6, y(tick) + 4, `${tick} dB`.replace("-", "−"), "end"),
  ]);
  return [...rows, ...names(plot, order), ...ends(plot, word, order)];
}

/** The channels below their bars, where there is room for all. */
function names(plot: Box, order: readonly number[]): SVGElement[] {
  const step = (plot.right - plot.left) / order.length;
  if (step < NAME) return [];
  return order.map((channel, at) => label(plot.left + (at + 0.5) * step, plot.bottom + 17, String(channel), "middle"));
}

function ends(plot: Box, word: string, order: readonly number[]): SVGElement[] {
  const base = plot.bottom + 30;
  const named = (plot.right - plot.left) / order.length >= NAME;
  const [worst, best] = named ? ["worst", "best"] : [`worst: ${order[0]}`, `best: ${order.at(-1)}`];
  const middle = label((plot.left + plot.right) / 2, base, `${capital(word)}s by error`, "middle", "hl-axis-title");
  return [
    label(plot.left, base, worst),
    ...(plot.right - plot.left > 300 ? [middle] : []),
    label(plot.right, base, best, "end"),
  ];
}
