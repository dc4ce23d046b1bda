import { format } from "../../data/index.js";
import { button, element } from "./dom.js";

export interface SearchActions {
  query(text: string): void;
  /** Moves to the next match, or to the one before. */
  step(direction: 1 | -1): void;
  /** What was searched for becomes the filter. */
  filter(text: string): void;
  leave(): void;
}

export interface SearchState {
  readonly query: string;
  readonly total: number;
  /** Matches that the filter keeps out. */
  readonly outside: number;
  /** Place of the current match, -1 before the first step. */
  readonly at: number;
  readonly problem: string;
}

const FUNNEL = "M2 3h12L9.500 8.500V13l-3-1.500v-3z";
const EXAMPLES = "Words look everywhere. type:Conv  name:layer.3  attr:dilations  macs>1e9  is:bottleneck  -type:Add";

export class SearchBox {
  readonly #root = element("div", "haoline-graph-search haoline-graph-panel");
  readonly #input = element("input", "");
  readonly #count = element("span", "haoline-graph-count");
  readonly #problem = element("div", "haoline-graph-problem");
  readonly #filter: HTMLButtonElement;

  constructor(actions: SearchActions) {
    const input = this.#input;
    input.type = "search";
    input.placeholder = "Search  ( / )";
    input.title = EXAMPLES;
    input.setAttribute("aria-label", "Search the graph");
    input.dataset.testid = "haoline-graph-search";
    input.spellcheck = false;
    input.autocomplete = "off";
    input.addEventListener("input", () => actions.query(input.value));
    input.addEventListener("keydown", (event) => this.#key(event, actions));
    this.#count.setAttribute("aria-live", "polite");
    this.#problem.setAttribute("role", "status");
    this.#problem.hidden = true;
    this.#filter = button("Filter: fade all that does not match (Ctrl+Enter)", FUNNEL, () => this.#toFilter(actions));
    this.#filter.dataset.testid = "haoline-graph-to-filter";
    const previous = this.#step("‹", "Previous match (Shift+Enter)", () => actions.step(-1));
    const next = this.#step("›", "Next match (Enter)", () => actions.step(1));
    this.#root.append(input, this.#count, previous, next, this.#filter, this.#problem);
    this.show({ query: "", total: 0, outside: 0, at: -1, problem: "" });
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

  show({ query, total, outside, at, problem }: SearchState): void {
    this.#root.dataset.active = String(query !== "");
    this.#count.textContent = query === "" ? "" : countText(total, outside, at);
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === "";
    this.#input.setAttribute("aria-invalid", String(problem !== ""));
  }

  #step(text: string, label: string, onClick: () => void): HTMLButtonElement {
    const made = element("button", "haoline-graph-step", text);
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", onClick);
    return made;
  }

  #toFilter(actions: SearchActions): void {
    const text = this.#input.value;
    this.#input.value = "";
    actions.query("");
    actions.filter(text);
    this.#input.focus();
  }

  #key(event: KeyboardEvent, actions: SearchActions): void {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#toFilter(actions);
    else if (event.key === "Enter") actions.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      this.#input.value = "";
      actions.query("");
      actions.leave();
    } else return;
    event.preventDefault();
  }
}

function countText(total: number, outside: number, at: number): string {
  const of = format.exact(total);
  if (total === 0) return outside > 0 ? `none in the filter, ${format.exact(outside)} outside` : "no match";
  return at < 0 ? of : `${at + 1} / ${of}`;
}
