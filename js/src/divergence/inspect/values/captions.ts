import { Segments } from "../../../activations/panels/choice.js";
import { decibels } from "../../../activations/words.js";
import { h, put } from "../../../views/dom.js";
import type { Inspected } from "../scene.js";
import type { InspectSettings, Way } from "../settings.js";
import type { Pane } from "./pane.js";
import { variantWord } from "./sides.js";

const ERRORS: readonly (readonly [InspectSettings["error"], string])[] = [
  ["difference", "seen here"],
  ["local", "made here"],
];

/** What each picture is, above it. */
export class Captions {
  readonly #panes: readonly [Pane, Pane, Pane];
  readonly #float = h("span", { class: "hl-pane-name" }, "Float");
  readonly #variant = h("span", { class: "hl-pane-name" });
  readonly #alone = h("span", { class: "hl-pane-name" });
  readonly #error: Segments<InspectSettings["error"]>;
  readonly #figure = h("span", { class: "hl-pane-figure" });
  #way: Way = "wipe";

  constructor(panes: readonly [Pane, Pane, Pane], pick: (error: InspectSettings["error"]) => void) {
    this.#panes = panes;
    this.#error = new Segments({ label: "Error", options: ERRORS, pick });
    put(panes[1].caption, this.#alone);
    put(panes[2].caption, this.#error.node(), this.#figure);
  }

  show({ divergence, row, settings }: Inspected): void {
    this.#way = settings.way;
    const precision = divergence.text(row, "precision");
    const word = variantWord(divergence, row);
    const name = precision && precision.toLowerCase() !== word.toLowerCase() ? `${word} (${precision})` : word;
    this.#variant.textContent = this.#alone.textContent = name;
    put(this.#panes[0].caption, this.#float, settings.way !== "side" && this.#variant);
    this.#error.show(settings.error);
    const kind = settings.error === "local" ? "local" : "accumulated";
    this.#figure.textContent = decibels(divergence.sqnr(row, kind));
    this.wipe(settings.way === "wipe" ? settings.wipe : 1);
  }

  /** While it flickers, the name of what is in sight stands out. */
  wipe(share: number): void {
    const flickers = this.#way === "flicker";
    this.#float.toggleAttribute("data-off", flickers && share === 0);
    this.#variant.toggleAttribute("data-off", flickers && share === 1);
  }
}
