import { type DocumentTable, format, type ReportDocument } from "../data/index.js";
import { h } from "./dom.js";
import { section } from "./section.js";

const PARTS: readonly (readonly [name: string, label: string])[] = [
  ["weights", "Weights"],
  ["gradients", "Gradients"],
  ["states", "Optimizer states"],
  ["saved_activations", "Saved activations"],
  ["total", "Total"],
];

/** What training would need, by optimizer; null where the report does not estimate it. */
export function trainingSection(report: ReportDocument): HTMLElement | null {
  const table = report.table("training");
  if (table.rows === 0) return null;
  const made = section("Memory of training", "estimated", trainingTable(table), hint(table));
  made.dataset["testid"] = "haoline-training";
  return made;
}

function hint(table: DocumentTable): string {
  const column = table.column("total");
  const text = column?.info.description || "for one step at the shapes of this report";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function trainingTable(table: DocumentTable): HTMLElement {
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const parts = PARTS.filter(([name]) => table.numeric(name));
  const head = [
    h("th", { scope: "col" }, "Optimizer"),
    ...parts.map(([, label]) => h("th", { scope: "col", class: "hl-num" }, label)),
  ];
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      h("td", {}, table.text("optimizer")?.at(row) ?? ""),
      ...parts.map(([name]) => h("td", { class: "hl-num" }, format.bytes(table.numeric(name)?.at(row)))),
    ),
  );
  return h("div", { class: "hl-scroll" }, h("table", { class: "hl-table" }, h("tr", {}, ...head), ...body));
}
