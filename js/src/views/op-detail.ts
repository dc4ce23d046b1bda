import { type Column, format, NULL_CODE, type ReportDocument, rowNoun } from "../data/index.js";
import { whenIdle } from "../graph/index.js";
import { breakable, h, put, style, tail } from "./dom.js";
import type { TensorFacts } from "./op-tensors.js";
import { categoryColor } from "./palette.js";
import { scopePaths } from "./scopes.js";
import { cellText, plural } from "./units.js";
import { ValuesPanel } from "./values-panel.js";
import type { Scene } from "./view.js";

const IDENTITY = new Set(["name", "type", "domain", "category", "scope", "parent", "attributes"]);
/** To sum up more ops than this would hold up the picture of what was selected. */
const MANY = 5000;
/** Tensors whose values are in the file. */
const STORED = new Set(["initializer", "constant", "buffer"]);
/** Op types named in the title of a selection. */
const MOST_TYPES = 6;

/** Everything the report knows of the selected op, or a sum over several. */
export class OpDetail {
  #scene: Scene;
  #callOff = (): void => undefined;
  readonly #values: ValuesPanel;
  /** The selection that the values belong to. */
  #shown = "";
  #node = h("aside", { class: "hl-detail", "aria-label": "Selected op", "data-testid": "haoline-op-detail" });

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#values = new ValuesPanel(scene);
    this.#node.hidden = true;
  }

  node(): HTMLElement {
    return this.#node;
  }

  dispose(): void {
    this.#callOff();
    this.#values.dispose();
  }

  /** Show these ops; nothing when there are none. */
  show(report: ReportDocument, ops: readonly number[]): void {
    const [first] = ops;
    this.#callOff();
    this.#follow(report, ops);
    this.#node.hidden = first === undefined;
    if (first === undefined) return put(this.#node);
    if (ops.length === 1) return put(this.#node, ...this.#one(report, first));
    if (ops.length <= MANY) return put(this.#node, ...this.#many(report, ops));
    put(this.#node, this.#head(counted(report, ops), "", "", ""));
    this.#callOff = whenIdle(() => put(this.#node, ...this.#many(report, ops)));
  }

  /** Another selection shows no values until one of its tensors is picked; the values of a weight are the point of it. */
  #follow(report: ReportDocument, ops: readonly number[]): void {
    const key = `${report.id}/${ops.length > MANY ? ops.length : ops.join()}`;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#values.hide();
    const [only, ...more] = ops;
    if (report.holds !== "weights" || only === undefined || more.length > 0) return;
    const carrier = this.#scene.tensors.inputs(only)[0];
    if (carrier) this.#values.show(report, carrier.row);
  }

  #one(report: ReportDocument, op: number): (HTMLElement | null)[] {
    const text = (name: string): string => report.ops.text(name)?.at(op) ?? "";
    const title = h("h3", {}, ...breakable(text("name") || `${rowNoun(report.holds)} ${op}`));
    const inputs = this.#scene.tensors.inputs(op);
    const weight = report.holds === "weights";
    const domain = report.holds === "ops" ? text("domain") : "";
    const columns = weight ? known(report.ops.columns, op) : report.ops.columns;
    return [
      this.#head(title, text("category"), domain ? `${domain}.${text("type")}` : text("type"), this.#scope(report, op)),
      weight ? this.#values.node() : null,
      ...this.#costs(columns, [op]),
      this.#tensors(weight ? "Stored tensors" : "Inputs", inputs),
      weight ? null : this.#values.node(),
      this.#tensors("Outputs", this.#scene.tensors.outputs(op)),
      attributes(text("attributes")),
    ];
  }

  #scope(report: ReportDocument, op: number): string {
    return scopePaths(report)[report.ops.indices("scope")[op] ?? -1] ?? "";
  }

  #many(report: ReportDocument, ops: readonly number[]): HTMLElement[] {
    const types = report.ops.text("type");
    const codes = new Set<number>();
    for (const op of ops) codes.add(types?.codes[op] ?? NULL_CODE);
    const named = [...codes].slice(0, MOST_TYPES).map((code) => types?.dictionary[code] ?? "");
    const kinds = named.join(", ") + (codes.size > MOST_TYPES ? ", …" : "");
    const summed = report.ops.columns.filter((column) => column.info.aggregate === "sum");
    return [this.#head(counted(report, ops), "", kinds, ""), ...this.#costs(summed, ops)];
  }

  #head(title: HTMLElement, category: string, type: string, scope: string): HTMLElement {
    const close = h("button", { type: "button", class: "hl-close", "aria-label": "Clear the selection" }, "×");
    close.addEventListener("click", () => this.#scene.select([]));
    const dot = category && style(h("span", { class: "hl-dot" }), "background", categoryColor(category));
    return h(
      "div",
      { class: "hl-detail-head" },
      h("div", { class: "hl-detail-title" }, title, close),
      h("p", {}, dot || null, type, category && h("span", { class: "hl-muted" }, ` ${category.replaceAll("_", " ")}`)),
      scope && h("p", { class: "hl-muted hl-scope", title: scope }, scope),
    );
  }

  /** The figures under headings that say where they come from. */
  #costs(columns: readonly Column[], ops: readonly number[]): HTMLElement[] {
    const shown = columns
      .filter((column) => !IDENTITY.has(column.info.name))
      .map((column) => ({ info: column.info, text: value(column, ops) }))
      .filter(({ text }) => text !== null);
    const origins = [...new Set(shown.map(({ info }) => info.provenance))];
    return origins.map((origin) => {
      const own = shown.filter(({ info }) => info.provenance === origin);
      const rows = own.flatMap(({ info, text }) => [
        h("dt", { title: info.description }, info.label),
        h("dd", {}, text),
      ]);
      const title = h(
        "h4",
        { class: "hl-origin" },
        h("span", { class: "hl-provenance", "data-provenance": origin }, origin),
      );
      return h("section", {}, title, h("dl", { class: "hl-pairs hl-costs" }, ...rows));
    });
  }

  #tensors(title: string, tensors: readonly TensorFacts[]): HTMLElement | null {
    if (tensors.length === 0) return null;
    const items = tensors.map((tensor) =>
      h(
        "li",
        {},
        tail(tensor.name || `slot ${tensor.slot}`, "hl-tensor-name"),
        h("span", { class: "hl-tensor-facts" }, facts(tensor)),
        tensor.kind !== "activation" && h("span", { class: "hl-provenance" }, tensor.kind),
        STORED.has(tensor.kind) && this.#valuesButton(tensor),
      ),
    );
    return h("section", {}, h("h4", {}, title), h("ul", { class: "hl-tensors" }, ...items));
  }

  #valuesButton({ row, name }: TensorFacts): HTMLElement {
    const { report } = this.#scene;
    const toggle = (): void => {
      if (this.#values.shows(report, row)) return this.#values.hide();
      this.#values.show(report, row);
      this.#values.node().scrollIntoView({ block: "nearest" });
    };
    const label = `Values of ${name}`;
    const testid = "haoline-tensor-values";
    return h(
      "button",
      { type: "button", class: "hl-link", "aria-label": label, "data-testid": testid, onclick: toggle },
      "Values",
    );
  }
}

