import { h, style, tail } from "../dom.js";

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly note?: string;
  readonly color: string;
  readonly onPick: () => void;
}

/** Horizontal bars as buttons, longest value filling the track. */
export function barList(bars: readonly Bar[]): HTMLElement {
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  return h("div", { class: "hl-bars" }, ...bars.map((bar) => barRow(bar, bar.value / most)));
}

function barRow(bar: Bar, share: number): HTMLElement {
  const fill = style(style(h("span", { class: "hl-bar-fill" }), "width", `${share * 100}%`), "background", bar.color);
  return h(
    "button",
    { type: "button", class: "hl-bar", title: `Select: ${bar.label}`, onclick: bar.onPick },
    tail(bar.label, "hl-bar-label"),
    h("span", { class: "hl-bar-track", "aria-hidden": "true" }, fill),
    h("span", { class: "hl-bar-text" }, bar.text),
    h("span", { class: "hl-bar-note" }, bar.note ?? ""),
  );
}

/** A colour with its meaning. */
export function legendItem(name: string, text: string, color: string): HTMLElement {
  const key = style(h("span", { class: "hl-dot" }), "background", color);
  return h("span", { class: "hl-legend-item" }, key, name, text && h("span", { class: "hl-muted" }, ` ${text}`));
}
