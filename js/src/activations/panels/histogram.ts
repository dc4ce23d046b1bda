import type { Histogram, Statistics } from "../../data/activations.js";
import { exact, percent, count as short } from "../../data/format.js";
import { type Box, Frame, label, line, round } from "../../views/charts/frame.js";
import type { Scale } from "../../views/charts/scale.js";
import { put, s } from "../../views/dom.js";
import { readout, type Tooltip } from "../../views/tooltip.js";
import { type AxisKind, valueAxis } from "./axis.js";
import { type Bar, countedBars, evenBars, tiniest } from "./bars.js";
import { ChartCursor } from "./cursor.js";
import { figure, span } from "./figures.js";

export interface HistogramShown {
  /** null: the values were not counted. */
  readonly histogram: Histogram | null;
  readonly statistics: Statistics;
  /** The axis of the values. */
  readonly bins: AxisKind;
  readonly counts: AxisKind;
  /** Whether the axis ends where 99.8 % of the values do. */
  readonly robust: boolean;
}

const HEIGHT = 166;
const MARGIN = { left: 52, top: 30, right: 14, bottom: 26 };
/** Pixels of a bar of the linear axis. */
const BAR = 5;
/** Pixels of a bar of one value alone, which zero has. */
const POINT = 5;
/** Values for each bar, below which to share out bins would make parts of values. */
const FEW = 4;
/** A logarithmic axis of counts starts below one value. */
const LEAST_COUNT = 0.5;

/** How often which values occur; above it the quantiles as a box. */
export class HistogramChart {
  readonly #tooltip: Tooltip;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  #shown: HistogramShown | null = null;
  #bars: readonly Bar[] = [];
  #x: Scale | null = null;
  #plot: Box | null = null;

