/** One document on show: its model, what is open, the scene, the colours. */

import type { ReportDocument } from "../../data/index.js";
import { addressOf, itemAt } from "../model/address.js";
import { GraphModel, type ModelOptions } from "../model/graph-model.js";
import { ROOT } from "../model/tree.js";
import { Aggregator } from "../overlay/aggregate.js";
import type { Beside } from "../overlay/beside.js";
import { type Change, changesIn } from "../overlay/change.js";
import { type Coloring, makeColoring } from "../overlay/coloring.js";
import { type EdgeOverlay, makeEdgeColoring } from "../overlay/edge-coloring.js";
import type { ScaleChoice } from "../overlay/scale.js";
import type { Rect } from "../paint/camera.js";
import { alone } from "./alone.js";
import { Expansion } from "./expansion.js";
import type { Frame } from "./frame.js";
import { openAddresses, openedAddresses } from "./opened.js";
import { Scene } from "./scene.js";
import { columnSizing } from "./sizes.js";
import { Summaries } from "./summaries.js";
import { locate, type Placed, walk } from "./walk.js";

/** More items than this are not followed through a change: it is not animated. */
const MOST_MOVING = 1500;

export class Session {
  readonly model: GraphModel;
  readonly expansion: Expansion;
  readonly scene: Scene;
  readonly summaries: Summaries;
  coloring: Coloring | null = null;
  /** How items differ from another model's, where the report was compared with one. */
  change: ((item: number) => Change | null) | null;
  edgeColoring: EdgeOverlay | null = null;
  /** The model drawn beside this one, where there is one. */
  beside: (() => Beside) | null = null;
  /** The group that is shown alone; the root: the whole model. */
  top = ROOT;
  #alone: Frame | null = null;
  #sizedBy: string | null = null;

  constructor(doc: ReportDocument, options: ModelOptions) {
    this.model = timed("haoline:graph:data", () => new GraphModel(doc, options));
    this.summaries = new Summaries(this.model);
    this.change = changesIn(this.model);
    this.expansion = new Expansion(this.model);
    this.openDefault();
    this.scene = new Scene(this.model, this.expansion);
  }

  /** Opens what the view opens by itself, and nothing else. */
  openDefault(): void {
    this.expansion.closeAll();
    this.expansion.openDefault((item) => this.summaries.opCount(item));
  }

  /** The laid-out graph, or the group that is shown alone. */
  root(): Frame {
    if (this.top === ROOT) return this.scene.current() ?? timed("haoline:graph:layout", () => this.scene.root());
    const group = this.scene.frame(this.top);
    const shown = this.#alone?.kids[0] === group ? this.#alone : alone(group);
    this.#alone = shown;
    return shown;
  }

  /** Whether an item lies in what is shown. */
  holds(item: number): boolean {
    for (let at = item; at >= 0; at = this.model.tree.parent[at]!) if (at === this.top) return true;
    return false;
  }

  setColumns(doc: ReportDocument): void {
    this.model.setColumns(doc);
    this.change = changesIn(this.model);
    this.color(this.coloring?.column.info.name ?? null);
    this.edgeColor(this.edgeColoring?.column.info.name ?? null);
    if (this.#sizedBy) this.sizeBy(this.#sizedBy);
  }

  /** Words of the same column keep their colours, so that a change of hardware moves no colour. */
  color(column: string | null, choice?: ScaleChoice): void {
    const like = this.coloring?.column.info.name === column ? this.coloring : null;
    this.coloring = column ? makeColoring(this.model, column, { choice, like, beside: this.beside?.() }) : null;
  }

  /** Colours edges by a column of the tensor table; null goes back to precision. */
  edgeColor(column: string | null): void {
    this.edgeColoring = column ? makeEdgeColoring(this.model, column, this.beside?.()) : null;
  }

  /** Sizes closed boxes by a column of amounts; null, or a column of words, as usual. */
  sizeBy(column: string | null): void {
    this.#sizedBy = column;
    const amounts = column ? this.model.doc.ops.numeric(column) : undefined;
    this.scene.setSizing(amounts ? columnSizing(this.model, new Aggregator(this.model, amounts)) : null);
  }

  /** Ancestors of an item, outermost first, without the root. */
  path(item: number): number[] {
    const path: number[] = [];
    for (let at = this.model.tree.parent[item]!; at > ROOT; at = this.model.tree.parent[at]!) path.unshift(at);
    return path;
  }

  place(item: number): Placed | null {
    return locate(this.root(), this.path(item), item);
  }

  /** Where everything in view stands, for a moving change; null where too much is in view. */
  snapshot(view: Rect): Map<number, Rect> | null {
    const places = new Map<number, Rect>();
    walk(this.root(), view, ({ item, rect }) => {
      places.set(item, rect);
      return places.size <= MOST_MOVING;
    });
    return places.size > MOST_MOVING ? null : places;
  }

  /** Shows what another session of the same report shows. */
  adopt(other: Session): void {
    openAddresses(this.model, this.expansion, openedAddresses(other.model, other.expansion));
    this.enter(addressOf(other.model, other.top));
  }

  /** Shows the group of an address alone; everything where there is none. */
  enter(address: string): void {
    const item = itemAt(this.model, address);
    this.top = this.model.isGroup(item) ? item : ROOT;
    this.expansion.open(this.top);
    this.expansion.reveal(this.top);
  }
}

/** Runs a step and leaves its time in the page's performance timeline. */
function timed<T>(name: string, step: () => T): T {
  const start = performance.now();
  const result = step();
  performance.mark(name);
  performance.measure(name, { start });
  return result;
}
