/**
 * The hierarchy as a tree of words: what a screen reader reads in place of the canvas, and a list to walk for everyone.
 *
 * It mirrors what is drawn. Rows are made for what is scrolled into view only: an open graph may hold 100,000 ops.
 */

import { element } from "./dom.js";
import { flatten, type OutlineSource, type Row } from "./outline-rows.js";

export interface OutlineActions {
  /** Opens or closes a group. */
  toggle(item: number): void;
  /** Selects an item and brings it into view. */
  choose(item: number): void;
  /** Gives the keyboard back to the graph. */
  leave(): void;
}

const ROW_HEIGHT = 22;
const OVERSCAN = 12;
const INDENT = 12;
/** Rows made while the list has no height: enough for a screen reader to begin with. */
const UNSEEN = 60;
let lists = 0;

function nextId(): string {
  lists += 1;
  return `haoline-outline-${lists}`;
}

export class Outline {
  readonly #source: OutlineSource;
  readonly #actions: OutlineActions;
  readonly #root = element("div", "haoline-graph-outline");
  readonly #list = element("div", "haoline-graph-outline-list");
  readonly #fill = element("div", "haoline-graph-outline-fill");
  readonly #id = nextId();
  #rows: readonly Row[] = [];
  #active = 0;
  #stale = true;

  constructor(source: OutlineSource, actions: OutlineActions) {
    this.#source = source;
    this.#actions = actions;
    this.#root.dataset.testid = "haoline-graph-outline";
    this.#list.setAttribute("role", "tree");
    this.#list.setAttribute("aria-label", "Outline of the graph");
    this.#list.tabIndex = 0;
    this.#list.append(this.#fill);
    this.#root.append(this.#list);
    this.#list.addEventListener("scroll", () => this.#render());
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focus", () => this.changed());
    this.#fill.addEventListener("click", (event) => this.#click(event));
  }

  node(): HTMLElement {
    return this.#root;
  }

  get open(): boolean {
    return this.#root.dataset.open === "true";
  }

  /** Whether anybody sees or walks the list; else a beginning is there for screen readers. */
  get visible(): boolean {
    return this.open || this.#list.matches(":focus");
  }

  toggle(): void {
    this.#root.dataset.open = String(!this.open);
    this.changed();
    if (this.open) this.#list.focus({ preventScroll: true });
    else this.#actions.leave();
  }

  /** Something was opened, closed or replaced. */
  changed(): void {
    this.#stale = true;
    this.refresh();
  }

  /** Shows the state of the moment: rows, selection, scroll position. */
  refresh(): void {
    if (this.#stale) {
      const item = this.#rows[this.#active]?.item;
      this.#rows = flatten(this.#source, this.visible ? undefined : UNSEEN);
      this.#stale = false;
      const again = this.#rows.findIndex((row) => row.item === item);
      this.#active = again >= 0 ? again : Math.min(this.#active, Math.max(0, this.#rows.length - 1));
    }
    this.#fill.style.height = `${this.#rows.length * ROW_HEIGHT}px`;
    this.#render();
  }

  /** Makes the row of an item the current one. */
  follow(item: number): void {
    const at = this.#rows.findIndex((row) => row.item === item);
    if (at < 0) return;
    this.#active = at;
    this.#scrollToActive();
    this.#render();
  }

