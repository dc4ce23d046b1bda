import type { Limits } from "../../../activations/color/limits.js";
import { type AxisKind, valueAxis } from "../../../activations/panels/axis.js";
import { ChartCursor } from "../../../activations/panels/cursor.js";
import { figure, span } from "../../../activations/panels/figures.js";
import { countAxis } from "../../../activations/panels/histogram.js";
import { exact, percent, count as short } from "../../../data/format.js";
import type { QuantizationGrid, SharedHistogram } from "../../../data/index.js";
import { type Box, Frame, label, line, round } from "../../../views/charts/frame.js";
import type { Scale } from "../../../views/charts/scale.js";
import { put, s } from "../../../views/dom.js";
import { readout, type Tooltip } from "../../../views/tooltip.js";
import { extentOf } from "./extent.js";
import { type Levels, levelAt, levelsOf, type StepBar, type StepBars, stepBars } from "./steps.js";

export interface GridChartShown {
  readonly histogram: SharedHistogram;
  readonly grid: QuantizationGrid;
  /** Values at the ends of the axis, before those of the grid. */
  readonly values: Limits;
  readonly counts: AxisKind;
  /** "Quantized". */
  readonly word: string;
}

const HEIGHT = 192;
const MARGIN = { left: 52, top: 22, right: 16, bottom: 42 };
/** Pixels of a bar, at least. */
const BAR = 4;
/** Pixels between levels that are drawn one by one. */
const LEVEL = 4;
/** Between the axis and the ruler of the grid, and the ruler's height. */
const RULER = { gap: 4, height: 6 };
const NONE: StepBars = { float: [], variant: [] };

/** How often which values occur in both models, over the levels that the integers have; what lies beyond them is marked. */
export class GridChart {
  readonly #tooltip: Tooltip;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  #shown: GridChartShown | null = null;
  #bars = NONE;
  #x: Scale | null = null;
  #plot: Box | null = null;

