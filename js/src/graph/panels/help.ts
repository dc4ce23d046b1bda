import { element } from "./dom.js";

const KEYS: readonly (readonly [string, string])[] = [
  ["drag", "move"],
  ["wheel", "zoom (after a click; Ctrl + wheel always)"],
  ["click", "select; open a block. + and − open and close"],
  ["double click", "on the title of an open block: close it"],
  ["arrows", "walk along edges, or to the side"],
  ["Enter", "open or close the selected group"],
  ["[ ]", "previous, next instance of a ×N block"],
  ["/", "search"],
  ["f", "fit to view"],
  ["+ −", "zoom"],
  ["l", "legend"],
  ["Esc", "clear search, then selection"],
];

export class HelpPanel {
  readonly #root = element("div", "haoline-graph-help");

  constructor() {
    this.#root.hidden = true;
    const list = element("dl", "");
    for (const [key, does] of KEYS) {
      const term = element("dt", "");
      term.append(element("kbd", "", key));
      list.append(term, element("dd", "", does));
    }
    this.#root.append(element("h4", "", "Moving about"), list);
  }

  node(): HTMLElement {
    return this.#root;
  }

  get open(): boolean {
    return !this.#root.hidden;
  }

  toggle(): void {
    this.#root.hidden = !this.#root.hidden;
  }
}
