/** What colours and lines mean: the overlays whenever there are any, the vocabulary of the graph on request. */

import { type Column, NumericColumn, type ReportDocument } from "../../data/index.js";
import { clean } from "../model/labels.js";
import type { Coloring } from "../overlay/coloring.js";
import type { EdgeOverlay } from "../overlay/edge-coloring.js";
import type { Legend } from "../overlay/legend.js";
import type { ScaleChoice } from "../overlay/scale.js";
import { titleUnit } from "../overlay/ticks.js";
import { button, element } from "./dom.js";
import { RangeSection } from "./legend/range-section.js";
import { categorySection, lineSection, precisionSection } from "./legend/vocabulary.js";
import { WordsSection } from "./legend/words-section.js";

export interface LegendActions {
  /** The user asked for a part of the colours: a query (docs/architecture.md), "" for all. */
  onBrush(query: string): void;
  /** The user chose another scale for the node colours. */
  onScale(choice: ScaleChoice): void;
}

export interface Shown {
  readonly doc: ReportDocument;
  readonly coloring: Coloring | null;
  readonly edgeColoring: EdgeOverlay | null;
  readonly dark: boolean;
}

type Range = readonly [number, number] | null;

const CHEVRON = "M4 6l4 4l4 -4";

export class LegendPanel {
  readonly #root = element("div", "haoline-graph-legend");
  readonly #actions: LegendActions;
  #shown: Shown | null = null;
  #nodes: RangeSection | WordsSection | null = null;
  /** What the user asked for here, "" for nothing, and the range that it came from. */
  #query = "";
  #range: Range = null;
  #open = false;
  #folded = false;

  constructor(actions: LegendActions) {
    this.#actions = actions;
    this.#root.setAttribute("role", "region");
    this.#root.setAttribute("aria-label", "Legend");
    this.#root.dataset.testid = "haoline-graph-legend";
    this.#root.dataset.open = "false";
    // What is done here is not done to the graph behind.
    for (const type of ["pointerdown", "wheel", "dblclick", "keydown"]) {
      this.#root.addEventListener(type, (event) => event.stopPropagation());
    }
  }

  node(): HTMLElement {
    return this.#root;
  }

  /** Shows or hides the vocabulary. */
  toggle(): void {
    this.#open = !this.#open;
    this.#root.dataset.open = String(this.#open);
  }

  /** Draws anew only what changed: a brush that is being dragged stays in hand. */
  show(shown: Shown): void {
    const before = this.#shown;
    const same = before && before.doc === shown.doc && before.dark === shown.dark;
    if (same && before.coloring === shown.coloring && before.edgeColoring === shown.edgeColoring) return;
    if (before?.coloring?.column.info.name !== shown.coloring?.column.info.name) this.#forget();
    this.#shown = shown;
    this.#draw(shown);
  }

  /** Tells the legend what the view is filtered by: what was asked for here may have been taken back elsewhere. */
  showFilter(filter: string): void {
    if (this.#query === "" || filter.includes(this.#query)) return;
    [this.#query, this.#range] = ["", null];
    this.#nodes?.clear();
  }

  /** Another column: a query for the one before would be without a legend. */
  #forget(): void {
    if (this.#query === "") return;
    [this.#query, this.#range] = ["", null];
    this.#actions.onBrush("");
  }

  #draw({ doc, coloring, edgeColoring, dark }: Shown): void {
    const focused = this.#focusedName();
    const nodes = coloring?.themed(dark) ?? null;
    const edges = edgeColoring?.themed(dark) ?? null;
    this.#nodes = nodes ? this.#section(nodes.column, nodes.legend, "node") : null;
    const lines = edges ? this.#section(edges.column, edges.legend, "edge") : null;
    this.#root.replaceChildren(
      ...(nodes && this.#nodes ? [this.#overlay("Nodes", nodes.column, this.#nodes)] : []),
      ...(edges && lines ? [this.#overlay("Edges", edges.column, lines)] : []),
      ...(nodes ? [] : [categorySection(doc, dark)]),
      ...(edges ? [] : [precisionSection(doc, dark)]),
      lineSection(),
    );
    if (this.#nodes instanceof RangeSection) this.#nodes.resume(this.#range);
    else this.#nodes?.resume(this.#query);
    if (focused) this.#focus(focused);
  }

  #section(column: Column, legend: Legend, of: "node" | "edge"): RangeSection | WordsSection {
    const noun = of === "node" ? "ops" : "tensors";
    const asked = of === "node" ? (query: string, range: Range = null) => this.#ask(query, range) : null;
    const rescaled = of === "node" ? (choice: ScaleChoice) => this.#actions.onScale(choice) : null;
    if (legend.kind === "range" && column instanceof NumericColumn)
      return new RangeSection(column, legend, noun, { brushed: asked, rescaled });
    const kind = of === "node" ? "haoline-swatch" : "haoline-line haoline-thick";
    return new WordsSection(legend as Extract<Legend, { kind: "words" }>, noun, kind, asked);
  }

  #ask(query: string, range: Range): void {
    this.#query = query;
    this.#range = range;
    this.#actions.onBrush(query);
  }

  #overlay(of: string, column: Column, content: RangeSection | WordsSection): HTMLElement {
    const { label, provenance, unit, description } = column.info;
    const made = element("section", "haoline-always");
    const title = element("h4", "", of === "Edges" ? `Edges: ${clean(label)}` : clean(label));
    title.title = clean(description);
    made.setAttribute("aria-label", `${of} by ${clean(label)}`);
    const words = [clean(titleUnit(unit)), provenance].filter(Boolean).join(" · ");
    const head = element("header", "haoline-legend-head");
    const fold = button("Fold the legend", CHEVRON, () => this.#fold(!this.#folded));
    fold.classList.add("haoline-legend-fold");
    head.append(title, element("span", "haoline-legend-origin", words), fold);
    made.append(head, content.node());
    this.#fold(this.#folded, made);
    return made;
  }

  #fold(folded: boolean, within: HTMLElement = this.#root): void {
    this.#folded = folded;
    this.#root.dataset.folded = String(folded);
    for (const fold of within.querySelectorAll<HTMLElement>(".haoline-legend-fold")) {
      fold.setAttribute("aria-expanded", String(!folded));
      fold.title = folded ? "Unfold the legend" : "Fold the legend";
    }
  }

  /** A choice of the scale draws the legend anew: the keyboard stays where it was. */
  #focusedName(): string | null {
    const focused = document.activeElement;
    return focused && this.#root.contains(focused) ? focused.textContent || focused.getAttribute("aria-label") : null;
  }

  #focus(name: string): void {
    for (const candidate of this.#root.querySelectorAll<HTMLElement>("button, [tabindex]")) {
      if ((candidate.textContent || candidate.getAttribute("aria-label")) === name) return candidate.focus();
    }
  }
}
