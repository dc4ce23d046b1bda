/** The legend of amounts: histogram, ramp, ticks, a brush and the choice of the scale. */

import { format, type NumericColumn } from "../../../data/index.js";
import type { RangeLegend } from "../../overlay/legend.js";
import { rangeTerm } from "../../overlay/query-text.js";
import { AUTO, countBetween, place, type ScaleChoice, valueAt } from "../../overlay/scale.js";
import { tickText, valueText } from "../../overlay/ticks.js";
import { element } from "../dom.js";
import { Brush } from "./brush.js";
import { unknownSwatch } from "./keys.js";
import { bars, rampBar, rangeLabel, tickRow } from "./plot.js";

export interface RangeActions {
  /** A query for the chosen values, "" for all; null where these rows cannot be asked for. */
  readonly brushed: ((query: string, range: readonly [number, number] | null) => void) | null;
  /** The user wants another scale; null where there is no choice. */
  readonly rescaled: ((choice: ScaleChoice) => void) | null;
}

const WORDS: Readonly<Record<ScaleChoice["kind"], string>> = { auto: "Auto", linear: "Linear", log: "Log" };

export class RangeSection {
  readonly #column: NumericColumn;
  readonly #legend: RangeLegend;
  readonly #actions: RangeActions;
  readonly #noun: string;
  readonly #body = element("div", "haoline-legend-body");
  readonly #notes = element("div", "haoline-legend-notes");
  readonly #below = element("div", "haoline-legend-below");
  readonly #stretch = element("button", "haoline-legend-choice", "Stretch");
  #brush: Brush | null = null;
  #part: readonly [number, number] | null = null;

  constructor(column: NumericColumn, legend: RangeLegend, noun: string, actions: RangeActions) {
    this.#column = column;
    this.#legend = legend;
    this.#actions = actions;
    this.#noun = noun;
    this.#build();
  }

  node(): HTMLElement {
    return this.#body;
  }

  /** Shows everything again, without calling back. */
  clear(): void {
    this.resume(null);
  }

  /** Shows a range that was chosen before, without calling back. */
  resume(range: readonly [number, number] | null): void {
    const { scale } = this.#legend;
    const [low, high] = range && scale ? [place(scale, range[0]), place(scale, range[1])] : [0, 1];
    this.#brush?.put(low, high);
    this.#part = this.#brush && (low > 0 || high < 1) ? [low, high] : null;
    this.#note();
  }

  #build(): void {
    const { scale, colors, histogram } = this.#legend;
    const { label } = this.#column.info;
    if (scale && histogram) {
      const plot = element("div", "haoline-legend-plot");
      plot.append(bars(histogram.counts, colors), rampBar(colors));
      this.#body.append(plot, this.#below);
      if (this.#actions.brushed && scale.max > scale.min) this.#brush = this.#makeBrush(plot, label);
    }
    const foot = element("div", "haoline-legend-foot");
    foot.append(this.#notes, ...(this.#actions.rescaled && scale ? [this.#choices()] : []));
    this.#body.append(foot, element("p", "haoline-legend-spoken", this.#summary()));
    this.#note();
  }

  #makeBrush(plot: HTMLElement, label: string): Brush {
    plot.title = "Drag to show ops of these values only, double click for all";
    return new Brush(plot, label, {
      value: (at) => this.#value(at),
      text: (at) => valueText(this.#value(at), this.#column.info.unit),
      changed: (part) => {
        this.#part = part;
        this.#note();
        const range = part && this.#range(part);
        this.#actions.brushed?.(range ? rangeTerm(this.#column.info.name, ...range) : "", range);
      },
    });
  }

  /** In few digits; the ends hold every value, wherever the scale itself ends. */
  #value(at: number): number {
    const { scale, sorted } = this.#legend;
    if (!scale) return 0;
    const short = Number(valueAt(scale, at).toPrecision(4));
    if (at <= 0) return Math.min(short, sorted[0] ?? short);
    return at >= 1 ? Math.max(short, sorted.at(-1) ?? short) : short;
  }

  #range([low, high]: readonly [number, number]): [number, number] {
    return [this.#value(low), this.#value(high)];
  }

  #note(): void {
    const { scale, sorted } = this.#legend;
    const { unit } = this.#column.info;
    this.#stretch.hidden = !this.#part || this.#part[0] >= this.#part[1];
    if (!this.#part) {
      this.#notes.replaceChildren(...this.#exceptions());
      if (scale) this.#below.replaceChildren(tickRow(scale, unit));
      return;
    }
    const [low, high] = this.#range(this.#part);
    const count = `${format.exact(countBetween(sorted, low, high))} of ${format.exact(sorted.length)}`;
    this.#notes.replaceChildren(element("span", "", count));
    this.#below.replaceChildren(rangeLabel(`${tickText(low, unit)} – ${tickText(high, unit)}`));
  }

  /** Values that the ramp does not show as they are. */
  #exceptions(): HTMLElement[] {
    const { sorted, unknown, histogram, scale } = this.#legend;
    const { unit } = this.#column.info;
    const notes: string[] = [];
    if (histogram?.zeros) notes.push(`zero: ${format.exact(histogram.zeros)}`);
    if (histogram?.infinite) notes.push(`infinite: ${format.exact(histogram.infinite)}`);
    const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
    if (scale && least < scale.min && scale.kind !== "log") notes.push(`from ${tickText(least, unit)}`);
    if (scale && most > scale.max) notes.push(`up to ${tickText(most, unit)}`);
    const spans = notes.map((note) => element("span", "", note));
    return unknown ? [...spans, unknownSwatch(`unknown: ${format.exact(unknown)} ${this.#noun}`)] : spans;
  }

  #choices(): HTMLElement {
    const { kinds, choice } = this.#legend;
    const row = element("div", "haoline-legend-choices");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Scale");
    this.#stretch.type = "button";
    this.#stretch.title = "Spread the colours over the chosen values";
    this.#stretch.addEventListener("click", () => this.#spread());
    row.append(this.#stretch);
    for (const kind of kinds) {
      const on = choice.domain === null && choice.kind === kind;
      row.append(this.#choice(WORDS[kind], on, () => this.#actions.rescaled?.({ ...AUTO, kind })));
    }
    return row;
  }

  #choice(text: string, on: boolean, act: () => void): HTMLElement {
    const made = element("button", "haoline-legend-choice", text);
    made.type = "button";
    made.setAttribute("aria-pressed", String(on));
    made.addEventListener("click", act);
    return made;
  }

  #spread(): void {
    const { scale, choice } = this.#legend;
    if (!this.#part || !scale) return;
    const [from, to] = this.#part;
    const domain = [valueAt(scale, from), valueAt(scale, to)] as const;
    this.#actions.rescaled?.({ kind: scale.kind === "diverging" ? choice.kind : scale.kind, domain });
  }

  /** For a screen reader. */
  #summary(): string {
    const { sorted, scale, unknown } = this.#legend;
    const { unit, label } = this.#column.info;
    const none = unknown ? ` Unknown for ${format.exact(unknown)} ${this.#noun}.` : "";
    if (!scale || sorted.length === 0) return `${label}: no known value.${none}`;
    const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!];
    const text = (value: number): string => valueText(value, unit);
    const count = `${format.exact(sorted.length)} ${this.#noun}`;
    return `${label} of ${count}, from ${text(least)} to ${text(most)}, half of them up to ${text(middle)}; ${scale.kind} scale.${none}`;
  }
}
