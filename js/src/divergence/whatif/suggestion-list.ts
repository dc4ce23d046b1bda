import type { Plan, Suggestion } from "../../data/index.js";
import { h, put } from "../../views/dom.js";
import { plural } from "../../views/units.js";
import { follows, withSuggestion } from "./plan.js";

export interface SuggestionListOptions {
  readonly setPlan: (plan: Plan) => void;
  readonly select: (ops: readonly number[]) => void;
}

export interface SuggestionListState {
  /** null: nobody has asked, or the answer is not there yet. */
  readonly suggestions: readonly Suggestion[] | null;
  /** What keeps the answer away; "": nothing. */
  readonly note: string;
  readonly plan: Plan;
}

/** What lint would change, each with what it saw, to be ticked. */
export class SuggestionList {
  readonly #options: SuggestionListOptions;
  readonly #node = h("section", {
    class: "hl-suggested",
    "aria-label": "What lint suggests",
    "data-testid": "haoline-suggestions",
  });

  readonly #open = new Set<string>();

  constructor(options: SuggestionListOptions) {
    this.#options = options;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show({ suggestions, note, plan }: SuggestionListState): void {
    const said = suggestions?.length === 0 ? "Lint has nothing to suggest that this variant has not got." : note;
    this.#node.hidden = suggestions === null && note === "";
    const focused = this.#focused();
    put(
      this.#node,
      h("h4", {}, "What lint suggests"),
      said !== "" && h("p", { class: "hl-muted", role: "status" }, said),
      h("ul", {}, ...(suggestions ?? []).map((one) => this.#row(one, plan))),
    );
    if (focused >= 0) this.#node.querySelectorAll("input")[focused]?.focus({ preventScroll: true });
  }

  #row(one: Suggestion, plan: Plan): HTMLElement {
    const box = h("input", { type: "checkbox" });
    box.checked = follows(plan, one);
    box.addEventListener("change", () => this.#options.setPlan(withSuggestion(plan, one, box.checked)));
    const ops = [...one.keep_float, ...one.int16];
    const select = (): void => this.#options.select(ops);
    const title = `Select ${plural(ops.length, "op")}`;
    const told = h("button", { type: "button", class: "hl-link", title, onclick: select }, plural(ops.length, "op"));
    return h(
      "li",
      { "data-suggestion": one.id },
      h(
        "div",
        { class: "hl-suggested-head" },
        h(
          "label",
          {},
          box,
          h("span", { class: "hl-severity", "data-severity": one.severity }, one.severity),
          h("strong", {}, one.label),
        ),
        ops.length > 0 && told,
      ),
      h("p", { class: "hl-suggested-text" }, `${one.title}: ${one.evidence}`),
      one.why !== "" && this.#why(one),
    );
  }

  /** Left open where the reader has opened it. */
  #why({ id, why, source }: Suggestion): HTMLElement {
    const told = [why, source].filter(Boolean).join(" ");
    const details = h(
      "details",
      { class: "hl-suggested-text" },
      h("summary", {}, "Why"),
      h("p", { class: "hl-muted" }, told),
    );
    details.open = this.#open.has(id);
    details.addEventListener("toggle", () => (details.open ? this.#open.add(id) : this.#open.delete(id)));
    return details;
  }

  /** The list is made anew at every change: the keyboard stays where it was. */
  #focused(): number {
    return [...this.#node.querySelectorAll("input")].indexOf(document.activeElement as HTMLInputElement);
  }
}
