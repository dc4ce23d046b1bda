/** The legend of words: a sign, the word, how many rows have it; a click asks for those. */

import { format } from "../../../data/index.js";
import { clean } from "../../model/labels.js";
import type { WordEntry, WordsLegend } from "../../overlay/legend.js";
import { element } from "../dom.js";
import { key, sign, unknownSwatch } from "./keys.js";

export class WordsSection {
  readonly #body = element("div", "haoline-legend-body");
  readonly #buttons = new Map<HTMLElement, string>();
  readonly #asked: ((query: string) => void) | null;

  /** `asked`: called with a query for one word, "" for all; null where these rows cannot be asked for. */
  constructor(legend: WordsLegend, noun: string, kind: string, asked: ((query: string) => void) | null) {
    this.#asked = asked;
    const list = element("div", "haoline-legend-words");
    list.append(...legend.entries.map((entry) => this.#entry(entry, kind)));
    const { words, rows, color } = legend.others;
    if (words > 0) list.append(counted(key(`${format.exact(words)} others`, color, kind), rows));
    const notes = element("div", "haoline-legend-notes");
    if (legend.unknown)
      notes.append(unknownSwatch(`${legend.none}: ${format.exact(legend.unknown)} ${noun}`, legend.none === "none"));
    if (legend.note) notes.append(element("span", "", legend.note));
    this.#body.append(list, notes);
  }

  node(): HTMLElement {
    return this.#body;
  }

  /** No word is asked for any more. */
  clear(): void {
    this.resume("");
  }

  /** Marks the word that was asked for before, without calling back. */
  resume(query: string): void {
    for (const [button, own] of this.#buttons) button.setAttribute("aria-pressed", String(own === query));
  }

  #entry(entry: WordEntry, kind: string): HTMLElement {
    const text = clean(entry.text) || "(empty)";
    const asked = entry.query === "" || entry.rows === 0 ? null : this.#asked;
    if (!asked) return counted(key(text, entry.color, kind), entry.rows);
    const made = element("button", "haoline-key haoline-legend-word");
    made.type = "button";
    made.title = `Show ${text} only`;
    made.setAttribute("aria-pressed", "false");
    made.append(sign(entry.color, kind), element("span", "", text));
    made.addEventListener("click", () => {
      const on = made.getAttribute("aria-pressed") !== "true";
      this.resume(on ? entry.query : "");
      asked(on ? entry.query : "");
    });
    this.#buttons.set(made, entry.query);
    return counted(made, entry.rows);
  }
}

function counted<T extends HTMLElement>(row: T, rows: number): T {
  row.append(element("span", "haoline-legend-count", format.exact(rows)));
  return row;
}
