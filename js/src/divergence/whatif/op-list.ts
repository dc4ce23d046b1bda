import { opName, opType } from "../../activations/panels/scene.js";
import { bytes, percent } from "../../data/format.js";
import type { Plan, ReportDocument } from "../../data/index.js";
import { h, put, style, tail } from "../../views/dom.js";
import { plural } from "../../views/units.js";
import type { Candidate } from "./candidates.js";
import { type Choice, choiceOf } from "./plan.js";

const CHOICES: readonly (readonly [Choice, string, string])[] = [
  ["int8", "quantized", "As the variant has it"],
  ["int16", "INT16", "16-bit activations"],
  ["float", "float", "Keep it float"],
];
/** Shown before the reader asks for more, and how many more that is. */
const FIRST = 40;
const MORE = 200;

export interface OpListOptions {
  readonly choose: (op: number, choice: Choice) => void;
  readonly select: (ops: readonly number[]) => void;
}

export interface OpListState {
  readonly report: ReportDocument;
  readonly candidates: readonly Candidate[];
  readonly plan: Plan;
  readonly selected: readonly number[];
  /** Whether the costs were measured at the outputs. */
  readonly measured: boolean;
  /** Whether some ops can run with 16-bit activations beside 8-bit ones. */
  readonly int16: boolean;
}

/** Ops with what each costs and how it is to run; those that cost most first. */
export class OpList {
  readonly #options: OpListOptions;
  readonly #node = h("div", { class: "hl-keep-list", "data-testid": "haoline-keep-list" });
  #count = FIRST;
  #state: OpListState | null = null;

  constructor(options: OpListOptions) {
    this.#options = options;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(state: OpListState): void {
    this.#state = state;
    const focused = this.#focusKey();
    const total = state.candidates.reduce((sum, { noise }) => sum + noise, 0);
    const most = state.candidates[0]?.noise ?? 0;
    const shown = this.#shown(state);
    const head = h(
      "div",
      { class: "hl-keep-row hl-keep-head", "aria-hidden": "true" },
      h("span", {}, "Op"),
      h("span", {}, state.measured ? "Cost at the outputs" : "Error made"),
      h("span", {}, "Run it in"),
    );
    const rows = shown.map((candidate) => this.#row(candidate, state, total, most));
    const none = h(
      "p",
      { class: "hl-muted" },
      state.measured ? "No op costs anything." : "No op is known to make an error.",
    );
    put(this.#node, head, ...(rows.length > 0 ? rows : [none]), this.#more(state.candidates.length - shown.length));
    if (focused) this.#node.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true });
  }

  /** What is chosen or selected is not hidden in the rest, unless it is very much. */
  #shown({ candidates, plan, selected }: OpListState): readonly Candidate[] {
    const wanted = new Set([...plan.keep_float, ...plan.int16, ...selected]);
    const few = wanted.size <= MORE;
    return candidates.filter(({ op }, at) => at < this.#count || (few && wanted.has(op)));
  }

  #more(rest: number): HTMLElement | false {
    const open = (): void => {
      this.#count += MORE;
      if (this.#state) this.show(this.#state);
    };
    const words = `Show ${plural(Math.min(rest, MORE), "more op")}`;
    return rest > 0 && h("button", { type: "button", class: "hl-link", onclick: open }, words);
  }

  #row(
    candidate: Candidate,
    { report, plan, selected, measured, int16 }: OpListState,
    total: number,
    most: number,
  ): HTMLElement {
    const { op, noise } = candidate;
    const name = opName(report, op);
    const saved =
      candidate.bytes !== null && candidate.bytesFloat !== null ? candidate.bytesFloat - candidate.bytes : 0;
    const part = total > 0 ? noise / total : 0;
    const fill = style(
      h("span", { class: measured ? "hl-costs" : "hl-made" }),
      "width",
      `${most > 0 ? (noise / most) * 100 : 0}%`,
    );
    const details = [opType(report, op), saved > 0 && `+${bytes(saved)} as float`].filter(Boolean).join(" · ");
    const button = h(
      "button",
      { type: "button", class: "hl-keep-name", title: `Select ${name}` },
      tail(name, ""),
      h("small", {}, details),
    );
    button.addEventListener("click", () => this.#options.select([op]));
    const title = measured ? "Of the power of the error at the outputs" : "Of the power of all errors made";
    return h(
      "div",
      {
        class: "hl-keep-row",
        role: "group",
        "aria-label": name,
        "data-selected": selected.includes(op),
        "data-op": String(op),
      },
      button,
      h(
        "span",
        { class: "hl-group-figure", title },
        h("span", { class: "hl-group-track" }, fill),
        h("span", {}, percent(part)),
      ),
      this.#choices(op, choiceOf(plan, op), name, int16),
    );
  }

  #choices(op: number, chosen: Choice, name: string, int16: boolean): HTMLElement {
    const buttons = CHOICES.filter(([choice]) => int16 || choice !== "int16").map(([choice, text, title]) =>
      h(
        "button",
        {
          type: "button",
          class: "hl-segment",
          title,
          "aria-pressed": String(choice === chosen),
          "data-choice": choice,
          onclick: () => this.#options.choose(op, choice),
        },
        text,
      ),
    );
    return h("div", { class: "hl-segments", role: "group", "aria-label": `Run ${name} in` }, ...buttons);
  }

  /** The list is made anew at every change: the keyboard stays where it was. */
  #focusKey(): string {
    const element = this.#node.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
    const op = element?.closest<HTMLElement>("[data-op]")?.dataset["op"];
    if (!op) return "";
    const choice = element?.dataset["choice"];
    return choice ? `[data-op="${op}"] [data-choice="${choice}"]` : `[data-op="${op}"] .hl-keep-name`;
  }
}
