import { type Child, h, uid } from "./dom.js";

export interface Tab {
  readonly id: string;
  readonly label: string;
}

/** A tab list with one panel each (WAI-ARIA tabs, automatic activation). */
export class Tabs {
  #tabs: readonly Tab[];
  #buttons = new Map<string, HTMLButtonElement>();
  #panels = new Map<string, HTMLElement>();
  #list: HTMLElement;
  #current = "";
  #onSelect: (id: string) => void;

  constructor(tabs: readonly Tab[], onSelect: (id: string) => void) {
    this.#tabs = tabs;
    this.#onSelect = onSelect;
    for (const tab of tabs) this.#add(tab);
    this.#list = h("div", { class: "hl-tabs", role: "tablist", "aria-label": "Views" }, ...this.#buttons.values());
    this.#list.addEventListener("keydown", (event) => this.#keydown(event));
  }

  /** The row of tabs. */
  node(): HTMLElement {
    return this.#list;
  }

  panels(): HTMLElement[] {
    return [...this.#panels.values()];
  }

  panel(id: string): HTMLElement | undefined {
    return this.#panels.get(id);
  }

  get current(): string {
    return this.#current;
  }

  /** Show a tab; an unknown id shows the first. */
  show(id: string): void {
    this.#current = this.#panels.has(id) ? id : (this.#tabs[0]?.id ?? "");
    for (const [key, button] of this.#buttons) {
      const chosen = key === this.#current;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      const panel = this.#panels.get(key);
      if (panel) panel.hidden = !chosen;
    }
  }

  /** Calls a tab something else. */
  label(id: string, text: string): void {
    const button = this.#buttons.get(id);
    if (button?.firstChild) button.firstChild.textContent = text;
  }

  /** Put a count or the like after the label of a tab. */
  badge(id: string, ...content: Child[]): void {
    const badge = this.#buttons.get(id)?.querySelector(".hl-badge");
    badge?.replaceChildren(...content.filter((child): child is Node | string => !!child));
  }

  #add(tab: Tab): void {
    const [buttonId, panelId] = [uid("tab"), uid("panel")];
    const button = h(
      "button",
      { type: "button", role: "tab", id: buttonId, class: "hl-tab", "data-testid": `haoline-tab-${tab.id}` },
      tab.label,
      h("span", { class: "hl-badge" }),
    );
    button.setAttribute("aria-controls", panelId);
    button.addEventListener("click", () => this.#onSelect(tab.id));
    const panel = h("div", { role: "tabpanel", id: panelId, class: `hl-panel hl-panel-${tab.id}` });
    panel.setAttribute("aria-labelledby", buttonId);
    this.#buttons.set(tab.id, button);
    this.#panels.set(tab.id, panel);
  }

  #keydown(event: KeyboardEvent): void {
    const at = this.#tabs.findIndex((tab) => tab.id === this.#current);
    const last = this.#tabs.length - 1;
    const target = { ArrowLeft: at === 0 ? last : at - 1, ArrowRight: at === last ? 0 : at + 1, Home: 0, End: last }[
      event.key
    ];
    const tab = target === undefined ? undefined : this.#tabs[target];
    if (!tab) return;
    event.preventDefault();
    event.stopPropagation();
    this.#onSelect(tab.id);
    this.#buttons.get(tab.id)?.focus();
  }
}
