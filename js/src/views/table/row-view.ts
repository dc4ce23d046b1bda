import { h, put, style, tail } from "../dom.js";
import { categoryColor } from "../palette.js";
import type { TableColumn } from "./columns.js";

/** One reusable line of the table. */
export class RowView {
  #node = h("div", { class: "hl-row", role: "row" });
  #cells: HTMLElement[] = [];
  #columns: readonly TableColumn[] = [];
  row = -1;

  node(): HTMLElement {
    return this.#node;
  }

  /** Show an op. `selected` and `active` are how the table marks it. */
  fill(row: number, position: number, columns: readonly TableColumn[], category: string): void {
    if (columns !== this.#columns) this.#build(columns);
    this.row = row;
    this.#node.id = `${this.#node.dataset["prefix"]}-${row}`;
    this.#node.setAttribute("aria-rowindex", String(position + 2));
    style(this.#node, "--hl-dot", categoryColor(category));
    for (const [at, column] of columns.entries()) this.#fillCell(this.#cells[at] as HTMLElement, column, row);
  }

  mark(selected: boolean, active: boolean): void {
    this.#node.setAttribute("aria-selected", String(selected));
    this.#node.classList.toggle("hl-active", active);
  }

  #build(columns: readonly TableColumn[]): void {
    this.#columns = columns;
    this.#cells = columns.map((column) =>
      h("div", { role: "gridcell", class: `hl-cell${column.numeric ? " hl-num" : ""}`, "data-column": column.id }),
    );
    put(this.#node, ...this.#cells);
  }

  #fillCell(cell: HTMLElement, column: TableColumn, row: number): void {
    const text = column.text(row);
    if (column.id === "name") return put(cell, tail(text, ""));
    cell.textContent = text;
    if (!column.numeric) cell.title = text;
    const value = Number(column.value(row) ?? 0);
    cell.classList.toggle("hl-zero", column.numeric && value === 0);
    if (column.largest === 0) return;
    const share = Math.max(0, value) / column.largest;
    style(cell, "--hl-share", share.toFixed(4));
  }
}
