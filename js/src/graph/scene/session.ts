/** One document on show: its model, what is open, the scene, the colours. */

import type { ReportDocument } from "../../data/index.js";
import { GraphModel } from "../model/graph-model.js";
import { ROOT } from "../model/tree.js";
import { type Coloring, makeColoring } from "../overlay/coloring.js";
import type { Rect } from "../paint/camera.js";
import { Expansion } from "./expansion.js";
import type { Frame } from "./frame.js";
import { Scene } from "./scene.js";
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

  constructor(doc: ReportDocument, constants: boolean) {
    this.model = timed("haoline:graph:data", () => new GraphModel(doc, { constants }));
    this.summaries = new Summaries(this.model);
    this.expansion = new Expansion(this.model);
    this.expansion.openDefault((item) => this.summaries.opCount(item));
    this.scene = new Scene(this.model, this.expansion);
  }

  /** The laid-out graph. */
  root(): Frame {
    return this.scene.current() ?? timed("haoline:graph:layout", () => this.scene.root());
  }

  setColumns(doc: ReportDocument): void {
    this.model.setColumns(doc);
    this.color(this.coloring?.column.info.name ?? null);
  }

  color(column: string | null): void {
    this.coloring = column ? makeColoring(this.model, column) : null;
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

  /** Opens again what was open in another session of the same report. */
  adopt(other: Session): void {
    const open = new Set<string>();
    other.model.tree.kind.forEach((_, item) => {
      if (other.expansion.isOpen(item)) open.add(identity(other.model, item));
    });
    this.expansion.closeAll();
    this.model.tree.kind.forEach((_, item) => {
      if (this.model.isGroup(item) && open.has(identity(this.model, item))) this.expansion.open(item);
    });
  }
}

/** Names a group by what it stands for: item numbers differ between trees. */
function identity(model: GraphModel, item: number): string {
  const { kind, owner } = model.tree;
  return `${kind[item]} ${model.labels.scopeOf(item)} ${owner[item]}`;
}

/** Runs a step and leaves its time in the page's performance timeline. */
function timed<T>(name: string, step: () => T): T {
  const start = performance.now();
  const result = step();
  performance.mark(name);
  performance.measure(name, { start });
  return result;
}