  #render(): void {
    const { scrollTop, clientHeight } = this.#list;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - OVERSCAN);
    const visible = clientHeight > ROW_HEIGHT ? Math.ceil(clientHeight / ROW_HEIGHT) + 2 * OVERSCAN : UNSEEN;
    const shown = this.#rows.slice(first, first + visible);
    this.#fill.replaceChildren(...shown.map((row, i) => this.#row(row, first + i)));
    const active = `${this.#id}-${this.#active}`;
    const present = this.#active >= first && this.#active < first + shown.length;
    if (present) this.#list.setAttribute("aria-activedescendant", active);
    else this.#list.removeAttribute("aria-activedescendant");
  }

  #row({ item, level, index, siblings }: Row, at: number): HTMLElement {
    const source = this.#source;
    const row = element("div", "haoline-graph-outline-row");
    const group = source.isGroup(item);
    row.id = `${this.#id}-${at}`;
    row.dataset.at = String(at);
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", String(level));
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(siblings));
    row.setAttribute("aria-selected", String(source.isSelected(item)));
    row.setAttribute("aria-label", source.spoken(item));
    if (group) row.setAttribute("aria-expanded", String(source.isOpen(item)));
    row.dataset.active = String(at === this.#active);
    row.style.top = `${at * ROW_HEIGHT}px`;
    row.style.paddingLeft = `${6 + (level - 1) * INDENT}px`;
    const mark = element("span", "haoline-graph-outline-mark", group ? (source.isOpen(item) ? "▾" : "▸") : "");
    const note = element("span", "haoline-graph-outline-note", source.note(item));
    row.append(mark, element("span", "haoline-graph-outline-title", source.title(item)), note);
    return row;
  }

  #click(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>("[data-at]");
    const at = Number(row?.dataset.at ?? -1);
    const item = this.#rows[at]?.item;
    if (item === undefined) return;
    this.#active = at;
    if (target.classList.contains("haoline-graph-outline-mark")) this.#toggle(item);
    else this.#actions.choose(item);
    this.refresh();
  }

  #toggle(item: number): void {
    if (!this.#source.isGroup(item)) return;
    this.#actions.toggle(item);
    this.changed();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#action(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** The keys of the ARIA tree pattern. */
  #action(key: string): (() => void) | undefined {
    const item = this.#rows[this.#active]?.item ?? -1;
    const page = Math.max(1, Math.floor(this.#list.clientHeight / ROW_HEIGHT) - 1);
    const actions: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#move(this.#active + 1),
      ArrowUp: () => this.#move(this.#active - 1),
      ArrowRight: () => this.#inwards(item),
      ArrowLeft: () => this.#outwards(item),
      Home: () => this.#move(0),
      End: () => this.#move(this.#rows.length - 1),
      PageDown: () => this.#move(this.#active + page),
      PageUp: () => this.#move(this.#active - page),
      Enter: () => this.#actions.choose(item),
      " ": () => this.#toggle(item),
      Escape: () => this.#actions.leave(),
    };
    if (Object.hasOwn(actions, key)) return actions[key];
    return key.length === 1 && /\S/.test(key) ? () => this.#typed(key) : undefined;
  }

  #inwards(item: number): void {
    if (this.#source.isGroup(item) && !this.#source.isOpen(item)) this.#toggle(item);
    else if (this.#rows[this.#active + 1]?.level === (this.#rows[this.#active]?.level ?? 0) + 1) {
      this.#move(this.#active + 1);
    }
  }

  #outwards(item: number): void {
    if (this.#source.isGroup(item) && this.#source.isOpen(item)) return this.#toggle(item);
    const level = this.#rows[this.#active]?.level ?? 1;
    let at = this.#active - 1;
    while (at >= 0 && this.#rows[at]!.level >= level) at -= 1;
    if (at >= 0) this.#move(at);
  }

  /** The next row whose title begins with a letter. */
  #typed(letter: string): void {
    const wanted = letter.toLowerCase();
    for (let step = 1; step <= this.#rows.length; step += 1) {
      const at = (this.#active + step) % this.#rows.length;
      if (this.#source.title(this.#rows[at]!.item).toLowerCase().startsWith(wanted)) return this.#move(at);
    }
  }

  #move(at: number): void {
    if (this.#rows.length === 0) return;
    this.#active = Math.max(0, Math.min(this.#rows.length - 1, at));
    this.#scrollToActive();
    this.#render();
  }

  #scrollToActive(): void {
    const top = this.#active * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) this.#list.scrollTop = top + ROW_HEIGHT - clientHeight;
  }
}
