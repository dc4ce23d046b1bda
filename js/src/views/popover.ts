import { Cleanup } from "./cleanup.js";
import { h, style, uid } from "./dom.js";

/** A panel that hangs off a button, in the top layer; closes on Escape and on a click elsewhere. */
export class Popover {
  #button: HTMLButtonElement;
  #panel: HTMLElement;
  #whileOpen = new Cleanup();
  #onOpen: () => void;

  constructor(button: HTMLButtonElement, label: string, content: HTMLElement, onOpen: () => void = () => undefined) {
    this.#button = button;
    this.#onOpen = onOpen;
    const id = uid("popover");
    this.#panel = h(
      "div",
      { class: "hl-popover", id, role: "dialog", "aria-label": label, popover: "manual" },
      content,
    );
    this.#panel.hidden = true;
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-controls", id);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.toggle());
    this.#panel.addEventListener("keydown", (event) => this.#keydown(event));
  }

  /** The panel, to be placed beside the button. */
  node(): HTMLElement {
    return this.#panel;
  }

  get isOpen(): boolean {
    return !this.#panel.hidden;
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  open(): void {
    this.#panel.hidden = false;
    this.#panel.showPopover?.();
    this.#button.setAttribute("aria-expanded", "true");
    this.#whileOpen.listen(document, "pointerdown", (event) => this.#outside(event));
    this.#whileOpen.listen(window, "resize", () => this.#place());
    // Scrolls do not bubble: the notebook around us scrolls, and the panel has to follow its button.
    this.#whileOpen.listen(document, "scroll", (event) => this.#scrolled(event), true);
    this.#onOpen();
    this.#place();
    this.#panel.querySelector<HTMLElement>("input, select, button, summary, [tabindex]")?.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    this.dispose();
    this.#button.focus();
  }

  /** Close without moving the focus. */
  dispose(): void {
    this.#whileOpen.dispose();
    if (this.#panel.isConnected && this.isOpen) this.#panel.hidePopover?.();
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #outside(event: Event): void {
    const path = event.composedPath();
    if (!path.includes(this.#panel) && !path.includes(this.#button)) this.dispose();
  }

  #scrolled(event: Event): void {
    if (!(event.target instanceof Node && this.#panel.contains(event.target))) this.#place();
  }

  #keydown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
  }

  #place(): void {
    const anchor = this.#button.getBoundingClientRect();
    const { width, height } = this.#panel.getBoundingClientRect();
    const left = Math.min(anchor.left, innerWidth - width - 8);
    const fits = anchor.bottom + 4 + height <= innerHeight;
    const top = fits ? anchor.bottom + 4 : Math.max(8, Math.min(anchor.top - 4 - height, innerHeight - height - 8));
    style(this.#panel, "left", `${Math.max(8, left)}px`);
    style(this.#panel, "top", `${top}px`);
  }
}
