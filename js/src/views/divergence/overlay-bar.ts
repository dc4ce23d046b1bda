import { Segments } from "../../activations/panels/choice.js";
import type { ReportDocument } from "../../data/index.js";
import { h } from "../dom.js";

/** What the graphs can be coloured by at a click, and the op columns that say it; the first that there is. */
const OVERLAYS = [
  ["accumulated", "Seen here", ["error", "relative", "sqnr_db"]],
  ["local", "Made here", ["local_error", "local_sqnr_db"]],
  ["weights", "Weights", ["weight_error", "weight_sqnr_db"]],
  ["precision", "Precision", ["precision"]],
  ["none", "Category", []],
] as const satisfies readonly (readonly [string, string, readonly string[]])[];

type Overlay = (typeof OVERLAYS)[number][0];

export interface OverlayOptions {
  readonly color: (column: string) => void;
  readonly both: (both: boolean) => void;
  /** Every column to colour and size by, in sight or not. */
  readonly more: (shown: boolean) => void;
}

/** Colours for both graphs at a click, and whether both are drawn. */
export class OverlayBar {
  readonly #colors: Segments<Overlay>;
  readonly #graphs: Segments<"float" | "both">;
  readonly #more = h("button", { type: "button", class: "hl-link", "aria-expanded": "false" }, "More columns");
  readonly #node: HTMLElement;
  #report: ReportDocument | null = null;

  constructor({ color, both, more }: OverlayOptions) {
    const options = OVERLAYS.map(([name, label]) => [name, label] as const);
    this.#colors = new Segments<Overlay>({ label: "Colour", options, pick: (name) => color(this.#column(name)) });
    this.#graphs = new Segments({
      label: "Graphs",
      options: [
        ["float", "Float"],
        ["both", "Both"],
      ],
      pick: (name) => both(name === "both"),
    });
    this.#node = h(
      "div",
      { class: "hl-overlay-bar", "data-testid": "haoline-divergence-overlay" },
      this.#colors.node(),
      this.#more,
      this.#graphs.node(),
    );
    this.#more.addEventListener("click", () => {
      const shown = this.#more.getAttribute("aria-expanded") !== "true";
      this.#more.setAttribute("aria-expanded", String(shown));
      this.#more.textContent = shown ? "Fewer columns" : "More columns";
      more(shown);
    });
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#report = report;
    this.#graphs.node().hidden = report.other === null;
  }

  /** Marks what the graphs show; a column that no button names marks none. */
  show(color: string, both: boolean): void {
    // What the report does not have colours nothing.
    const known = this.#report?.ops.column(color) ? color : "";
    const chosen = OVERLAYS.find(([name, , columns]) =>
      known === "" ? name === "none" : (columns as readonly string[]).includes(known),
    );
    this.#colors.show((chosen?.[0] ?? "") as Overlay);
    this.#graphs.show(both ? "both" : "float");
  }

  #column(name: Overlay): string {
    const [, , columns] = OVERLAYS.find(([overlay]) => overlay === name) ?? OVERLAYS[0];
    return this.#report ? columnOf(this.#report, columns) : "";
  }
}

function columnOf(report: ReportDocument, names: readonly string[]): string {
  return names.find((name) => report.ops.column(name)) ?? "";
}
