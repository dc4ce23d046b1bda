import type { Fact } from "./describe.js";
import { element } from "./dom.js";

const OFFSET = 14;

export class Tooltip {
  readonly #root = element("div", "haoline-graph-tooltip");

  constructor() {
    this.#root.setAttribute("role", "tooltip");
    this.#root.hidden = true;
  }

  node(): HTMLElement {
    return this.#root;
  }

  hide(): void {
    this.#root.hidden = true;
  }

  /** At a point of the canvas, on the side where there is room. */
  show(title: string, facts: readonly Fact[], x: number, y: number, width: number, height: number): void {
    const root = this.#root;
    root.replaceChildren(element("strong", "", title), this.#list(facts));
    root.hidden = false;
    const [w, h] = [root.offsetWidth, root.offsetHeight];
    const left = x + OFFSET + w > width ? Math.max(4, x - OFFSET - w) : x + OFFSET;
    const top = y + OFFSET + h > height ? Math.max(4, y - OFFSET - h) : y + OFFSET;
    root.style.transform = `translate(${left}px, ${top}px)`;
  }

  #list(facts: readonly Fact[]): HTMLElement {
    const list = element("dl", "");
    for (const { label, value } of facts) list.append(element("dt", "", label), element("dd", "", value));
    return list;
  }
}
