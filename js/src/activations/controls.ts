/** Small controls with a label. */

import { h, put } from "../views/dom.js";

export interface Option<V extends string> {
  readonly value: V;
  readonly text: string;
}

/** A choice of one. Its label is seen only if asked for: most options speak for themselves. */
export class Choice<V extends string> {
  readonly #select: HTMLSelectElement;
  readonly #node: HTMLElement;
  #offered = "";

  constructor(label: string, testid: string, pick: (value: V) => void, seen = false) {
    this.#select = h("select", { class: "hl-input", "data-testid": testid, "aria-label": label, title: label });
    this.#select.addEventListener("change", () => pick(this.#select.value as V));
    this.#node = h("label", { class: "hl-control" }, seen && h("span", {}, label), this.#select);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(options: readonly Option<V>[], value: V): void {
    const offered = JSON.stringify(options);
    if (offered !== this.#offered) {
      put(this.#select, ...options.map(({ value, text }) => h("option", { value }, text)));
      this.#offered = offered;
    }
    this.#select.value = options.some((option) => option.value === value) ? value : (options[0]?.value ?? "");
    this.#select.disabled = options.length < 2;
  }

  set hidden(hidden: boolean) {
    this.#node.hidden = hidden;
  }
}

/** A labelled slider over whole numbers that says where it stands. */
export class Slider {
  readonly #input: HTMLInputElement;
  readonly #output = h("output", { class: "hl-slider-value" });
  readonly #node: HTMLElement;
  readonly #label = h("span");

  constructor(testid: string, pick: (value: number) => void) {
    this.#input = h("input", { type: "range", "data-testid": testid });
    this.#input.addEventListener("input", () => pick(this.#input.valueAsNumber));
    this.#node = h("label", { class: "hl-control" }, this.#label, this.#input, this.#output);
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(label: string, range: { min: number; max: number; step?: number }, value: number, text = String(value)): void {
    this.#label.textContent = label;
    const { min, max, step = 1 } = range;
    for (const [name, limit] of Object.entries({ min, max, step })) this.#input.setAttribute(name, String(limit));
    this.#input.value = String(value);
    this.#input.setAttribute("aria-valuetext", text);
    this.#output.textContent = text;
  }

  set hidden(hidden: boolean) {
    this.#node.hidden = hidden;
  }
}

export function button(text: string, label: string, testid: string, onClick: () => void): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "hl-button", "aria-label": label, title: label, "data-testid": testid, onclick: onClick },
    text,
  );
}

/** Buttons behind one. */
export class Menu {
  readonly #node: HTMLDetailsElement;

  constructor(text: string, label: string, testid: string, items: readonly HTMLElement[]) {
    const summary = h(
      "summary",
      { class: "hl-button", "aria-label": label, title: label, "data-testid": testid },
      text,
    );
    const list = h("div", { class: "hl-menu-items", onclick: () => this.#close() }, ...items);
    this.#node = h("details", { class: "hl-menu" }, summary, list);
    this.#node.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.#node.contains(event.relatedTarget as Node)) this.#close();
    });
    this.#node.addEventListener("keydown", (event) => this.#escape(event));
  }

  node(): HTMLElement {
    return this.#node;
  }

  #escape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.#node.open) return;
    event.stopPropagation();
    this.#close();
    this.#node.querySelector("summary")?.focus();
  }

  #close(): void {
    this.#node.open = false;
  }
}
