import { percent } from "../../data/format.js";
import { type Box, Frame, label, line, round } from "../../views/charts/frame.js";
import type { Scale } from "../../views/charts/scale.js";
import { put, s } from "../../views/dom.js";
import { readout, type Tooltip } from "../../views/tooltip.js";
import type { Channels } from "../maps/channels.js";
import { type AxisKind, valueAxis } from "./axis.js";
import { type ChannelBox, channelBoxes } from "./channel-boxes.js";
import { ChartCursor } from "./cursor.js";
import { figure, span } from "./figures.js";

export interface StripShown {
  readonly channels: Channels;
  /** Channels in the order shown. */
  readonly order: ArrayLike<number>;
  readonly axis: AxisKind;
  /** "channel", "head". */
  readonly word: string;
  /** The channel shown alone; null: none. */
  readonly chosen: number | null;
}

const HEIGHT = 150;
const MARGIN = { left: 52, top: 8, right: 14, bottom: 34 };
/** Pixels of a box that shows one channel, at least. */
const BOX = 3;
/** Of the largest magnitude: what is smaller does not tell channels apart. */
const SMALL = 1e-3;

/** A box for each channel: from min to max, wide from mean − std to mean + std, a stroke at the mean. */
export class ChannelStrip {
  readonly #tooltip: Tooltip;
  readonly #frame: Frame;
  readonly #cursor: ChartCursor;
  readonly #marks = s("g");
  #shown: StripShown | null = null;
  #boxes: readonly ChannelBox[] = [];
  #plot: Box | null = null;

  constructor(tooltip: Tooltip, pick: (channel: number) => void) {
    this.#tooltip = tooltip;
    const draw = (plot: Box): void => this.#draw(plot);
    this.#frame = new Frame({ testid: "haoline-channel-strip", height: HEIGHT, margin: MARGIN, draw });
    this.#cursor = new ChartCursor({
      svg: this.#frame.svg,
      count: () => this.#shown?.order.length ?? 0,
      start: () => this.#placeOf(this.#shown?.chosen ?? -1),
      at: (x) => this.#at(x),
      show: (place, x, y) => this.#tell(place, x, y),
      hide: () => this.#leave(),
      pick: (place) => pick(this.#channel(place)),
      text: (place) => this.#text(place),
    });
  }

  node(): HTMLElement {
    return this.#frame.node();
  }

  show(shown: StripShown): void {
    this.#shown = shown;
    this.#leave();
    this.#cursor.reset("Range of each channel; Enter shows the channel alone");
    this.#frame.redraw();
  }

  dispose(): void {
    this.#frame.dispose();
  }

  #draw(plot: Box): void {
    const shown = this.#shown;
    if (!shown) return;
    this.#plot = plot;
    this.#boxes = channelBoxes(shown.channels, shown.order, Math.floor((plot.right - plot.left) / BOX));
    const known = this.#boxes.filter((box) => !Number.isNaN(box.mean));
    const low = known.reduce((least, box) => Math.min(least, box.min), Infinity);
    const high = known.reduce((most, box) => Math.max(most, box.max), -Infinity);
    const y = valueAxis(shown.axis, low, high, SMALL * Math.max(-low, high), plot.bottom, plot.top);
    put(this.#frame.svg, ...axes(plot, y, shown), ...this.#shapes(plot, y), this.#chosen(plot), this.#marks);
  }

  #shapes(plot: Box, y: Scale): SVGElement[] {
    const step = (plot.right - plot.left) / this.#boxes.length;
    const width = Math.max(1.2, Math.min(12, step * 0.64));
    let [whiskers, bodies, means] = ["", "", ""];
    const marks: SVGElement[] = [];
    for (const [at, box] of this.#boxes.entries()) {
      const middle = plot.left + (at + 0.5) * step;
      if (box.dead || box.outlier) marks.push(mark(middle, plot.bottom + 7, box, step));
      if (Number.isNaN(box.mean)) continue;
      const [left, right] = [round(middle - width / 2), round(middle + width / 2)];
      whiskers += `M${round(middle)} ${round(y(box.min))}V${round(y(box.max))}`;
      bodies += `M${left} ${round(y(box.low))}H${right}V${round(y(box.high))}H${left}Z`;
      means += `M${left} ${round(y(box.mean))}H${right}`;
    }
    return [
      s("path", { d: whiskers, class: "hl-whisker" }),
      s("path", { d: bodies, class: "hl-quantile-box" }),
      s("path", { d: means, class: "hl-median" }),
      ...marks,
    ];
  }

  #chosen(plot: Box): SVGElement | null {
    const place = this.#placeOf(this.#shown?.chosen ?? -1);
    return place < 0
      ? null
      : line(this.#middle(place, plot), plot.top, this.#middle(place, plot), plot.bottom, "hl-selected-line");
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

  #placeOf(channel: number): number {
    const order = this.#shown?.order;
    return order ? Array.prototype.indexOf.call(order, channel) : -1;
  }

  #text(place: number): string {
    const [channels, channel] = [this.#shown?.channels, this.#channel(place)];
    if (!channels) return "";
    const state = channels.is(channel, "dead") ? ", dead" : channels.is(channel, "outlier") ? ", outlier" : "";
    return `${this.#shown?.word} ${channel}, ${span(channels.value(channel, "min"), channels.value(channel, "max"))}${state}`;
  }

  #tell(place: number, x: number, y: number): void {
    const [channels, channel] = [this.#shown?.channels, this.#channel(place)];
    if (!channels || !this.#plot) return;
    const middle = this.#middle(place, this.#plot);
    put(this.#marks, line(middle, this.#plot.top, middle, this.#plot.bottom, "hl-cursor"));
    const rows = [
      ["Range", span(channels.value(channel, "min"), channels.value(channel, "max"))],
      ["Mean ± std", `${figure(channels.value(channel, "mean"))} ± ${figure(channels.value(channel, "std"))}`],
      ["Zeros", percent(channels.value(channel, "sparsity"))],
    ] as const;
    const state = channels.is(channel, "dead") ? " is dead" : channels.is(channel, "outlier") ? " is an outlier" : "";
    this.#tooltip.at(x, y, ...readout(`${capital(this.#shown?.word ?? "")} ${channel}${state}`, rows));
  }

  #leave(): void {
    put(this.#marks);
    this.#tooltip.hide();
  }
}

/** A square below a channel that is dead, a triangle below an outlier: told apart without colour. */
function mark(x: number, y: number, { dead }: ChannelBox, step: number): SVGElement {
  const half = Math.max(2.5, Math.min(4, step / 2));
  if (dead) {
    return s("rect", {
      x: round(x - half),
      y: round(y - half),
      width: 2 * half,
      height: 2 * half,
      class: "hl-mark-dead",
    });
  }
  const path = `M${round(x - half)} ${round(y + half)}h${2 * half}l${-half} ${-2 * half}Z`;
  return s("path", { d: path, class: "hl-mark-outlier" });
}

function axes(plot: Box, y: Scale, { order, word }: StripShown): SVGElement[] {
  const rows = y.ticks.flatMap((tick) => [
    line(plot.left, y(tick), plot.right, y(tick), tick === 0 ? "hl-axis" : "hl-gridline"),
    label(plot.left - 6, y(tick) + 4, figure(tick), "end"),
  ]);
  const middle = (plot.left + plot.right) / 2;
  return [
    ...rows,
    label(plot.left, plot.bottom + 26, String(order[0] ?? "")),
    label(plot.right, plot.bottom + 26, String(order[order.length - 1] ?? ""), "end"),
    label(middle, plot.bottom + 26, capital(word), "middle", "hl-axis-title"),
  ];
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
