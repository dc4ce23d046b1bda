import { h } from "../../views/dom.js";

export interface Choice<T extends string> {
  readonly label: string;
  readonly options: readonly (readonly [T, string])[];
  readonly pick: (value: T) => void;
  /** Whether the options speak for themselves. */
  readonly mute?: boolean;
}

/** A choice of a few words that are all in sight. */
export class Segments<T extends string> {
  readonly #buttons: Map<T, HTMLButtonElement>;
  readonly #node: HTMLElement;

  constructor({ label, options, pick, mute = false }: Choice<T>) {
    this.#buttons = new Map(
      options.map(([value, text]) => [
        value,
        h("button", { type: "button", class: "hl-segment", "aria-pressed": "false", onclick: () => pick(value) }, text),
      ]),
    );
    this.#node = h(
      "div",
      { class: "hl-segments", role: "group", "aria-label": label },
      !mute && h("span", { class: "hl-muted", "aria-hidden": "true" }, label),
      ...this.#buttons.values(),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(chosen: T): void {
    for (const [value, button] of this.#buttons) button.setAttribute("aria-pressed", String(value === chosen));
  }
}
