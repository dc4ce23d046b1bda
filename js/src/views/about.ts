import { isRecord, type ReportDocument } from "../data/index.js";
import type { Cleanup } from "./cleanup.js";
import { type Child, h } from "./dom.js";
import { Popover } from "./popover.js";
import { asText } from "./units.js";

/** Parts in the order in which they are shown; what a format adds beyond them comes after, under its own name. */
const TITLES: Readonly<Record<string, string>> = {
  quantization_config: "Quantization",
  tokenizer: "Tokenizer",
  pickle: "Pickle, read without running it",
  export: "How it was exported",
  engine: "Engine",
  metadata: "Metadata",
  config: "Configuration",
  generation_config: "Generation",
  chat_template: "Chat template",
  shards: "Files",
};
const MOST_ROWS = 200;
const MOST_LETTERS = 20_000;

/** What the file says of itself, behind one chip. Nothing of it is markup. */
export function aboutChip(report: ReportDocument, cleanup: Cleanup): HTMLElement[] {
  const parts = aboutParts(report);
  if (parts.length === 0) return [];
  const button = h("button", { type: "button", class: "hl-chip", "data-testid": "haoline-about-chip" }, "About");
  const content = h("div", { class: "hl-about", "data-testid": "haoline-about" });
  // Written when it is first opened: a configuration may be long.
  const fill = (): void => {
    if (content.childElementCount === 0)
      content.append(...parts.map(([name, value], at) => part(name, value, at === 0)));
  };
  const popover = new Popover(button, "About this file", content, fill);
  popover.node().classList.add("hl-popover-wide");
  cleanup.add(() => popover.dispose());
  return [button, popover.node()];
}

/** The parts that say something, in order. */
export function aboutParts(report: ReportDocument): (readonly [name: string, value: unknown])[] {
  const { facts, model } = report;
  const all: Record<string, unknown> = { ...facts };
  if (Object.keys(model.metadata).length > 0 && !isRecord(all.metadata)) all.metadata = model.metadata;
  const names = [...Object.keys(TITLES), ...Object.keys(all).filter((name) => !Object.hasOwn(TITLES, name))];
  return names.filter((name) => !isEmpty(all[name])).map((name) => [name, all[name]] as const);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

function part(name: string, value: unknown, open: boolean): HTMLElement {
  const title = Object.hasOwn(TITLES, name) ? TITLES[name] : words(name);
  const details = h(
    "details",
    { open, "data-part": name },
    h("summary", { class: "hl-about-title" }, title ?? name, h("span", { class: "hl-muted" }, ` ${amount(value)}`)),
    body(value),
  );
  return details;
}

function amount(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  return "";
}

function body(value: unknown): Child {
  if (typeof value === "string" && (value.length > 80 || value.includes("\n"))) {
    return h("pre", { class: "hl-about-text" }, value.slice(0, MOST_LETTERS));
  }
  if (Array.isArray(value)) return list(value);
  if (isRecord(value)) return pairs(value);
  return h("p", {}, asText(value));
}

function pairs(value: Record<string, unknown>): HTMLElement {
  const entries = Object.entries(value).filter(([, item]) => !isEmpty(item));
  const rows = entries
    .slice(0, MOST_ROWS)
    .flatMap(([key, item]) => [h("dt", {}, key), h("dd", {}, isLong(item) ? nested(item) : scalar(item))]);
  return h("dl", { class: "hl-pairs" }, ...rows, ...more(entries.length));
}

/** Words and numbers stand as they are; digits of an identifier are not grouped. */
function scalar(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value.slice(0, MOST_LETTERS);
  return typeof value === "number" ? String(value) : asText(value).slice(0, MOST_LETTERS);
}

function isLong(value: unknown): boolean {
  return (isRecord(value) || Array.isArray(value)) && JSON.stringify(value).length > 60;
}

function nested(value: unknown): Child {
  const label = Array.isArray(value) ? `${value.length} entries` : `${Object.keys(value as object).length} keys`;
  const few = isRecord(value) && Object.keys(value).length <= 10;
  return h("details", { open: few }, h("summary", {}, label), body(value));
}

/** Records of one kind are a table, anything else lines. */
function list(value: readonly unknown[]): HTMLElement {
  const shown = value.slice(0, MOST_ROWS);
  const records = shown.filter(isRecord);
  if (records.length < shown.length || records.length === 0) {
    return h("ul", { class: "hl-notes" }, ...shown.map((item) => h("li", {}, scalar(item))), ...more(value.length));
  }
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))].slice(0, 8);
  const head = h("tr", {}, ...keys.map((key) => h("th", { scope: "col" }, words(key))));
  const rows = records.map((record) => h("tr", {}, ...keys.map((key) => h("td", {}, cell(key, record[key])))));
  return h("div", { class: "hl-scroll" }, h("table", { class: "hl-table" }, head, ...rows), ...more(value.length));
}

function cell(key: string, value: unknown): string {
  if (typeof value === "number" && key.endsWith("bytes")) return value.toLocaleString("en-US");
  return value === null || value === undefined ? "" : scalar(value);
}

function more(amountOf: number): Child[] {
  return amountOf > MOST_ROWS ? [h("p", { class: "hl-muted" }, `and ${amountOf - MOST_ROWS} more`)] : [];
}

function words(key: string): string {
  const text = key.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
