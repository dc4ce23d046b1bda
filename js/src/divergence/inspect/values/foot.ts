import { ColorBar } from "../../../activations/color/bar.js";
import type { Colors } from "../../../activations/color/coloring.js";
import type { Showing } from "../../../activations/showing.js";
import { h } from "../../../views/dom.js";

const READ = "Hover or arrow keys read both sides";
const HINTS: Readonly<Record<Showing["kind"], string>> = {
  nothing: "",
  grid: `${READ}; click for one alone; F swaps.`,
  channel: `${READ}; wheel or + − zooms; F swaps.`,
  plane: `${READ}; click, then wheel or + − zooms; F swaps.`,
};

/** What the colours mean, and what is read off the pictures. */
export class Foot {
  readonly #values = new ColorBar();
  readonly #error = new ColorBar();
  readonly #reading = h("output", {
    class: "hl-reading",
    "aria-live": "polite",
    "data-testid": "haoline-compared-reading",
  });
  readonly #node: HTMLElement;
  #hint = "";

  constructor() {
    this.#node = h(
      "div",
      { class: "hl-pictures-foot hl-compared-foot" },
      h("div", { class: "hl-bars-of" }, named("Values", this.#values), named("Error", this.#error)),
      this.#reading,
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(values: Colors, error: Colors): void {
    this.#values.show(values);
    this.#error.show(error);
  }

  hint(kind: Showing["kind"]): void {
    const before = this.#hint;
    this.#hint = HINTS[kind];
    if (this.#reading.textContent === before || this.#reading.textContent === "") this.read("");
  }

  /** "": nothing is pointed at. */
  read(text: string): void {
    this.#reading.textContent = text || this.#hint;
    this.#reading.classList.toggle("hl-muted", text === "");
  }
}

function named(name: string, bar: ColorBar): HTMLElement {
  return h("div", { class: "hl-bar-of" }, h("span", { class: "hl-muted" }, name), bar.node());
}
