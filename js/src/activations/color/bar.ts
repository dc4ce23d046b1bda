import { pixelColor } from "../../graph/paint/color.js";
import { h, put, style } from "../../views/dom.js";
import { isDifference } from "../subject.js";
import { numberText } from "../words.js";
import type { Colors } from "./coloring.js";
import { SPECIAL } from "./tables.js";

const STOPS = 24;

/** What the colours mean, in numbers. */
export class ColorBar {
  readonly #ramp = h("div", { class: "hl-ramp", "aria-hidden": "true" });
  readonly #ticks = h("div", { class: "hl-ramp-ticks" });
  readonly #specials = h("div", { class: "hl-ramp-specials" });
  readonly #node = h("div", { class: "hl-colorbar", role: "img", "data-testid": "haoline-colorbar" });

  constructor() {
    this.#node.append(h("div", { class: "hl-ramp-box" }, this.#ramp, this.#ticks), this.#specials);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(colors: Colors): void {
    const ticks = tickTexts(colors);
    style(this.#ramp, "background", gradient(colors));
    put(this.#ticks, ...ticks.map((text) => h("span", {}, text)));
    put(this.#specials, ...specials(colors));
    this.#node.setAttribute("aria-label", `Colours from ${ticks[0]} to ${ticks.at(-1)}`);
  }
}

/** Colours of a table at even steps, low to high. */
export function stops(colors: Colors, count = STOPS): string[] {
  const { table } = colors.shared;
  return Array.from({ length: count }, (_, i) =>
    pixelColor(table[Math.round((i * (table.length - 1)) / (count - 1))]!),
  );
}

function gradient(colors: Colors): string {
  return `linear-gradient(to right, ${stops(colors).join(", ")})`;
}

/** Numbers at the ends and in the middle; an end that values lie beyond says so. */
export function tickTexts(colors: Colors): string[] {
  if (colors.perChannel)
    return colors.table === "diverging" ? ["− most", "0", "+ most"] : ["least", "each its own", "greatest"];
  if (!colors.limits) return ["", "…", ""];
  const { low, high } = colors.shared.limits;
  const { doc, row } = colors.shown;
  const [min, max] = isDifference(colors.shown) ? [null, null] : [doc.value(row, "min"), doc.value(row, "max")];
  const middle = colors.table === "diverging" ? 0 : (low + high) / 2;
  const below = min !== null && min < low ? "≤ " : "";
  const above = max !== null && max > high ? "≥ " : "";
  return [`${below}${numberText(low)}`, numberText(middle), `${above}${numberText(high)}`];
}

function specials({ shown: { doc, row } }: Colors): HTMLElement[] {
  const [nan, inf] = [doc.value(row, "nan") ?? 0, doc.value(row, "inf") ?? 0];
  const swatch = (name: keyof typeof SPECIAL, text: string): HTMLElement =>
    h(
      "span",
      { class: "hl-special" },
      style(h("i", { "aria-hidden": "true" }), "background", pixelColor(SPECIAL[name])),
      text,
    );
  return [
    ...(nan > 0 ? [swatch("nan", "NaN")] : []),
    ...(inf > 0 ? [swatch("positive", "+Inf"), swatch("negative", "−Inf")] : []),
  ];
}
