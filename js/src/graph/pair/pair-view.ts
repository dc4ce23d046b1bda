/** Two graphs side by side, in step, with what differs marked. The op tables carry a comparison's columns. */

import type { ReportDocument } from "../../data/index.js";
import { element } from "../panels/dom.js";
import type { GraphState } from "../state.js";
import { type GraphOptions, GraphView } from "../view.js";
import { type Difference, listDifferences } from "./differences.js";
import { Lockstep } from "./lockstep.js";
import { PairBar } from "./pair-bar.js";

export class PairView {
  readonly #root = element("div", "haoline-pair");
  readonly #titles: readonly [HTMLElement, HTMLElement] = [
    element("h4", "haoline-pair-title"),
    element("h4", "haoline-pair-title"),
  ];
  readonly #views: readonly [GraphView, GraphView];
  readonly #lockstep: Lockstep;
  readonly #bar: PairBar;
  #docs: readonly [ReportDocument, ReportDocument];
  #differences: readonly Difference[] = [];
  #at = -1;

  constructor(container: HTMLElement, first: ReportDocument, second: ReportDocument, options: GraphOptions = {}) {
    this.#docs = [first, second];
    this.#bar = new PairBar({
      filter: (change) => this.setState({ filter: change && `change:${change}` }),
      step: (direction) => this.#step(direction),
      setInStep: (on) => {
        this.#lockstep.on = on;
      },
    });
    this.#root.dataset.testid = "haoline-pair";
    const panes = element("div", "haoline-pair-panes");
    this.#root.append(this.#bar.node(), panes);
    container.append(this.#root);
    this.#views = [this.#pane(panes, 0, options), this.#pane(panes, 1, options)];
    this.#lockstep = new Lockstep(...this.#views);
    this.#show();
  }

  node(): HTMLElement {
    return this.#root;
  }

  /** The state of the first view; the second follows it. */
  state(): GraphState {
    return this.#views[0].state();
  }

  /** Shows a state in both views: columns and filters as they are, ops and groups by their counterparts. */
  setState(changed: Partial<GraphState>): void {
    this.#views[0].setState(changed);
    this.#lockstep.lead(0, changed);
  }

  /** Calls back with what the user has changed in the first view. */
  onChange(callback: (changed: Partial<GraphState>) => void): () => void {
    return this.#views[0].onChange(callback);
  }

  /** Brings an op of the first model into view, and its counterpart. */
  focusOp(op: number): void {
    this.#lockstep.go(0, op);
  }

  update(first: ReportDocument, second: ReportDocument | null = first.other): void {
    if (!second) return;
    this.#docs = [first, second];
    this.#views[0].update(first);
    this.#views[1].update(second);
    this.#lockstep.refresh();
    this.#show();
  }

  dispose(): void {
    this.#lockstep.dispose();
    for (const view of this.#views) view.dispose();
    this.#root.remove();
  }

  #pane(panes: HTMLElement, side: 0 | 1, options: GraphOptions): GraphView {
    const pane = element("section", "haoline-pair-pane");
    pane.append(this.#titles[side]);
    panes.append(pane);
    return new GraphView(pane, this.#docs[side], options);
  }

  #show(): void {
    const [first, second] = this.#docs.map(({ model }) => model.name) as [string, string];
    const told = first === second ? [`${first} · first`, `${second} · second`] : [first, second];
    told.forEach((title, side) => {
      this.#titles[side]!.textContent = title;
    });
    this.#differences = listDifferences(...this.#docs);
    this.#at = -1;
    this.#bar.show(...this.#docs);
  }

  #step(direction: 1 | -1): void {
    const { length } = this.#differences;
    if (length === 0) return;
    this.#at = this.#at < 0 && direction < 0 ? length - 1 : (this.#at + direction + length) % length;
    const { side, op } = this.#differences[this.#at]!;
    this.#bar.showPlace(this.#at, length);
    this.#lockstep.go(side, op);
  }
}
