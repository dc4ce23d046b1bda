/** Ops, categories or blocks as rows with a bar for each of the two errors. */

import { percent } from "../../data/format.js";
import { h, style, tail } from "../../views/dom.js";
import { share } from "../words.js";

export interface GroupFigure {
  /** What it is, for the head of its column. */
  readonly label: string;
  /** Share of the signal; NaN: unknown. */
  readonly value: number;
  /** Of the power of all of them, 0 to 1; NaN: not told. */
  readonly part?: number;
  readonly className: "hl-made" | "hl-seen" | "hl-costs";
}

export interface GroupBar {
  readonly name: string;
  readonly title: string;
  /** A word beside the name. */
  readonly note: string;
  readonly figures: readonly GroupFigure[];
  readonly selected: boolean;
  readonly onPick: () => void;
}

/** Powers of ten from the longest bar to none. */
const DECADES = 4;

/** Rows with bars of one length scale. */
export function groupBars(bars: readonly GroupBar[]): HTMLElement {
  const most = bars.flatMap(({ figures }) => figures).reduce((high, { value }) => (value > high ? value : high), 0);
  const heads = (bars[0]?.figures ?? []).map(({ label }) => h("span", {}, label));
  const head = h("div", { class: "hl-group-row hl-group-head", "aria-hidden": "true" }, h("span"), ...heads);
  const list = h("div", { class: "hl-group-bars" }, head, ...bars.map((bar) => row(bar, most)));
  list.dataset["figures"] = String(heads.length);
  return list;
}

function row(bar: GroupBar, most: number): HTMLElement {
  const words = bar.figures.map((figure) => `${figure.label} ${textOf(figure)}`);
  return h(
    "button",
    {
      type: "button",
      class: "hl-group-row",
      title: bar.title,
      "aria-label": `${bar.name}: ${words.join(", ")}`,
      "aria-pressed": String(bar.selected),
      onclick: bar.onPick,
    },
    h("span", { class: "hl-group-name" }, tail(bar.name, ""), bar.note && h("small", {}, bar.note)),
    ...bar.figures.map((figure) => drawn(figure, most)),
  );
}

function textOf({ value, part = Number.NaN }: GroupFigure): string {
  return Number.isNaN(part) ? share(value) : `${share(value)} · ${percent(part)} of all`;
}

function drawn(figure: GroupFigure, most: number): HTMLElement {
  const { value, className } = figure;
  const place = value > 0 && most > 0 ? 1 + Math.log10(value / most) / DECADES : 0;
  const fill = style(h("span", { class: className }), "width", `${Math.max(0, Math.min(1, place)) * 100}%`);
  return h(
    "span",
    { class: "hl-group-figure" },
    h("span", { class: "hl-group-track" }, fill),
    h("span", {}, textOf(figure)),
  );
}
