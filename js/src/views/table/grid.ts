import type { Cleanup } from "../cleanup.js";
import { h, put, style, uid } from "../dom.js";
import type { TableColumn } from "./columns.js";
import type { Sort } from "./order.js";
import { RowView } from "./row-view.js";
import { VirtualRows } from "./virtual-rows.js";

export interface GridEvents {
  readonly sort: (column: string) => void;
  readonly select: (rows: number[]) => void;
  readonly copy: () => void;
}

const ROW_HEIGHT = 26;

/** The grid itself: header, rows in sight, keyboard. Knows an order of rows, not how it came about. */
export class Grid {
  #node = h("div", { class: "hl-grid hl-scroll", role: "grid", tabindex: "0", "data-testid": "haoline-table" });
  #header = h("div", { class: "hl-row hl-head", role: "row", "aria-rowindex": "1" });
  #prefix = uid("row");
  #views = new Map<HTMLElement, RowView>();
  #rows: VirtualRows;
  #events: GridEvents;
  #columns: readonly TableColumn[] = [];
  #order: Uint32Array = new Uint32Array();
  #selected = new Set<number>();
  #categories: (row: number) => string = () => "";
  #active = 0;
  #anchor = 0;

  constructor(events: GridEvents, cleanup: Cleanup) {
    this.#events = events;
    const head = h("div", { class: "hl-head-group", role: "rowgroup" }, this.#header);
    const source = {
      height: ROW_HEIGHT,
      create: () => this.#create(),
      fill: (element: HTMLElement, position: number) => this.#fill(element, position),
    };
    this.#rows = new VirtualRows(this.#node, head, source, cleanup);
    this.#node.setAttribute("aria-multiselectable", "true");
    this.#node.setAttribute("aria-label", "Layers");
    this.#node.addEventListener("click", (event) => this.#click(event));
    this.#node.addEventListener("keydown", (event) => this.#keydown(event));
  }

  node(): HTMLElement {
    return this.#node;
  }

  setColumns(columns: readonly TableColumn[], sort: Sort | null): void {
    this.#columns = columns;
    const tracks = columns.map(({ width, id }) => (id === "name" ? `minmax(${width}px, 1fr)` : `${width}px`));
    style(this.#node, "--hl-tracks", tracks.join(" "));
    const total = columns.reduce((sum, { width }) => sum + width, 0);
    style(this.#node, "--hl-width", `${total}px`);
    put(this.#header, ...columns.map((column) => this.#heading(column, sort)));
    this.#node.setAttribute("aria-colcount", String(columns.length));
    this.#rows.refresh();
  }

  setOrder(order: Uint32Array, categories: (row: number) => string): void {
    this.#order = order;
    this.#categories = categories;
    this.#active = Math.min(this.#active, Math.max(0, order.length - 1));
    this.#node.setAttribute("aria-rowcount", String(order.length + 1));
    this.#rows.setCount(order.length);
  }

  /** Mark rows; scroll to the first unless it came from here. */
  setSelection(rows: readonly number[]): void {
    const own = rows.length === this.#selected.size && rows.every((row) => this.#selected.has(row));
    this.#selected = new Set(rows);
    if (!own) this.revealSelection();
    this.#rows.refresh();
  }

  /** Scroll to the first selected row that the filter lets through. */
  revealSelection(): void {
    const at = this.#order.findIndex((row) => this.#selected.has(row));
    if (at < 0) return;
    this.#active = at;
    this.#anchor = at;
    this.#rows.reveal(at);
  }

  refresh(): void {
    this.#rows.refresh();
  }

  #create(): HTMLElement {
    const view = new RowView();
    view.node().dataset["prefix"] = this.#prefix;
    this.#views.set(view.node(), view);
    return view.node();
  }

  #fill(element: HTMLElement, position: number): void {
    const row = this.#order[position] ?? -1;
    const view = this.#views.get(element);
    view?.fill(row, position, this.#columns, this.#categories(row));
    view?.mark(this.#selected.has(row), position === this.#active);
  }

  #heading(column: TableColumn, sort: Sort | null): HTMLElement {
    const sorted = sort?.column === column.id ? (sort.descending ? "descending" : "ascending") : "none";
    const title = [column.label, column.unit, column.provenance, column.description].filter(Boolean).join(" · ");
    const cell = h("div", {
      role: "columnheader",
      class: `hl-cell${column.numeric ? " hl-num" : ""}`,
      "aria-sort": sorted,
    });
    cell.dataset["column"] = column.id;
    const button = h("button", { type: "button", class: "hl-sort", title }, column.label);
    button.addEventListener("click", () => this.#events.sort(column.id));
    cell.append(button);
    return cell;
  }

  #click(event: MouseEvent): void {
    const element = (event.target as Element).closest<HTMLElement>(".hl-rows > .hl-row");
    const view = element && this.#views.get(element);
    if (!view) return;
    const at = this.#order.indexOf(view.row);
    if (event.shiftKey) this.#extend(at);
    else if (event.ctrlKey || event.metaKey) this.#toggle(at);
    else this.#choose(at);
  }

  #choose(at: number): void {
    this.#anchor = at;
    this.#moveTo(at, [this.#order[at] ?? -1]);
  }

  #toggle(at: number): void {
    const row = this.#order[at] ?? -1;
    const rows = new Set(this.#selected);
    if (!rows.delete(row)) rows.add(row);
    this.#anchor = at;
    this.#moveTo(at, [...rows]);
  }

  #extend(at: number): void {
    const [from, to] = [Math.min(this.#anchor, at), Math.max(this.#anchor, at)];
    this.#moveTo(at, [...this.#order.subarray(from, to + 1)]);
  }

  #moveTo(at: number, rows: number[]): void {
    this.#active = at;
    this.#selected = new Set(rows);
    this.#rows.reveal(at);
    this.#node.setAttribute("aria-activedescendant", `${this.#prefix}-${this.#order[at]}`);
    this.#events.select(rows);
  }

  #keydown(event: KeyboardEvent): void {
    if (event.target !== this.#node) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "c") return this.#events.copy();
    const last = this.#order.length - 1;
    const page = this.#rows.page;
    const step: Partial<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: last,
    };
    const wanted = step[event.key];
    if (wanted === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = Math.min(last, Math.max(0, wanted));
    if (event.shiftKey) this.#extend(at);
    else this.#choose(at);
  }
}
