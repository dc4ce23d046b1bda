import { type Child, h } from "./dom.js";

export interface CardFact {
  readonly label: string;
  readonly value: string;
  /** A word beside the value. */
  readonly note?: string;
}

/** Facts in a compact row below the headline numbers, under a title. */
export function factCard(title: string, about: string, testid: string, facts: readonly CardFact[]): HTMLElement {
  const pair = ({ label, value, note }: CardFact): Child =>
    h("div", {}, h("dt", {}, label), h("dd", {}, value, note ? h("span", { class: "hl-muted" }, beside(note)) : null));
  return h(
    "section",
    { class: "hl-fact-card", "aria-label": title, "data-testid": testid },
    h("h3", {}, title, about !== "" && h("span", { class: "hl-muted" }, about)),
    h("dl", { class: "hl-fact-list" }, ...facts.map(pair)),
  );
}

/** A number after a number would be read as one. */
function beside(note: string): string {
  return /^\d/.test(note) ? ` · ${note}` : ` ${note}`;
}
