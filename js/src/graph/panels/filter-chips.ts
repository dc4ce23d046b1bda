/** Filters at one click, and the filter that is on. */

import { format } from "../../data/index.js";
import { parseQuery } from "../explore/query.js";
import type { QuickFilter } from "../explore/quick.js";
import { element } from "./dom.js";

export interface FilterActions {
  /** Adds a term to the filter, or takes it out. */
  toggle(query: string): void;
}

export class FilterChips {
  readonly #root = element("div", "haoline-graph-chips");
  readonly #actions: FilterActions;
  #shown = "";

  constructor(actions: FilterActions) {
    this.#actions = actions;
    this.#root.setAttribute("role", "group");
    this.#root.setAttribute("aria-label", "Filters");
    this.#root.dataset.testid = "haoline-graph-filters";
  }

  node(): HTMLElement {
    return this.#root;
  }

  /** `passing`: how many ops the whole filter lets through. */
  show(quick: readonly QuickFilter[], filter: string, passing: number | null, all: number): void {
    const key = JSON.stringify([quick, filter, passing]);
    if (key === this.#shown) return;
    this.#shown = key;
    const terms = parseQuery(filter).map((term) => `${term.negated ? "-" : ""}${term.source}`);
    const own = terms.filter((term) => !quick.some(({ query }) => query === term));
    const summary = passing === null ? "" : `${format.exact(passing)} of ${format.exact(all)} pass`;
    this.#root.replaceChildren(
      ...quick.map((offer) => this.#quick(offer, terms.includes(offer.query))),
      ...own.map((term) => this.#own(term, summary)),
    );
    this.#root.hidden = this.#root.childElementCount === 0;
  }

  #quick({ label, query, count, title }: QuickFilter, on: boolean): HTMLElement {
    const made = this.#chip(`${label} `, title, query);
    made.append(element("span", "haoline-note", format.exact(count)));
    made.setAttribute("aria-pressed", String(on));
    return made;
  }

  #own(term: string, summary: string): HTMLElement {
    const made = this.#chip(term, `Filter: ${summary}. Click to lift it.`, term);
    made.append(element("span", "haoline-graph-lift", "×"));
    made.setAttribute("aria-label", `Lift the filter ${term}`);
    made.setAttribute("aria-pressed", "true");
    return made;
  }

  #chip(label: string, title: string, query: string): HTMLButtonElement {
    const made = element("button", "haoline-graph-chip");
    made.type = "button";
    made.title = title;
    made.dataset.query = query;
    made.append(element("span", "haoline-graph-chip-text", label));
    made.addEventListener("click", () => this.#actions.toggle(query));
    return made;
  }
}