  constructor(tooltip: Tooltip) {
    this.#tooltip = tooltip;
    const draw = (plot: Box, width: number): void => this.#draw(plot, width);
    this.#frame = new Frame({ testid: "haoline-histogram", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#bars.length,
      start: () => this.#highest(),
      at: (x) => this.#at(x),
      show: (bar, x, y) => this.#tell(bar, x, y),
      hide: () => this.#leave(),
      text: (bar) => this.#words(bar).join(", "),
    });
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  show(shown: HistogramShown): void {
    this.#shown = shown;
    this.#leave();
    this.#bars = this.#barsOf(shown, 80);
    this.#cursor.reset("Histogram of the values; arrow keys read bar by bar");
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  /** Bins are wider the further they are from zero, so that only bars of one width compare; a few values need none. */
  #barsOf(shown: HistogramShown, amount: number): Bar[] {
    const { histogram, bins } = shown;
    if (!histogram) return [];
    const [low, high] = limits(shown);
    const counted = countedBars(histogram).filter((bar) => bar.high >= low && bar.low <= high);
    if (counted.reduce((sum, { count }) => sum + count, 0) < FEW * amount) return counted;
    return evenBars(histogram, valueAxis(bins, low, high, tiniest(histogram), 0, amount), amount, bins === "log");
  }

  #draw(plot: Box, width: number): void {
    const { svg } = this.#frame;
    const shown = this.#shown;
    if (!shown) return;
    this.#bars = this.#barsOf(shown, Math.max(8, Math.round((plot.right - plot.left) / BAR)));
    const most = this.#bars.reduce((top, bar) => Math.max(top, bar.count), 0);
    if (!shown.histogram || !(most > 0)) {
      return put(svg, label(width / 2, HEIGHT / 2, "There are no finite values to count.", "middle"));
    }
    const [low, high] = limits(shown);
    const x = valueAxis(shown.bins, low, high, tiniest(shown.histogram), plot.left, plot.right);
    const y = countAxis(shown.counts, most, plot);
    this.#x = x;
    this.#plot = plot;
    put(svg, ...axes(plot, x, y), this.#shape(plot, x, y), ...quantileBox(plot, x, shown.statistics), this.#marks);
  }

  #shape(plot: Box, x: Scale, y: Scale): SVGElement {
    const path = this.#bars
      .filter((bar) => bar.count > 0)
      .map((bar) => {
        const [left, width] = extent(bar, x, plot);
        return `M${round(left)} ${plot.bottom}V${round(y(bar.count))}h${round(width)}V${plot.bottom}Z`;
      });
    return s("path", { d: path.join(""), class: "hl-histogram-bars" });
  }

  #highest(): number {
    return this.#bars.reduce((best, bar, at) => (bar.count > this.#bars[best]!.count ? at : best), 0);
  }

  #at(pixel: number): number {
    if (!this.#x || !this.#plot || this.#bars.length === 0) return -1;
    const [x, plot] = [this.#x, this.#plot];
    const under = this.#bars
      .map((bar, at) => ({ at, bar }))
      .filter(({ bar }) => {
        const [left, width] = extent(bar, x, plot);
        return pixel >= left - 0.5 && pixel <= left + width + 0.5;
      });
    // Zero alone is drawn wider than it is, over what lies beside it.
    return (under.find(({ bar }) => bar.low === bar.high) ?? under[0])?.at ?? -1;
  }

  #words(at: number): readonly string[] {
    const bar = this.#bars[at];
    if (!bar) return [];
    const total = this.#shown?.statistics["count"];
    const share = total ? ` (${percent(bar.count / total)})` : "";
    const shared = this.#shown?.bins === "linear" && !Number.isInteger(bar.count);
    return [
      bar.low === bar.high ? figure(bar.low) : span(bar.low, bar.high),
      `${shared ? "about " : ""}${exact(Math.round(bar.count))} values${share}`,
    ];
  }

  #tell(at: number, x: number, y: number): void {
    const bar = this.#bars[at];
    if (!bar || !this.#x || !this.#plot) return;
    const [left, width] = extent(bar, this.#x, this.#plot);
    const { top, bottom } = this.#plot;
    put(this.#marks, s("rect", { x: left, y: top, width, height: bottom - top, class: "hl-read-place" }));
    const [range = "", values = ""] = this.#words(at);
    this.#tooltip.at(x, y, ...readout(range, [], values));
  }

  #leave(): void {
    put(this.#marks);
    this.#tooltip.hide();
  }
}

/** The values at the ends of the axis. */
export function limits({ statistics, robust }: Pick<HistogramShown, "statistics" | "robust">): [number, number] {
  const { min, max, q001, q999 } = statistics;
  const [low, high] = robust ? [q001 ?? min, q999 ?? max] : [min, max];
  const flat = low === high;
  return [(flat ? min : low) ?? 0, (flat ? max : high) ?? 0];
}

/** Where a bar lies, within the plot and never too thin to be seen. */
function extent({ low, high }: Bar, x: Scale, plot: Box): readonly [number, number] {
  const [from, to] = [Math.max(plot.left, x(low)), Math.min(plot.right, x(high))];
  const width = Math.max(low === high ? POINT : 1.5, to - from - 0.5);
  return [Math.max(plot.left, Math.min(low === high ? from - width / 2 : from, plot.right - width)), width];
}

export function countAxis(kind: AxisKind, most: number, plot: Box): Scale {
  if (kind === "linear") {
    const axis = valueAxis("linear", 0, most, 0, plot.bottom, plot.top);
    return Object.assign(axis, { ticks: axis.ticks.filter(Number.isInteger) });
  }
  const top = Math.log10(Math.max(most, 1) / LEAST_COUNT);
  const height = plot.bottom - plot.top;
  const scale = (count: number): number =>
    plot.bottom - (Math.log10(Math.max(count, LEAST_COUNT) / LEAST_COUNT) / top) * height;
  const powers = Math.floor(Math.log10(Math.max(most, 1))) + 1;
  const stride = Math.ceil(powers / 5);
  const ticks = Array.from({ length: Math.ceil(powers / stride) }, (_, at) => 10 ** (at * stride));
  const invert = (pixel: number): number => LEAST_COUNT * 10 ** (((plot.bottom - pixel) / height) * top);
  return Object.assign(scale, { invert, ticks });
}

function axes(plot: Box, x: Scale, y: Scale): SVGElement[] {
  const rows = y.ticks.flatMap((tick) => [
    line(plot.left, y(tick), plot.right, y(tick), "hl-gridline"),
    label(plot.left - 6, y(tick) + 4, short(tick), "end"),
  ]);
  const columns = x.ticks.flatMap((tick) => [
    line(x(tick), plot.bottom, x(tick), plot.bottom + 4, "hl-axis"),
    label(x(tick), plot.bottom + 16, figure(tick), "middle"),
  ]);
  return [...rows, ...columns, line(plot.left, plot.bottom, plot.right, plot.bottom, "hl-axis")];
}

/** Whiskers from the 1st to the 99th percentile, a box from the 25th to the 75th, a stroke at the median. */
function quantileBox(plot: Box, x: Scale, { q01, q25, q50, q75, q99 }: Statistics): SVGElement[] {
  const known = [q01, q25, q50, q75, q99];
  if (!known.every((value): value is number => typeof value === "number")) return [];
  const inside = (value: number): number => round(Math.min(plot.right, Math.max(plot.left, x(value))));
  const [least, low, middle, high, most] = known.map(inside) as [number, number, number, number, number];
  const at = plot.top - 16;
  return [
    line(least, at, most, at, "hl-whisker"),
    s("rect", { x: low, y: at - 5, width: Math.max(1, high - low), height: 10, class: "hl-quantile-box" }),
    line(middle, at - 6, middle, at + 6, "hl-median"),
  ];
}
