/** What can be done with the selection, and what is being followed from it. */

import { format } from "../../data/index.js";
import type { Command, Commands } from "../input/commands.js";
import type { Session } from "../scene/session.js";
import { titleOf } from "./describe.js";
import { button, element } from "./dom.js";

const ICONS: Readonly<Record<string, string>> = {
  traceUp: "M8 14V5M4.500 8.500L8 5l3.500 3.500M3 2h10",
  traceDown: "M8 2v9M4.500 7.500L8 11l3.500-3.500M3 14h10",
  path: "M3.500 3.500m-1.500 0a1.500 1.500 0 1 0 3 0a1.500 1.500 0 1 0-3 0M12.500 12.500m-1.500 0a1.500 1.500 0 1 0 3 0a1.500 1.500 0 1 0-3 0M5 3.500h3.500a2.500 2.500 0 0 1 0 5h-1a2 2 0 0 0 0 4H11",
  fitSelection: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M6 6h4v4H6z",
  focus: "M8 2a6 6 0 1 0 .01 0M8 6a2 2 0 1 0 .01 0",
  showInTable: "M2 3h12v10H2zM2 6.500h12M2 10h12M6.500 6.500V13",
  copyLink:
    "M6.500 9.500l3-3M7.500 5L9 3.500a2.500 2.500 0 0 1 3.500 3.500L11 8.500M8.500 11L7 12.500A2.500 2.500 0 0 1 3.500 9L5 7.500",
};
const IDS = Object.keys(ICONS);

export class SelectionBar {
  readonly #root = element("div", "haoline-graph-selection");
  readonly #label = element("span", "haoline-graph-chosen");
  readonly #result = element("span", "haoline-graph-result");
  readonly #resultRow = element("div", "haoline-graph-strip haoline-graph-panel");
  readonly #bar = element("div", "haoline-graph-bar haoline-graph-panel");
  readonly #buttons: (readonly [HTMLButtonElement, Command])[];

  constructor(commands: Commands, clear: () => void) {
    this.#buttons = IDS.flatMap((id) => {
      const command = commands.get(id);
      return command ? [[this.#button(id, command), command] as const] : [];
    });
    this.#bar.setAttribute("role", "group");
    this.#bar.setAttribute("aria-label", "Selection");
    this.#bar.append(this.#label, ...this.#buttons.map(([made]) => made));
    this.#bar.dataset.testid = "haoline-graph-selection";
    this.#result.setAttribute("role", "status");
    this.#resultRow.append(this.#result, clearButton(clear));
    this.#resultRow.dataset.testid = "haoline-graph-result";
    this.#root.append(this.#bar, this.#resultRow);
  }

  node(): HTMLElement {
    return this.#root;
  }

  show(session: Session, chosen: readonly number[], ops: number, result: string): void {
    this.#bar.hidden = chosen.length === 0;
    this.#label.textContent = chosen.length === 0 ? "" : words(session, chosen, ops);
    this.#label.title = this.#label.textContent;
    for (const [made, command] of this.#buttons) {
      made.disabled = command.available?.() === false;
      if (command.active) made.setAttribute("aria-pressed", String(command.active()));
    }
    this.#resultRow.hidden = result === "";
    this.#result.textContent = result;
  }

  #button(id: string, { label, keys, run }: Command): HTMLButtonElement {
    const made = button(keys[0] ? `${label} (${keys[0]})` : label, ICONS[id]!, () => run());
    made.dataset.command = id;
    return made;
  }
}

function clearButton(clear: () => void): HTMLElement {
  const made = element("button", "haoline-graph-step", "×");
  made.type = "button";
  made.title = "Clear (Esc)";
  made.setAttribute("aria-label", "Clear what is followed");
  made.addEventListener("click", clear);
  return made;
}

function words(session: Session, chosen: readonly number[], ops: number): string {
  const [only, ...more] = chosen;
  if (only !== undefined && more.length === 0) return titleOf(session, only);
  return `${format.exact(chosen.length)} selected${ops > chosen.length ? `, ${format.exact(ops)} ${session.model.labels.noun}s` : ""}`;
}
