import { type Child, h, put, style } from "./dom.js";

const GAP = 10;
const MARGIN = 4;

/** One floating read-out per report, in the top layer so that no cell clips it. */
export class Tooltip {
  #box = h("div", { class: "hl-tooltip", role: "tooltip", popover: "manual", hidden: true });

  node(): HTMLElement {
    return this.#box;
  }

  /** Show beside a point of the viewport. */
  at(x: number, y: number, ...content: Child[]): void {
    const { width, height } = this.#open(content);
    const left = x + GAP + width > innerWidth ? x - GAP - width : x + GAP;
    const top = y + GAP + height > innerHeight ? y - GAP - height : y + GAP;
    this.#place(left, top);
  }

  hide(): void {
    if (this.#box.hidden) return;
    this.#box.hidePopover?.();
    this.#box.hidden = true;
  }

  /** Show `content` while the pointer rests on an element or the keyboard focus is in it. */
  attach(element: Element, content: () => Child[]): void {
    for (const event of ["pointerenter", "focus"])
      element.addEventListener(event, () => this.#below(element, content()));
    for (const event of ["pointerleave", "blur", "click"]) element.addEventListener(event, () => this.hide());
    element.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape") this.hide();
    });
  }

  #below(element: Element, content: Child[]): void {
    const anchor = element.getBoundingClientRect();
    const { width, height } = this.#open(content);
    const under = anchor.bottom + 6;
    const top = under + height > innerHeight ? anchor.top - 6 - height : under;
    this.#place(Math.min(anchor.left, innerWidth - width - MARGIN), top);
  }

  #open(content: Child[]): DOMRect {
    put(this.#box, ...content);
    this.#box.hidden = false;
    this.#box.showPopover?.();
    return this.#box.getBoundingClientRect();
  }

  #place(left: number, top: number): void {
    style(this.#box, "left", `${Math.max(MARGIN, left)}px`);
    style(this.#box, "top", `${Math.max(MARGIN, top)}px`);
  }
}

/** A heading and label–value lines for a tooltip. */
export function readout(title: string, rows: readonly (readonly [string, string])[], note = ""): Child[] {
  return [
    h("strong", {}, title),
    rows.length > 0 &&
      h("dl", { class: "hl-pairs" }, ...rows.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)])),
    note !== "" && h("p", { class: "hl-tip-note" }, note),
  ];
}