function counted(report: ReportDocument, ops: readonly number[]): HTMLElement {
  return h("h3", {}, `${plural(ops.length, rowNoun(report.holds))} selected`);
}

/** The value of one op or the sum over several; null for a word that is not there. */
function value(column: Column, ops: readonly number[]): string | null {
  if (column.kind === "string") return column.at(ops[0] ?? -1);
  let [total, known] = [0, 0];
  // A group may hold a hundred thousand ops: one pass, nothing kept.
  for (const op of ops) {
    const item = column.at(op);
    if (item === null) continue;
    total += item;
    known += 1;
  }
  if (known === 0) return format.UNKNOWN;
  const sum = cellText(total, column.info);
  return known === ops.length ? sum : `${sum} + ${ops.length - known} × ${format.UNKNOWN}`;
}

/** Columns that have a value for a row: a checkpoint tells little, and what it does not tell is said once. */
function known(columns: readonly Column[], row: number): Column[] {
  return columns.filter((column) => column.info.name !== "role" && column.at(row) !== null);
}

/** Type, shape, bytes; how it is packed and how many bits that takes. */
function facts({ dtype, shape, nbytes, quantization, bits }: TensorFacts): string {
  const packed = [
    quantization,
    bits !== null && quantization !== "" && !/\bbits\b/.test(quantization) && `${format.digits(bits)} bits per weight`,
  ];
  return [`${dtype} ${shape}`, format.bytes(nbytes), ...packed].filter(Boolean).join(" · ");
}

function attributes(text: string): HTMLElement | null {
  if (text === "" || text === "{}") return null;
  return h("section", {}, h("h4", {}, "Attributes"), h("pre", { class: "hl-attributes" }, text));
}
