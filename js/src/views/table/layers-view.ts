import { type ReportDocument, rowNoun } from "../../data/index.js";
import { Cleanup } from "../cleanup.js";
import { h, put } from "../dom.js";
import { plural } from "../units.js";
import type { Scene, View } from "../view.js";
import { ColumnChooser } from "./column-chooser.js";
import { FIRST_SHOWN, type TableColumn, tableColumns } from "./columns.js";
import { type Cell, csv, download, tsv } from "./csv.js";
import { Grid } from "./grid.js";
import { COMPUTING, constantOps, RowFilter, type Sort, sortRows } from "./order.js";

/** The op table: sort, filter, choose columns, take away. */
export class LayersView implements View {
  #scene: Scene;
  #report: ReportDocument;
  #columns: TableColumn[] = [];
  #shown: Set<string>;
  #sort: Sort | null = null;
  #filter: RowFilter;
  #order: Uint32Array = new Uint32Array();
  #cleanup = new Cleanup();
  #text = h("input", {
    type: "search",
    class: "hl-input hl-grow",
    placeholder: "Filter by name, type or scope",
    "aria-label": "Filter layers",
    spellcheck: "false",
    "data-testid": "haoline-table-filter",
  });
  #category = h("select", { class: "hl-input", "aria-label": "Category", "data-testid": "haoline-table-category" });
  #amount = h("span", { class: "hl-muted hl-amount", role: "status" });
  #copy = h("button", { type: "button", class: "hl-button" }, "Copy");
  #chooser = new ColumnChooser((id, shown) => this.#toggleColumn(id, shown));
  #grid: Grid;
  #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#report = scene.report;
    this.#shown = new Set(FIRST_SHOWN[scene.report.holds]);
    this.#filter = new RowFilter(scene.report, []);
    const events = {
      sort: (column: string) => this.#sortBy(column),
      select: (rows: number[]) => scene.select(rows),
      copy: () => this.#toClipboard(),
    };
    this.#grid = new Grid(events, this.#cleanup);
    this.#node = h("div", { class: "hl-layers" }, this.#toolbar(), this.#grid.node());
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#report = report;
    this.#columns = tableColumns(report, this.#scene);
    this.#filter = new RowFilter(report, this.#columns);
    this.#fillCategories();
    this.#chooser.update(this.#columns, this.#shown);
    this.#arrange();
  }

  select(ops: readonly number[]): void {
    if (this.#category.value === COMPUTING && ops.some((op) => constantOps(this.#report)[op] === 1)) {
      this.#category.value = "";
      this.#arrange();
    }
    this.#grid.setSelection(ops);
  }

  dispose(): void {
    this.#chooser.dispose();
    this.#cleanup.dispose();
    this.#node.remove();
  }

  #toolbar(): HTMLElement {
    const save = h("button", { type: "button", class: "hl-button", "data-testid": "haoline-table-csv" }, "CSV");
    save.title = "Download the rows and columns shown as CSV";
    save.addEventListener("click", () => this.#download());
    this.#copy.title = "Copy the selected rows, or all shown, for a spreadsheet";
    this.#copy.addEventListener("click", () => this.#toClipboard());
    for (const field of [this.#text, this.#category]) field.addEventListener("input", () => this.#arrange());
    const tools = [this.#text, this.#category, this.#amount, ...this.#chooser.nodes(), this.#copy, save];
    return h("div", { class: "hl-toolbar", role: "toolbar", "aria-label": "Table tools" }, ...tools);
  }

  #fillCategories(): void {
    const first = this.#category.options.length === 0;
    const constants = constantOps(this.#report);
    const some = constants.includes(1) && constants.includes(0);
    const chosen = first && some ? COMPUTING : this.#category.value;
    const names = [...new Set(this.#report.ops.text("category")?.dictionary ?? [])].sort();
    const options = names.map((name) => h("option", { value: name }, name.replaceAll("_", " ")));
    const computing = some && h("option", { value: COMPUTING }, "All but constants");
    put(
      this.#category,
      h("option", { value: "" }, this.#report.holds === "weights" ? "All roles" : "All categories"),
      computing,
      ...options,
    );
    this.#category.value = names.includes(chosen) || (some && chosen === COMPUTING) ? chosen : "";
  }

  #arrange(): void {
    const sorted = this.#columns.find(({ id }) => id === this.#sort?.column);
    const rows = this.#filter.rows(this.#text.value, this.#category.value);
    this.#order = sortRows(rows, sorted, this.#sort?.descending ?? false);
    const total = this.#report.ops.rows;
    const all = this.#order.length === total;
    this.#amount.textContent = all
      ? plural(total, rowNoun(this.#report.holds))
      : `${this.#order.length.toLocaleString("en-US")} of ${plural(total, rowNoun(this.#report.holds))}`;
    this.#grid.setColumns(this.#visible(), this.#sort);
    const categories = this.#report.ops.text("category");
    this.#grid.setOrder(this.#order, (row) => categories?.at(row) ?? "");
  }

  #visible(): TableColumn[] {
    return this.#columns.filter(({ id }) => this.#shown.has(id));
  }

  /** Numbers start with the largest, words with A; a third click is the execution order again. */
  #sortBy(id: string): void {
    const numeric = this.#columns.find((column) => column.id === id)?.numeric ?? false;
    if (this.#sort?.column !== id) this.#sort = { column: id, descending: numeric };
    else if (this.#sort.descending === numeric) this.#sort = { column: id, descending: !numeric };
    else this.#sort = null;
    this.#arrange();
  }

  #toggleColumn(id: string, shown: boolean): void {
    if (shown) this.#shown.add(id);
    else this.#shown.delete(id);
    this.#arrange();
  }

  #cells(rows: Iterable<number>): Cell[][] {
    const columns = this.#visible();
    return Array.from(rows, (row) => columns.map((column) => column.value(row)));
  }

  #names(): string[] {
    return this.#visible().map(({ id }) => id);
  }

  #download(): void {
    download(`${this.#report.model.name || "model"}-layers.csv`, csv(this.#names(), this.#cells(this.#order)));
  }

  #toClipboard(): void {
    const selected = new Set(this.#scene.host.get("selection"));
    const rows = [...this.#order].filter((row) => selected.has(row));
    const text = tsv(this.#names(), this.#cells(rows.length > 0 ? rows : this.#order));
    const said = (word: string): void => this.#flash(word);
    if (!navigator.clipboard) return said("Not allowed");
    navigator.clipboard.writeText(text).then(
      () => said("Copied"),
      () => said("Not allowed"),
    );
  }

  #flash(word: string): void {
    this.#copy.textContent = word;
    const timer = setTimeout(() => put(this.#copy, "Copy"), 1500);
    this.#cleanup.add(() => clearTimeout(timer));
  }
}
