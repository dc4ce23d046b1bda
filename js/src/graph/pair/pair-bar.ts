/** What the two models are, how many ops differ, and the way from one difference to the next. */

import { format, type ReportDocument } from "../../data/index.js";
import type { Change } from "../overlay/change.js";
import { CHANGES } from "../paint/palette.js";
import { button, element } from "../panels/dom.js";

export interface PairActions {
  /** Lets only ops of this change stand out; "" for all. */
  filter(change: string): void;
  /** To the next or previous op that differs. */
  step(direction: 1 | -1): void;
  /** In step, or each view by itself. */
  setInStep(on: boolean): void;
}

const KINDS = ["changed", "added", "removed"] as const;

const ICONS = {
  previous: "M10 3l-5 5l5 5",
  next: "M6 3l5 5l-5 5",
  inStep:
    "M6.500 9.500l3 -3M7 5l1.500 -1.500a2.800 2.800 0 0 1 4 4l-1.500 1.500M9 11l-1.500 1.500a2.800 2.800 0 0 1 -4 -4l1.500 -1.500",
} as const;

export class PairBar {
  readonly #root = element("div", "haoline-pair-bar");
  readonly #chips = element("div", "haoline-pair-chips");
  readonly #place = element("span", "haoline-pair-place");
  readonly #inStep: HTMLButtonElement;
  readonly #actions: PairActions;
  #filter = "";

  constructor(actions: PairActions) {
    this.#actions = actions;
    this.#root.dataset.testid = "haoline-pair-bar";
    this.#place.setAttribute("aria-live", "polite");
    this.#inStep = button("Move both views together", ICONS.inStep, () => this.#toggleStep());
    this.#inStep.setAttribute("aria-pressed", "true");
    const steps = element("div", "haoline-pair-steps");
    steps.append(
      button("Previous difference", ICONS.previous, () => actions.step(-1)),
      this.#place,
      button("Next difference", ICONS.next, () => actions.step(1)),
      this.#inStep,
    );
    this.#root.append(this.#chips, steps);
  }

  node(): HTMLElement {
    return this.#root;
  }

  /** Counts the ops of both models by what became of them. */
  show(first: ReportDocument, second: ReportDocument): void {
    const counts: Readonly<Record<string, number>> = {
      changed: count(first, "changed"),
      added: count(second, "added"),
      removed: count(first, "removed"),
    };
    const same = element("span", "haoline-pair-same", `${format.exact(count(first, "same"))} the same`);
    this.#chips.replaceChildren(same, ...KINDS.flatMap((kind) => this.#chip(kind, counts[kind] ?? 0)));
    this.showPlace(
      -1,
      KINDS.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0),
    );
  }

  /** `at`: which difference is the current one, -1 for none yet. */
  showPlace(at: number, total: number): void {
    const all = total === 0 ? "no" : format.exact(total);
    const count = `${all} difference${total === 1 ? "" : "s"}`;
    this.#place.textContent = at < 0 ? count : `${at + 1} / ${all}`;
  }

  #chip(change: Change, ops: number): HTMLElement[] {
    if (ops === 0) return [];
    const chip = element("button", "haoline-pair-chip", `${CHANGES[change].sign} ${format.exact(ops)} ${change}`);
    chip.style.setProperty("--haoline-change", `light-dark(${CHANGES[change].light}, ${CHANGES[change].dark})`);
    chip.type = "button";
    chip.dataset.change = change;
    chip.title = `Let only ${change} ops stand out`;
    chip.setAttribute("aria-pressed", String(this.#filter === change));
    chip.addEventListener("click", () => {
      this.#filter = this.#filter === change ? "" : change;
      for (const other of this.#chips.querySelectorAll<HTMLElement>("[data-change]")) {
        other.setAttribute("aria-pressed", String(other.dataset.change === this.#filter));
      }
      this.#actions.filter(this.#filter);
    });
    return [chip];
  }

  #toggleStep(): void {
    const on = this.#inStep.getAttribute("aria-pressed") !== "true";
    this.#inStep.setAttribute("aria-pressed", String(on));
    this.#actions.setInStep(on);
  }
}

function count(doc: ReportDocument, change: string): number {
  const column = doc.ops.text("change");
  const code = column?.dictionary.indexOf(change) ?? -1;
  let ops = 0;
  if (column && code >= 0) for (const each of column.codes) if (each === code) ops += 1;
  return ops;
}
