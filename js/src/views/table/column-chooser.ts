import { h, put } from "../dom.js";
import { Popover } from "../popover.js";
import type { TableColumn } from "./columns.js";

/** A button with a list of check boxes, one per column. */
export class ColumnChooser {
  #button = h("button", { type: "button", class: "hl-button", "data-testid": "haoline-table-columns" }, "Columns");
  #list = h("fieldset", { class: "hl-columns" });
  #popover = new Popover(this.#button, "Columns", this.#list);
  #onChange: (id: string, shown: boolean) => void;

  constructor(onChange: (id: string, shown: boolean) => void) {
    this.#onChange = onChange;
  }

  nodes(): HTMLElement[] {
    return [this.#button, this.#popover.node()];
  }

  update(columns: readonly TableColumn[], shown: ReadonlySet<string>): void {
    const items = columns.map((column) => this.#item(column, shown.has(column.id)));
    put(this.#list, h("legend", {}, "Show columns"), ...items);
  }

  dispose(): void {
    this.#popover.dispose();
  }

  #item(column: TableColumn, checked: boolean): HTMLElement {
    const box = h("input", { type: "checkbox", checked });
    box.disabled = column.id === "name";
    box.addEventListener("change", () => this.#onChange(column.id, box.checked));
    return h("label", { title: column.description }, box, column.label);
  }
}
