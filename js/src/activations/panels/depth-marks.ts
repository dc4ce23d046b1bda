/** What is wrong with a tensor, as a mark in a chart and in words. */

import { label } from "../../views/charts/frame.js";
import { h } from "../../views/dom.js";
import { BROKEN, DEAD, SATURATED } from "./depth-data.js";

const FLAGS = [
  { flag: DEAD, name: "dead channels", shape: "■", className: "hl-mark-dead" },
  { flag: SATURATED, name: "saturated", shape: "◆", className: "hl-mark-saturated" },
  { flag: BROKEN, name: "NaN or infinite", shape: "✕", className: "hl-mark-broken" },
] as const;

export function flagNames(flags: number): string[] {
  return FLAGS.filter(({ flag }) => (flags & flag) !== 0).map(({ name }) => name);
}

/** The mark of the gravest flag; shapes differ as colours do. */
export function flagMark(x: number, y: number, flags: number): SVGElement {
  const { shape, className } = [...FLAGS].reverse().find(({ flag }) => (flags & flag) !== 0) ?? FLAGS[0];
  return label(x, y + 4, shape, "middle", `hl-flag ${className}`);
}

/** What colours and marks mean; of the marks only those that occur. */
export function depthLegend(used: number): HTMLElement[] {
  const item = (className: string, text: string, shape = ""): HTMLElement =>
    h(
      "span",
      { class: "hl-legend-item" },
      h("span", { class: `hl-key ${className}`, "aria-hidden": "true" }, shape),
      text,
    );
  return [
    item("hl-key-all", "min to max"),
    item("hl-key-most", "99.8 % of the values"),
    item("hl-key-sparsity", "zeros"),
    ...FLAGS.filter(({ flag }) => (used & flag) !== 0).map(({ name, shape, className }) =>
      item(className, name, shape),
    ),
  ];
}
