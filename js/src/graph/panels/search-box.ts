import { format } from "../../data/index.js";
import { element } from "./dom.js";

export interface SearchActions {
  query(text: string): void;
  /** Moves to the next match, or to the one before. */
  step(direction: 1 | -1): void;
  leave(): void;
}

export class SearchBox {
  readonly #root = element("div", "haoline-graph-search");
  readonly #input = element("input", "");
  readonly #count = element("span", "haoline-graph-count");

  constructor(actions: SearchActions) {
    const input = this.#input;
    input.type = "search";
    input.placeholder = "Search type, name, tensor";
    input.setAttribute("aria-label", "Search the graph");
    input.dataset.testid = "haoline-graph-search";
    input.spellcheck = false;
    input.autocomplete = "off";
    input.addEventListener("input", () => actions.query(input.value));
    input.addEventListener("keydown", (event) => this.#key(event, actions));
    this.#count.setAttribute("aria-live", "polite");
    const previous = this.#step("‹", "Previous match", () => actions.step(-1));
    const next = this.#step("›", "Next match", () => actions.step(1));
    this.#root.append(input, this.#count, previous, next);
    this.show(0, -1, "");
  }

  node(): HTMLElement {
    return this.#root;
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  set(text: string): void {
    this.#input.value = text;
  }

  /** `at` is the place of the current match, -1 before the first step. */
  show(total: number, at: number, query: string): void {
    this.#root.dataset.active = String(query !== "");
    const of = format.exact(total);
    this.#count.textContent = query === "" ? "" : total === 0 ? "no match" : at < 0 ? of : `${at + 1} / ${of}`;
  }

  #step(text: string, label: string, onClick: () => void): HTMLButtonElement {
    const made = element("button", "haoline-graph-step", text);
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", onClick);
    return made;
  }

  #key(event: KeyboardEvent, actions: SearchActions): void {
    event.stopPropagation();
    if (event.key === "Enter") actions.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      this.#input.value = "";
      actions.query("");
      actions.leave();
    } else return;
    event.preventDefault();
  }
}
