import { h } from "./dom.js";

/** One line for what is going on and what went wrong; hidden when there is nothing to say. */
export class StatusLine {
  #status = h("span", { class: "hl-status-text" });
  #error = h("span", { class: "hl-error", role: "alert" });
  #node = h("div", { class: "hl-status", role: "status", "data-testid": "haoline-status" }, this.#status, this.#error);

  constructor() {
    this.#refresh();
  }

  node(): HTMLElement {
    return this.#node;
  }

  status(text: string): void {
    this.#status.textContent = text;
    this.#refresh();
  }

  error(text: string): void {
    this.#error.textContent = text;
    this.#refresh();
  }

  #refresh(): void {
    this.#status.hidden = this.#status.textContent === "";
    this.#error.hidden = this.#error.textContent === "";
    this.#node.hidden = this.#status.hidden && this.#error.hidden;
  }
}
