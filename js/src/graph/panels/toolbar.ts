import { format } from "../../data/index.js";
import { button, element } from "./dom.js";

export interface ToolbarActions {
  zoom(factor: number): void;
  fit(): void;
  expandAll(): void;
  collapseAll(): void;
  setConstants(shown: boolean): void;
  toggleLegend(): void;
  toggleHelp(): void;
}

const ICONS = {
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  zoomIn: "M7 3v8M3 7h8M7 2a5 5 0 1 0 .01 0M11 11l3 3",
  zoomOut: "M3 7h8M7 2a5 5 0 1 0 .01 0M11 11l3 3",
  expand: "M3 3h10v10H3zM8 5.500v5M5.500 8h5",
  collapse: "M3 3h10v10H3zM5.500 8h5",
  constants: "M8 2l6 3.500v5L8 14l-6-3.500v-5zM2 5.500l6 3.500 6-3.500M8 9v5",
  legend: "M2 4h2M2 8h2M2 12h2M6.500 4H14M6.500 8H14M6.500 12H14",
  help: "M5.500 6a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M8 12.500v.3",
} as const;

export class Toolbar {
  readonly #root = element("div", "haoline-graph-toolbar");
  readonly #constants: HTMLButtonElement;

  constructor(actions: ToolbarActions) {
    this.#root.setAttribute("role", "toolbar");
    this.#root.setAttribute("aria-label", "Graph");
    this.#constants = button("Show constants", ICONS.constants, () =>
      actions.setConstants(this.#constants.getAttribute("aria-pressed") !== "true"),
    );
    this.#root.append(
      button("Zoom in (+)", ICONS.zoomIn, () => actions.zoom(1.3)),
      button("Zoom out (−)", ICONS.zoomOut, () => actions.zoom(1 / 1.3)),
      button("Fit to view (f)", ICONS.fit, () => actions.fit()),
      button("Expand all", ICONS.expand, () => actions.expandAll()),
      button("Collapse all", ICONS.collapse, () => actions.collapseAll()),
      this.#constants,
      button("Legend (l)", ICONS.legend, () => actions.toggleLegend()),
      button("Keyboard help (?)", ICONS.help, () => actions.toggleHelp()),
    );
  }

  node(): HTMLElement {
    return this.#root;
  }

  /** `hidden`: how many ops depend on weights alone and are left out. */
  showConstants(shown: boolean, hidden: number): void {
    const label = shown ? "Hide constants" : `Show ${format.exact(hidden)} constant ops`;
    this.#constants.title = label;
    this.#constants.setAttribute("aria-label", label);
    this.#constants.setAttribute("aria-pressed", String(shown));
    this.#constants.hidden = !shown && hidden === 0;
  }
}