  constructor(tooltip: Tooltip) {
    this.#tooltip = tooltip;
    const draw = (plot: Box): void => this.#draw(plot);
    this.#frame = new Frame({ testid: "haoline-grid-chart", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#bars.variant.length,
      start: () => this.#highest(),
      at: (x) => this.#at(x),
      show: (bar, x, y) => this.#tell(bar, x, y),
      hide: () => this.#leave(),
      text: (bar) => this.#words(bar).flat().join(", "),
    });
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  show(shown: GridChartShown): void {
    this.#shown = shown;
    this.#leave();
    this.#bars = this.#barsOf(shown, 100);
    this.#cursor.reset("Histograms of both models over the quantization grid; arrow keys read bar by bar");
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #barsOf({ histogram, grid, values }: GridChartShown, most: number): StepBars {
    const { low, high } = extentOf(values, grid);
    return stepBars(histogram, levelsOf(grid), low, high, most);
  }

  #draw(plot: Box): void {
    const shown = this.#shown;
    if (!shown) return;
    const { grid, values, counts } = shown;
    this.#bars = this.#barsOf(shown, Math.max(12, Math.floor((plot.right - plot.left) / BAR)));
    const most = [...this.#bars.float, ...this.#bars.variant].reduce((top, bar) => Math.max(top, bar.density), 0);
    const { low, high } = extentOf(values, grid);
    const x = valueAxis("linear", low, high, 0, plot.left, plot.right);
    const y = countAxis(counts, most, plot);
    [this.#x, this.#plot] = [x, plot];
    put(
      this.#frame.svg,
      ...axes(plot, x, y),
      ...beyond(plot, x, shown),
      s("path", { d: filled(this.#bars.float, plot, x, y), class: "hl-float-bars" }),
      s("path", { d: outline(this.#bars.variant, plot, x, y), class: "hl-variant-line" }),
      ...ruler(plot, x, grid, levelsOf(grid)),
      this.#marks,
    );
  }

  #highest(): number {
    const { variant } = this.#bars;
    return variant.reduce((best, bar, at) => (bar.density > variant[best]!.density ? at : best), 0);
  }

  #at(pixel: number): number {
    const [x, plot, bars] = [this.#x, this.#plot, this.#bars.variant];
    const first = bars[0];
    if (!x || !plot || !first || pixel < plot.left || pixel > plot.right) return -1;
    const at = Math.floor((x.invert(pixel) - first.low) / (first.high - first.low));
    return at >= 0 && at < bars.length ? at : -1;
  }

  /** The place of a bar; what it holds on either side, and where it lies. */
  #words(at: number): [string, string[]] {
    const [bar, shown] = [this.#bars.variant[at], this.#shown];
    if (!bar || !shown) return ["", []];

    const float = within(this.#bars.float, bar);
    return [placeOf(bar, shown.grid), [`float ${amount(float)}`, `${shown.word.toLowerCase()} ${amount(bar.count)}`]];
  }

  #tell(at: number, x: number, y: number): void {
    const [bar, axis, plot] = [this.#bars.variant[at], this.#x, this.#plot];
    if (!bar || !axis || !plot || !this.#shown) return;
    const [left, right] = [Math.max(plot.left, axis(bar.low)), Math.min(plot.right, axis(bar.high))];
    const box = {
      x: round(left),
      y: plot.top,
      width: round(Math.max(1, right - left)),
      height: plot.bottom - plot.top,
    };
    put(this.#marks, s("rect", { ...box, class: "hl-read-place" }));
    const float = within(this.#bars.float, bar);
    const rows = [
      ["Float", amount(float)],
      [this.#shown.word, amount(bar.count)],
    ] as const;
    this.#tooltip.at(x, y, ...readout(placeOf(bar, this.#shown.grid), rows, noteOf(bar, this.#shown.grid)));
  }

  #leave(): void {
    put(this.#marks);
    this.#tooltip.hide();
  }
}

/** Values of the bars that lie within a wider one. */
function within(bars: readonly StepBar[], { low, high }: StepBar): number {
  const middle = (bar: StepBar): number => (bar.low + bar.high) / 2;
  return bars.filter((bar) => middle(bar) > low && middle(bar) < high).reduce((sum, bar) => sum + bar.count, 0);
}

function amount(count: number): string {
  return `${exact(Math.round(count))} values`;
}

/** The levels that a bar holds, or its ends. */
function placeOf(bar: StepBar, grid: QuantizationGrid): string {
  const levels = levelsOf(grid);
  if (!levels) return span(bar.low, bar.high);
  const half = levels.scale / 2;
  const [first, last] = [levelAt(levels, bar.low + half), levelAt(levels, bar.high - half)];
  const value = (level: number): number => (level - levels.zeroPoint) * levels.scale;
  if (first === last) return `${figure(value(first))} (q = ${first})`;
  return `${span(value(first), value(last))} (q = ${first} to ${last})`;
}

function noteOf({ low, high }: StepBar, grid: QuantizationGrid): string {
  const middle = (low + high) / 2;
  const out =
    (grid.low !== null && middle < grid.low - (grid.scale ?? 0) / 2) ||
    (grid.high !== null && middle > grid.high + (grid.scale ?? 0) / 2);
  return out ? "Beyond the grid: these values are clipped." : "";
}

function filled(bars: readonly StepBar[], plot: Box, x: Scale, y: Scale): string {
  return bars
    .filter(({ density }) => density > 0)
    .map(({ low, high, density }) => {
      const [left, right] = ends(low, high, plot, x);
      return right > left ? `M${round(left)} ${plot.bottom}V${round(y(density))}H${round(right)}V${plot.bottom}Z` : "";
    })
    .join("");
}

/** A line over the bars, down to the axis where there are none. */
function outline(bars: readonly StepBar[], plot: Box, x: Scale, y: Scale): string {
  let [path, open] = ["", false];
  for (const { low, high, density } of bars) {
    const [left, right] = ends(low, high, plot, x);
    if (right <= left) continue;
    const top = density > 0 ? round(y(density)) : plot.bottom;
    path += open ? `V${top}H${round(right)}` : `M${round(left)} ${plot.bottom}V${top}H${round(right)}`;
    open = true;
  }
  return open ? `${path}V${plot.bottom}` : "";
}

function ends(low: number, high: number, plot: Box, x: Scale): [left: number, right: number] {
  return [Math.max(plot.left, x(low)), Math.min(plot.right, x(high))];
}

/** What lies beyond the grid, shaded, with the value where it ends. */
function beyond(plot: Box, x: Scale, { grid }: GridChartShown): SVGElement[] {
  const half = (grid.scale ?? 0) / 2;
  const sides = [
    grid.low === null ? null : ([plot.left, x(grid.low - half), grid.low, "start"] as const),
    grid.high === null ? null : ([x(grid.high + half), plot.right, grid.high, "end"] as const),
  ];
  return sides.flatMap((side) => {
    if (!side) return [];
    const [left, right] = [Math.max(plot.left, side[0]), Math.min(plot.right, side[1])];
    const edge = side[3] === "start" ? right : left;
    if (right - left < 0.5 || edge <= plot.left || edge >= plot.right) return [];
    const box = { x: round(left), y: plot.top, width: round(right - left), height: plot.bottom - plot.top };
    // The words stand on the side of the edge that has room for them.
    const inner = side[3] === "start" ? 4 : -4;
    return [
      s("rect", { ...box, class: "hl-beyond" }),
      line(edge, plot.top - 6, edge, plot.bottom, "hl-grid-end"),
      label(edge + inner, plot.top - 9, `grid ends at ${figure(side[2])}`, side[3]),
    ];
  });
}

/** The levels below the axis: one by one where they can be told apart. */
function ruler(plot: Box, x: Scale, grid: QuantizationGrid, levels: Levels | null): SVGElement[] {
  if (!levels || grid.low === null || grid.high === null) return [];
  const y = plot.bottom + RULER.gap;
  const [left, right] = [Math.max(plot.left, x(grid.low)), Math.min(plot.right, x(grid.high))];
  if (right <= left) return [];
  const box = { x: round(left), y, width: round(right - left), height: RULER.height };
  if (x(levels.scale) - x(0) < LEVEL) return [s("rect", { ...box, class: "hl-ruler" })];
  let path = "";
  const [first, last] = [levelAt(levels, x.invert(left)), levelAt(levels, x.invert(right))];
  for (let level = first; level <= last; level += 1) {
    path += `M${round(x((level - levels.zeroPoint) * levels.scale))} ${y}v${RULER.height}`;
  }
  return [s("path", { d: path, class: "hl-ruler-levels" })];
}

function axes(plot: Box, x: Scale, y: Scale): SVGElement[] {
  const rows = y.ticks.flatMap((tick) => [
    line(plot.left, y(tick), plot.right, y(tick), "hl-gridline"),
    label(plot.left - 6, y(tick) + 4, short(tick), "end"),
  ]);
  const base = plot.bottom + RULER.gap + RULER.height;
  const columns = x.ticks.flatMap((tick) => [
    line(x(tick), plot.bottom, x(tick), base + 3, "hl-gridline"),
    label(x(tick), base + 16, figure(tick), "middle"),
  ]);
  return [...rows, ...columns, line(plot.left, plot.bottom, plot.right, plot.bottom, "hl-axis")];
}

/** `0.3 % clipped`, or that nothing is. */
export function clippedText(clipped: number | null): string {
  if (clipped === null) return "";
  return clipped > 0 ? `${percent(clipped)} clipped` : "none clipped";
}
