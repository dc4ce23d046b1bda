/** A menu over the canvas (WAI-ARIA menu): arrows walk, Enter does, Escape goes back to where the focus was. */

import { element } from "./dom.js";

export interface MenuItem {
  readonly label: string;
  /** The key that does the same. */
  readonly key?: string | undefined;
  /** Of what is on or off; absent: a plain item. */
  readonly checked?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  run(): void;
}

/** Items in groups, a line between two groups. */
export type MenuContent = readonly (readonly MenuItem[])[];

const EDGE = 6;

export class Menu {
  readonly #root = element("div", "haoline-graph-menu haoline-graph-panel");
  readonly #onClose: () => void;
  #stop: AbortController | null = null;
  #closed: (() => void) | null = null;

  /** `onClose` gives the focus back. */
  constructor(onClose: () => void) {
    this.#onClose = onClose;
    this.#root.setAttribute("role", "menu");
    this.#root.dataset.testid = "haoline-graph-menu";
    this.#root.tabIndex = -1;
    this.#root.hidden = true;
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  node(): HTMLElement {
    return this.#root;
  }

  get open(): boolean {
    return !this.#root.hidden;
  }

  /** At a point of the graph, pushed inwards where there is no room. `closed` is called when the menu goes. */
  show(label: string, content: MenuContent, x: number, y: number, closed?: () => void): void {
    this.close();
    this.#closed = closed ?? null;
    const root = this.#root;
    root.setAttribute("aria-label", label);
    const groups = content.filter((group) => group.length > 0);
    root.replaceChildren(
      ...groups.flatMap((group, i) => [...(i > 0 ? [separator()] : []), ...group.map((item) => this.#item(item))]),
    );
    root.hidden = false;
    this.#place(x, y);
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    document.addEventListener("pointerdown", (event) => this.#outside(event), { signal, capture: true });
    this.#items()[0]?.focus({ preventScroll: true });
  }

  close(): void {
    if (!this.open) return;
    this.#root.hidden = true;
    this.#stop?.abort();
    this.#stop = null;
    this.#closed?.();
    this.#closed = null;
  }

  dispose(): void {
    this.close();
  }

  #item({ label, key, checked, disabled, run }: MenuItem): HTMLElement {
    const made = element("button", "haoline-graph-menu-item");
    made.type = "button";
    made.tabIndex = -1;
    made.setAttribute("role", checked === undefined ? "menuitem" : "menuitemcheckbox");
    if (checked !== undefined) made.setAttribute("aria-checked", String(checked));
    made.disabled = disabled === true;
    made.append(element("span", "", label));
    if (key) made.append(element("kbd", "", key));
    made.addEventListener("click", () => {
      this.close();
      this.#onClose();
      run();
    });
    return made;
  }

  #place(x: number, y: number): void {
    const root = this.#root;
    const room = root.parentElement;
    const [w, h] = [root.offsetWidth, root.offsetHeight];
    const within = (at: number, size: number, all: number): number => Math.max(EDGE, Math.min(at, all - size - EDGE));
    const left = within(x, w, room?.clientWidth ?? 0);
    root.style.transform = `translate(${left}px, ${within(y, h, room?.clientHeight ?? 0)}px)`;
  }

  #items(): HTMLButtonElement[] {
    return [...this.#root.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  }

  #outside(event: Event): void {
    if (!this.#root.contains(event.target as Node)) this.close();
  }

  #key(event: KeyboardEvent): void {
    const items = this.#items();
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus({ preventScroll: true });
    else if (event.key === "Escape" || event.key === "Tab") {
      this.close();
      this.#onClose();
    } else if (event.key.length === 1 && event.key !== " ") this.#jump(items, at, event.key.toLowerCase());
    else if (event.key !== "Enter" && event.key !== " ") return;
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
  }

  /** The next item that begins with a letter. */
  #jump(items: readonly HTMLButtonElement[], at: number, letter: string): void {
    const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    after.find((item) => item.textContent?.toLowerCase().startsWith(letter))?.focus({ preventScroll: true });
  }
}

function separator(): HTMLElement {
  const made = element("div", "haoline-graph-menu-line");
  made.setAttribute("role", "separator");
  return made;
}
