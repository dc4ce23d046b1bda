import { h, put } from "./dom.js";
import { readout, type Tooltip } from "./tooltip.js";

export interface Stat {
  readonly label: string;
  readonly value: string;
  /** Where the number comes from: counted, estimated, measured, declared. */
  readonly provenance: string;
  /** A short line under the value. */
  readonly note?: string;
  readonly details: readonly (readonly [string, string])[];
  readonly explanation: string;
}

/** One headline number with its origin; hover or focus tells the exact figure and how it is known. */
export class StatTile {
  #label = h("span", { class: "hl-stat-label" });
  #value = h("span", { class: "hl-stat-value" });
  #note = h("span", { class: "hl-stat-note" });
  #provenance = h("span", { class: "hl-provenance" });
  #node: HTMLElement;
  #stat: Stat | null = null;

  constructor(id: string, tooltip: Tooltip) {
    this.#node = h(
      "div",
      { class: "hl-stat", tabindex: "0", role: "group", "data-testid": `haoline-stat-${id}` },
      this.#label,
      this.#value,
      h("span", { class: "hl-stat-foot" }, this.#provenance, this.#note),
    );
    tooltip.attach(this.#node, () =>
      this.#stat ? readout(this.#stat.label, this.#stat.details, this.#stat.explanation) : [],
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(stat: Stat): void {
    this.#stat = stat;
    this.#label.textContent = stat.label;
    put(this.#value, ...valueParts(stat.value));
    this.#note.textContent = stat.note ?? "";
    this.#provenance.textContent = stat.provenance;
    this.#provenance.dataset["provenance"] = stat.provenance;
    const exact = stat.details.map(([label, value]) => `${label} ${value}`).join(", ");
    this.#node.setAttribute("aria-label", `${stat.label}: ${stat.value}, ${stat.provenance}. ${exact}`);
  }
}

/** The number large, its unit small. */
function valueParts(text: string): (Node | string)[] {
  const space = text.indexOf(" ");
  if (space < 0) return [text];
  return [text.slice(0, space), h("span", { class: "hl-stat-unit" }, ` ${text.slice(space + 1)}`)];
}
