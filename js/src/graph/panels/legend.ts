/** What the colours and lines mean. */

import type { ReportDocument } from "../../data/index.js";
import type { Coloring } from "../overlay/coloring.js";
import { viridis } from "../overlay/scale.js";
import { categoryColor, categoryStyle, precision } from "../paint/palette.js";
import { element, icon } from "./dom.js";

const MOST = 12;
const STEPS = 12;

export class LegendPanel {
  readonly #root = element("div", "haoline-graph-legend");
  #open = false;

  constructor() {
    this.#root.setAttribute("aria-label", "Legend");
    this.#root.dataset.testid = "haoline-graph-legend";
  }

  node(): HTMLElement {
    return this.#root;
  }

  toggle(): void {
    this.#open = !this.#open;
    this.#root.dataset.open = String(this.#open);
  }

  /** The heat scale shows whenever there is one, the rest on request. */
  show(doc: ReportDocument, coloring: Coloring | null, dark: boolean): void {
    this.#root.replaceChildren(
      ...(coloring ? [colorSection(coloring)] : []),
      ...(coloring ? [] : [categorySection(doc, dark)]),
      precisionSection(doc, dark),
      lineSection(),
    );
    this.#root.dataset.open = String(this.#open);
  }
}

function section(title: string, always: boolean): HTMLElement {
  const made = element("section", always ? "haoline-always" : "");
  made.append(element("h4", "", title));
  return made;
}

function colorSection(coloring: Coloring): HTMLElement {
  const { label, provenance } = coloring.column.info;
  const made = section(provenance === "counted" ? label : `${label} (${provenance})`, true);
  const { legend } = coloring;
  if (legend.kind === "words") {
    made.append(...legend.words.map(({ text, color }) => swatch(text, color)));
    return made;
  }
  const bar = element("div", "haoline-ramp");
  const stops = Array.from({ length: STEPS + 1 }, (_, i) => viridis(i / STEPS));
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const ends = element("div", "haoline-ends");
  const note = legend.log ? "log" : "";
  ends.append(element("span", "", legend.low), element("span", "haoline-note", note), element("span", "", legend.high));
  made.append(bar, ends);
  return made;
}

function categorySection(doc: ReportDocument, dark: boolean): HTMLElement {
  const made = section("Nodes", false);
  for (const category of frequent(doc.ops.text("category")).slice(0, MOST)) {
    const row = element("div", "haoline-key");
    const sign = icon(categoryStyle(category).icon);
    sign.style.stroke = categoryColor(category, dark);
    row.append(sign, element("span", "", category));
    made.append(row);
  }
  return made;
}

function precisionSection(doc: ReportDocument, dark: boolean): HTMLElement {
  const made = section("Edges", false);
  const seen = new Map<string, string>();
  for (const dtype of frequent(doc.tensors.text("dtype"))) {
    const { label, color } = precision(dtype, dark);
    seen.set(label, color);
  }
  for (const [label, color] of [...seen].slice(0, MOST)) made.append(swatch(label, color, "haoline-line"));
  return made;
}

function lineSection(): HTMLElement {
  const made = section("Lines", false);
  made.append(
    swatch("thicker: more bytes", "currentColor", "haoline-line haoline-thick"),
    swatch("skip connection", "currentColor", "haoline-line haoline-dashed"),
  );
  return made;
}

function swatch(text: string, color: string, kind = "haoline-swatch"): HTMLElement {
  const row = element("div", "haoline-key");
  const sign = element("i", kind);
  sign.style.setProperty("--color", color);
  row.append(sign, element("span", "", text));
  return row;
}

/** Distinct words of a column, most frequent first. */
function frequent(column: { codes: Uint32Array; dictionary: readonly string[] } | undefined): string[] {
  if (!column) return [];
  const counts = new Float64Array(column.dictionary.length);
  for (const code of column.codes) if (code < counts.length) counts[code]! += 1;
  return column.dictionary
    .map((word, i) => [word, counts[i]!] as const)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([word]) => word);
}
