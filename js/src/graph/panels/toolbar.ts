/** The few buttons that are always there (WAI-ARIA toolbar: one tab stop, arrows inside); the rest is behind “…”. */

import type { Command, Commands } from "../input/commands.js";
import { button, element } from "./dom.js";

const ICONS = {
  zoomIn: "M3 7h8M7 3v8M7 2a5 5 0 1 0 .01 0M11 11l3 3",
  zoomOut: "M3 7h8M7 2a5 5 0 1 0 .01 0M11 11l3 3",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  levels: "M5 2.500h6v3.500H5zM8 6v2M3.500 10V8h9v2M2 10h3.500v3.500H2zM10.500 10H14v3.500h-3.500z",
  heat: "M8 14a4 4 0 0 1-4-4c0-3 3-4 3-8 3 1.500 5 4.500 5 8a4 4 0 0 1-4 4zM8 14c-1.300 0-2-1-2-2.200 0-1.500 2-2.300 2-3.800 1.200.8 2 2.300 2 3.800 0 1.200-.7 2.200-2 2.200z",
  legend: "M2 4h2M2 8h2M2 12h2M6.500 4H14M6.500 8H14M6.500 12H14",
  more: "M2.500 8h1M7.500 8h1M12.500 8h1",
} as const;

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

/** Opens a menu beside a button; `closed` is to be called when it goes. */
export type OpenMenu = (at: HTMLElement, closed: () => void) => void;

export class Toolbar {
  readonly #root = element("div", "haoline-graph-toolbar haoline-graph-panel");
  readonly #pressed: (readonly [HTMLButtonElement, () => boolean])[] = [];
  readonly #onMouse: () => void;

  /** `onMouse` gives the keyboard back to the graph after a click. */
  constructor(commands: Commands, levels: OpenMenu, more: OpenMenu, onMouse: () => void) {
    this.#onMouse = onMouse;
    this.#root.setAttribute("role", "toolbar");
    this.#root.setAttribute("aria-label", "Graph");
    this.#root.setAttribute("aria-orientation", "vertical");
    this.#root.append(
      ...(["zoomIn", "zoomOut", "fit"] as const).map((id) => this.#button(commands.get(id)!, ICONS[id])),
      this.#opener("Levels to open", ICONS.levels, levels, "haoline-graph-levels"),
      ...(["heat", "legend"] as const).map((id) => this.#button(commands.get(id)!, ICONS[id])),
      this.#opener("More", ICONS.more, more, "haoline-graph-more"),
    );
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("focusin", (event) => this.#stopAt(event.target as Element));
    this.#stopAt(this.#buttons()[0] ?? null);
    this.refresh();
  }

  node(): HTMLElement {
    return this.#root;
  }

  refresh(): void {
    for (const [made, active] of this.#pressed) made.setAttribute("aria-pressed", String(active()));
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.#root.querySelectorAll("button")];
  }

  #button(command: Command, icon: string): HTMLButtonElement {
    const label = command.keys[0] ? `${command.label} (${command.keys[0]})` : command.label;
    const made = button(label, icon, (event) => {
      command.run();
      if (event.detail > 0) this.#onMouse();
    });
    if (command.active) this.#pressed.push([made, command.active]);
    return made;
  }

  #opener(label: string, icon: string, open: OpenMenu, testid: string): HTMLButtonElement {
    const made = button(label, icon, () => {
      made.setAttribute("aria-expanded", "true");
      open(made, () => made.setAttribute("aria-expanded", "false"));
    });
    made.dataset.testid = testid;
    made.setAttribute("aria-haspopup", "menu");
    made.setAttribute("aria-expanded", "false");
    return made;
  }

  #stopAt(target: Element | null): void {
    for (const made of this.#buttons()) made.tabIndex = made === target ? 0 : -1;
  }

  #key(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const step = Object.hasOwn(STEPS, event.key) ? STEPS[event.key] : undefined;
    const to = step === undefined ? { Home: 0, End: -1 }[event.key] : (at + step) % buttons.length;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    buttons.at(to)?.focus();
  }
}
