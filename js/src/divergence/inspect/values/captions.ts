import { Segments } from "../../../activations/panels/choice.js";
import { h, put } from "../../../views/dom.js";
import type { Inspected } from "../scene.js";
import type { InspectSettings, Way } from "../settings.js";
import type { Pane } from "./pane.js";
import { variantName } from "./sides.js";

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
  readonly #handle: HTMLElement;
  #way: Way = "wipe";
  #apart: boolean | null = null;

  constructor(
    panes: readonly [Pane, Pane, Pane],
    handle: HTMLElement,
    pick: (error: InspectSettings["error"]) => void,
  ) {
    this.#panes = panes;
    this.#handle = handle;
    this.#error = new Segments({ label: "Error", options: ERRORS, pick });
    put(panes[1].caption, this.#alone);
    put(panes[2].caption, this.#error.node());
  }

  show({ divergence, row, settings }: Inspected): void {
    this.#way = settings.way;
    this.#variant.textContent = this.#alone.textContent = variantName(divergence, row);
    const apart = settings.way === "side";
    // What is put in anew drops what the reader drags.
    if (this.#apart !== apart)
      put(this.#panes[0].caption, this.#float, !apart && this.#handle, !apart && this.#variant);
    this.#apart = apart;
    this.#error.show(settings.error);
    this.wipe(settings.way === "wipe" ? settings.wipe : 1);
  }

  /** While it flickers, the name of what is in sight stands out. */
  wipe(share: number): void {
    const flickers = this.#way === "flicker";
    this.#float.toggleAttribute("data-off", flickers && share === 0);
    this.#variant.toggleAttribute("data-off", flickers && share === 1);
  }
}
