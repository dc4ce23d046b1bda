import type { Column } from "../data/index.js";
import { h, put } from "./dom.js";

const ORIGINS = ["measured", "estimated", "counted", "declared"];

export interface ColumnPickerOptions {
  readonly label: string;
  readonly testid: string;
  /** What stands for no column. */
  readonly none: string;
  readonly pick: (column: string) => void;
}

/** A choice of one column, grouped by where its numbers come from. */
export class ColumnPicker {
  readonly #none: string;
  readonly #select: HTMLSelectElement;
  readonly #node: HTMLElement;

  constructor({ label, testid, none, pick }: ColumnPickerOptions) {
    this.#none = none;
    this.#select = h("select", { class: "hl-input", "data-testid": testid });
    this.#select.addEventListener("change", () => pick(this.#select.value));
    this.#node = h("label", { class: "hl-pick" }, label, this.#select);
  }

  node(): HTMLElement {
    return this.#node;
  }

  /** Offers these columns and shows which is chosen. */
  update(columns: readonly Column[], chosen: string): void {
    const known = columns.map(({ info }) => info.provenance);
    const origins = [...new Set([...ORIGINS.filter((origin) => known.includes(origin)), ...known])];
    const groups = origins.map((origin) => {
      const own = columns.filter(({ info }) => info.provenance === origin);
      return h("optgroup", { label: capital(origin) }, ...own.map(option));
    });
    put(this.#select, h("option", { value: "" }, this.#none), ...groups);
    this.show(chosen);
  }

  /** A column that is not offered shows as none. */
  show(chosen: string): void {
    this.#select.value = chosen;
    if (this.#select.selectedIndex < 0) this.#select.value = "";
  }
}

function option({ info }: Column): HTMLElement {
  const text = info.unit ? `${info.label} (${info.unit})` : info.label;
  return h("option", { value: info.name, title: info.description }, text);
}

function capital(word: string): string {
  return word ? word.charAt(0).toUpperCase() + word.slice(1) : "Other";
}
