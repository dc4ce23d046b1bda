/** What is, what is predicted and what came of it, side by side. */

import { bytes, micros, UNKNOWN } from "../../data/format.js";
import { h } from "../../views/dom.js";
import { cosine, decibels } from "../words.js";
import type { Outcome } from "./predict.js";

export interface OutcomeColumn {
  readonly title: string;
  /** Where its figures come from: measured or estimated. */
  readonly provenance: "measured" | "predicted";
  readonly outcome: Outcome;
}

const LINES: readonly (readonly [string, (outcome: Outcome) => string])[] = [
  ["Cosine", (outcome) => cosine(outcome.cosine)],
  ["Signal to noise", (outcome) => decibels(outcome.sqnr_db)],
  ["Size", (outcome) => bytes(outcome.size)],
  ["Latency", (outcome) => micros(outcome.latency_us)],
];

export function outcomeTable(columns: readonly OutcomeColumn[], caption: string): HTMLElement {
  const heads = columns.map(({ title, provenance }) =>
    h(
      "th",
      { scope: "col" },
      title,
      h(
        "span",
        { class: "hl-provenance", "data-provenance": provenance === "measured" ? "measured" : "estimated" },
        provenance,
      ),
    ),
  );
  const lines = LINES.map(([name, told]) =>
    h("tr", {}, h("th", { scope: "row" }, name), ...columns.map((column) => cell(told(column.outcome), column))),
  );
  return h(
    "table",
    { class: "hl-outcomes", "data-testid": "haoline-outcomes" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, h("td"), ...heads)),
    h("tbody", {}, ...lines),
  );
}

function cell(text: string, { provenance }: OutcomeColumn): HTMLElement {
  const unknown = text === UNKNOWN;
  return h("td", { class: unknown ? "hl-muted" : "", "data-provenance": provenance }, unknown ? "–" : text);
}
