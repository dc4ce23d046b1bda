/** What keys and pointer do: read from the commands, so that it cannot be out of date. */

import type { Command, Commands, Section } from "../input/commands.js";
import { element } from "./dom.js";

const POINTER: readonly (readonly [string, string])[] = [
  ["drag", "move"],
  ["wheel", "zoom, after a click (Ctrl + wheel: always)"],
  ["Shift + wheel", "move sideways"],
  ["click", "select; open a closed group"],
  ["Shift + click", "add to the selection"],
  ["Shift + drag", "select what is inside"],
  ["right click", "menu; long press on a touch screen"],
  ["two fingers", "zoom and move"],
];
const SECTIONS: readonly Section[] = ["Moving", "Opening", "Finding", "Following", "Showing"];
const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  " ": "Space",
  Escape: "Esc",
  F: "Shift+F",
  N: "Shift+N",
  "-": "−",
  ContextMenu: "Menu",
};
const FIRST_DEPTH = "1";
/** On most keyboards plus without shift. */
const SAME_KEY = "=";

export class HelpPanel {
  readonly #root = element("div", "haoline-graph-help haoline-graph-panel");

  constructor(commands: Commands, close: () => void) {
    const root = this.#root;
    root.hidden = true;
    root.setAttribute("role", "dialog");
    root.setAttribute("aria-label", "Help");
    root.dataset.testid = "haoline-graph-help";
    root.tabIndex = -1;
    const done = element("button", "haoline-graph-step", "×");
    done.type = "button";
    done.setAttribute("aria-label", "Close help");
    done.addEventListener("click", close);
    const all = [...commands.values()].filter(({ keys }) => keys.length > 0);
    const lists = SECTIONS.map((section) => list(section, rows(all.filter((command) => command.section === section))));
    const columns = element("div", "");
    columns.append(list("Pointer", POINTER), ...lists);
    root.append(done, columns);
  }

  node(): HTMLElement {
    return this.#root;
  }

  get open(): boolean {
    return !this.#root.hidden;
  }

  toggle(): void {
    this.#root.hidden = !this.#root.hidden;
    if (this.open) this.#root.scrollTop = 0;
  }
}

export function sign(key: string): string {
  return SIGNS[key] ?? key;
}

/** The nine depths are one row. */
function rows(commands: readonly Command[]): [string, string][] {
  return commands
    .filter(({ keys }) => !/^[2-9]$/.test(keys[0]!))
    .map(({ keys, label }) =>
      keys[0] === FIRST_DEPTH
        ? ["1 – 9", "Open so many levels"]
        : [
            keys
              .filter((key) => key !== SAME_KEY)
              .map(sign)
              .join("  "),
            label,
          ],
    );
}

function list(title: string, entries: readonly (readonly [string, string])[]): HTMLElement {
  const made = element("section", "");
  const body = element("dl", "");
  for (const [key, does] of entries) {
    const term = element("dt", "");
    for (const each of key.split("  ")) term.append(element("kbd", "", each));
    body.append(term, element("dd", "", does));
  }
  made.append(element("h4", "", title), body);
  return made;
}
