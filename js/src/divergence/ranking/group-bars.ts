/** Ops, categories or blocks as rows with a bar for each of the two errors. */

import { percent } from "../../data/format.js";
import { h, style, tail } from "../../views/dom.js";
import { share } from "../words.js";

export interface GroupBar {
  readonly name: string;
  readonly title: string;
  /** A word beside the name. */
  readonly note: string;
  /** Share of the signal; NaN: unknown. */
  readonly local: number;
  readonly accumulated: number;
  /** Of the power of all errors made, 0 to 1; NaN: not told. */
  readonly part: number;
  readonly selected: boolean;
  readonly onPick: () => void;
}

/** Powers of ten from the longest bar to none. */
const DECADES = 4;

export function groupBars(bars: readonly GroupBar[], heads: readonly [string, string]): HTMLElement {
  const all = bars.flatMap(({ local, accumulated }) => [local, accumulated]).filter((value) => value > 0);
  const most = all.reduce((high, value) => Math.max(high, value), 0);
  const head = h(
    "div",
    { class: "hl-group-row hl-group-head", "aria-hidden": "true" },
    h("span"),
    h("span", {}, heads[0]),
    h("span", {}, heads[1]),
  );
  return h("div", { class: "hl-group-bars" }, head, ...bars.map((bar) => row(bar, most)));
}

function row(bar: GroupBar, most: number): HTMLElement {
  const made = Number.isNaN(bar.part) ? share(bar.local) : `${share(bar.local)} · ${percent(bar.part)} of all`;
  const words = `${bar.name}: made here ${made}, seen here ${share(bar.accumulated)}`;
  return h(
    "button",
    {
      type: "button",
      class: "hl-group-row",
      title: bar.title,
      "aria-label": words,
      "aria-pressed": String(bar.selected),
      onclick: bar.onPick,
    },
    h("span", { class: "hl-group-name" }, tail(bar.name, ""), bar.note && h("small", {}, bar.note)),
    figure(bar.local, most, made, "hl-made"),
    figure(bar.accumulated, most, share(bar.accumulated), "hl-seen"),
  );
}

function figure(value: number, most: number, text: string, className: string): HTMLElement {
  const place = value > 0 && most > 0 ? 1 + Math.log10(value / most) / DECADES : 0;
  const fill = style(h("span", { class: className }), "width", `${Math.max(0, Math.min(1, place)) * 100}%`);
  return h("span", { class: "hl-group-figure" }, h("span", { class: "hl-group-track" }, fill), h("span", {}, text));
}
