/** What shapes, icons and lines mean; shown on request. */

import type { ReportDocument, StringColumn } from "../../../data/index.js";
import { categoryColor, categoryStyle, precision } from "../../paint/palette.js";
import { element, icon } from "../dom.js";
import { key } from "./keys.js";

const MOST = 12;

export function categorySection(doc: ReportDocument, dark: boolean): HTMLElement {
  const made = section("Nodes");
  for (const category of frequent(doc.ops.text("category")).slice(0, MOST)) {
    const row = element("div", "haoline-key");
    const sign = icon(categoryStyle(category).icon);
    sign.style.stroke = categoryColor(category, dark);
    row.append(sign, element("span", "", category));
    made.append(row);
  }
  return made;
}

export function precisionSection(doc: ReportDocument, dark: boolean): HTMLElement {
  const made = section("Edges");
  const seen = new Map<string, string>();
  for (const dtype of frequent(doc.tensors.text("dtype"))) {
    const { label, color } = precision(dtype, dark);
    seen.set(label, color);
  }
  for (const [label, color] of [...seen].slice(0, MOST)) made.append(key(label, color, "haoline-line"));
  return made;
}

export function lineSection(): HTMLElement {
  const made = section("Lines");
  made.append(
    key("thicker: more bytes", "currentColor", "haoline-line haoline-thick"),
    key("skip connection", "currentColor", "haoline-line haoline-dashed"),
  );
  return made;
}

function section(title: string): HTMLElement {
  const made = element("section", "haoline-legend-vocabulary");
  made.append(element("h4", "", title));
  return made;
}

/** Distinct words of a column, most frequent first. */
function frequent(column: StringColumn | undefined): string[] {
  if (!column) return [];
  const counts = new Float64Array(column.dictionary.length);
  for (const code of column.codes) if (code < counts.length) counts[code]! += 1;
  return column.dictionary
    .map((word, i) => [word, counts[i]!] as const)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([word]) => word);
}
