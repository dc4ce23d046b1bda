import { h, uid } from "../../views/dom.js";
import type { Channels } from "./channels.js";
import { channelText } from "./describe.js";

/** The one option of the list that a screen reader is told of: a canvas has no others. */
export class Cursor {
  position = 0;
  readonly #option = h("div", { class: "hl-maps-option", role: "option", id: uid("channel"), "aria-selected": "true" });
  readonly #list: HTMLElement;

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  node(): HTMLElement {
    return this.#option;
  }

  get text(): string {
    return this.#option.textContent ?? "";
  }

  show(order: readonly number[], channels: Channels, word: string): void {
    this.position = Math.max(0, Math.min(this.position, order.length - 1));
    const channel = order[this.position];
    this.#option.textContent = channel === undefined ? "" : channelText(channels, channel, word);
    this.#option.setAttribute("aria-posinset", String(this.position + 1));
    this.#option.setAttribute("aria-setsize", String(order.length));
    if (channel === undefined) this.#list.removeAttribute("aria-activedescendant");
    else this.#list.setAttribute("aria-activedescendant", this.#option.id);
  }
}
