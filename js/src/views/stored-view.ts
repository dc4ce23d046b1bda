import { type DocumentTable, format, type ReportDocument } from "../data/index.js";
import { type Bar, barList } from "./charts/bars.js";
import { WeightsFit } from "./charts/weights-fit.js";
import { type Child, h, put } from "./dom.js";
import { categoryColor, precisionColor } from "./palette.js";
import { section } from "./section.js";
import { sumBy } from "./totals.js";
import { trainingSection } from "./training.js";
import type { Scene, View } from "./view.js";

const { bytes, count, digits, percent } = format;

/** Where the bytes of a model without activations are: by role, by stored type, and both. */
export class StoredView implements View {
  readonly #scene: Scene;
  readonly #roles = h("div");
  readonly #types = h("div");
  readonly #table = h("div", { class: "hl-breakdown", "data-testid": "haoline-breakdown" });
  readonly #fit = new WeightsFit();
  readonly #more = h("div", { class: "hl-sections-inner" });
  readonly #node: HTMLElement;

  constructor(scene: Scene) {
    this.#scene = scene;
    const pair = [
      scene.report.holds === "weights"
        ? section("Bytes by role", "counted", this.#roles, "Click to select the weights.")
        : section("Bytes by category", "counted", this.#roles, "Click to select the layers."),
      section("Bytes by stored type", "counted", this.#types),
    ];
    this.#node = h(
      "div",
      { class: "hl-scroll hl-sections", "data-testid": "haoline-stored" },
      h("div", { class: "hl-pair" }, ...pair),
      section("Roles and stored types", "counted", this.#table),
      scene.report.holds === "weights" &&
        section("Device memory", "estimated", this.#fit.node(), "Weights alone: what a run needs is more."),
      this.#more,
    );
    this.update(scene.report);
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(report: ReportDocument): void {
    this.#fill(this.#roles, report, report.holds === "weights" ? "role" : "category", categoryColor);
    this.#fill(this.#types, report, "weight_precision", precisionColor);
    put(this.#table, breakdownTable(report.table("breakdown")));
    this.#fit.update(report);
    put(this.#more, trainingSection(report));
  }

  select(): void {
    // Nothing here is about single weights.
  }

  dispose(): void {
    this.#node.remove();
  }

  #fill(box: HTMLElement, report: ReportDocument, column: string, color: (name: string) => string): void {
    const by = report.column(column) ? column : "category";
    const groups = sumBy(report, by, "weight_bytes").filter((group) => group.value > 0);
    const total = groups.reduce((sum, group) => sum + group.value, 0);
    const bars: Bar[] = groups.map(({ name, value, ops }) => ({
      label: name.replaceAll("_", " "),
      value,
      text: bytes(value),
      note: share(value / total),
      color: color(name),
      onPick: () => {
        this.#scene.select(ops);
        this.#scene.show("layers");
      },
    }));
    put(
      box,
      bars.length > 0 ? barList(bars) : h("p", { class: "hl-empty" }, "The bytes of the weights are not known."),
    );
  }
}

const COLUMNS: readonly (readonly [name: string, label: string, text: ((value: number) => string) | null])[] = [
  ["role", "Role", null],
  ["dtype", "Stored type", null],
  ["quantization", "Quantization", null],
  ["tensors", "Tensors", (value) => value.toLocaleString("en-US")],
  ["parameters", "Parameters", (value) => count(value).replace(/ G$/, " B")],
  ["weight_bytes", "Bytes", bytes],
  ["bits_per_weight", "Bits per weight", digits],
  ["share", "Share", share],
];

function share(part: number): string {
  return part > 0 && part < 0.0005 ? "< 0.1 %" : percent(Math.round(part * 1000) / 1000);
}

/** Role × stored type; columns that say nothing are left out. */
export function breakdownTable(table: DocumentTable): HTMLElement {
  if (table.rows === 0) return h("p", { class: "hl-empty" }, "This report has no breakdown.");
  const size = (row: number): number => table.numeric("weight_bytes")?.at(row) ?? 0;
  const rows = Array.from({ length: table.rows }, (_, row) => row).sort((a, b) => size(b) - size(a));
  const shown = COLUMNS.filter(([name]) => rows.some((row) => known(table, name, row)));
  const head = shown.map(([, label, text]) => h("th", { scope: "col", class: text ? "hl-num" : "" }, label));
  const body = rows.map((row) => h("tr", {}, ...shown.map(([name, , text]) => cell(table, name, row, text))));
  return h("div", { class: "hl-scroll" }, h("table", { class: "hl-table" }, h("tr", {}, ...head), ...body));
}

function known(table: DocumentTable, name: string, row: number): boolean {
  const value = table.column(name)?.at(row) ?? null;
  return value !== null && value !== "";
}

function cell(table: DocumentTable, name: string, row: number, text: ((value: number) => string) | null): Child {
  const value = table.column(name)?.at(row) ?? null;
  if (typeof value === "number") return h("td", { class: "hl-num" }, text ? text(value) : String(value));
  return h("td", { class: text ? "hl-num" : "" }, (value ?? "").replaceAll("_", name === "role" ? " " : "_"));
}
