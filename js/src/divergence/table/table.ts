import type { DivergenceDocument } from "../../data/divergence.js";
import { Cleanup } from "../../views/cleanup.js";
import { h } from "../../views/dom.js";
import { ColumnChooser } from "../../views/table/column-chooser.js";
import type { TableColumn } from "../../views/table/columns.js";
import { csv, download } from "../../views/table/csv.js";
import { Grid } from "../../views/table/grid.js";
import { type Sort, sortRows } from "../../views/table/order.js";
import { ranking } from "../measures.js";
import type { ComparePart, CompareScene } from "../scene.js";
import { compareColumns, fileCell, LEAST_FIRST, SHOWN_FIRST } from "./columns.js";

/** Every compared tensor as a row: sort, filter, choose columns, take away. */
export class CompareTable implements ComparePart {
  readonly #scene: CompareScene;
  readonly #cleanup = new Cleanup();
  readonly #text = h("input", {
    type: "search",
    class: "hl-input hl-grow",
    placeholder: "Filter by name, type, precision or scope",
    "aria-label": "Filter the table",
    spellcheck: "false",
    "data-testid": "haoline-divergence-filter",
  });
  readonly #amount = h("span", { class: "hl-muted hl-amount", role: "status" });
  readonly #shown = new Set(SHOWN_FIRST);
  readonly #chooser = new ColumnChooser((id, shown) => this.#toggle(id, shown));
  readonly #grid: Grid;
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  #columns: readonly TableColumn[] = [];
  #texts: readonly string[] = [];
  /** undefined: as the comparison suggests; null: in execution order. */
  #sort: Sort | null | undefined;
  #order: Uint32Array = new Uint32Array();

  constructor(scene: CompareScene) {
    this.#scene = scene;
    const events = {
      sort: (column: string) => this.#sortBy(column),
      select: (rows: number[]) => this.#select(rows),
      copy: () => undefined,
    };
    this.#grid = new Grid(events, this.#cleanup);
    this.#grid.node().setAttribute("aria-label", "Compared ops");
    this.#grid.node().dataset["testid"] = "haoline-divergence-table";
    this.#node = h("div", { class: "hl-layers" }, this.#toolbar(), this.#grid.node());
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: DivergenceDocument): void {
    this.#doc = doc;
    this.#columns = compareColumns(doc, this.#scene.report);
    const found = this.#columns.filter(({ id }) => ["name", "type", "precision", "scope", "matched"].includes(id));
    this.#texts = Array.from({ length: doc.tensors.rows }, (_, row) =>
      found.map((column) => column.text(row).toLowerCase()).join("\n"),
    );
    this.#chooser.update(this.#columns, this.#shown);
    this.#arrange();
  }

  select(ops: readonly number[]): void {
    this.#grid.setSelection(ops.flatMap((op) => [...(this.#doc?.rowsOfOp(op) ?? [])]));
  }

  /** The table was out of sight, where nothing can be scrolled to. */
  reveal(): void {
    this.#grid.refresh();
    this.#grid.revealSelection();
  }

  dispose(): void {
    this.#chooser.dispose();
    this.#cleanup.dispose();
    this.#node.remove();
  }

  #toolbar(): HTMLElement {
    const save = h("button", { type: "button", class: "hl-button", onclick: () => this.#download() }, "CSV");
    save.title = "Download the rows and columns shown as CSV";
    this.#text.addEventListener("input", () => this.#arrange());
    const tools = [this.#text, this.#amount, ...this.#chooser.nodes(), save];
    return h("div", { class: "hl-toolbar", role: "toolbar", "aria-label": "Table tools" }, ...tools);
  }

  #arrange(): void {
    const doc = this.#doc;
    if (!doc) return;
    const words = this.#text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.#texts.flatMap((text, row) => (words.every((word) => text.includes(word)) ? [row] : []));
    const sort = this.#sorted(doc);
    const column = this.#columns.find(({ id }) => id === sort?.column);
    this.#order = sortRows(Uint32Array.from(rows), column, sort?.descending ?? false);
    const total = doc.tensors.rows.toLocaleString("en-US");
    const all = rows.length === doc.tensors.rows;
    this.#amount.textContent = all ? `${total} tensors` : `${rows.length.toLocaleString("en-US")} of ${total} tensors`;
    this.#grid.setColumns(this.#visible(), sort);
    const categories = this.#scene.report.ops.text("category");
    this.#grid.setOrder(this.#order, (row) => categories?.at(doc.opOf(row)) ?? "");
  }

  #sorted(doc: DivergenceDocument): Sort | null {
    return this.#sort === undefined ? { column: ranking(doc), descending: true } : this.#sort;
  }

  #visible(): TableColumn[] {
    return this.#columns.filter(({ id }) => this.#shown.has(id));
  }

  /** The worst come first, then the best; a third click is the execution order again. */
  #sortBy(id: string): void {
    const now = this.#doc ? this.#sorted(this.#doc) : null;
    const numeric = this.#columns.find((column) => column.id === id)?.numeric ?? false;
    const first = numeric && !LEAST_FIRST.has(id);
    if (now?.column !== id) this.#sort = { column: id, descending: first };
    else this.#sort = now.descending === first ? { column: id, descending: !first } : null;
    this.#arrange();
  }

  #toggle(id: string, shown: boolean): void {
    if (shown) this.#shown.add(id);
    else this.#shown.delete(id);
    this.#arrange();
  }

  #select(rows: readonly number[]): void {
    const doc = this.#doc;
    if (doc) this.#scene.select([...new Set(rows.map((row) => doc.opOf(row)))]);
  }

  #download(): void {
    const columns = this.#visible();
    const cells = Array.from(this.#order, (row) => columns.map((column) => fileCell(column.value(row))));
    const name = this.#doc?.header.variant || "variant";
    download(
      `${name}-divergence.csv`,
      csv(
        columns.map(({ id }) => id),
        cells,
      ),
    );
  }
}
