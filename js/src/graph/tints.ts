/** What columns do to the look of a graph: node colours, edge colours, sizes. */

import { NumericColumn } from "../data/index.js";
import type { ScaleChoice } from "./overlay/scale.js";
import type { Session } from "./scene/session.js";

/** Columns that a heatmap begins with, the first that has values. */
const HEAT = ["measured_us", "engine_us", "estimated_us", "flops", "macs", "bytes_moved", "weight_bytes", "parameters"];

export class Tints {
  readonly #session: () => Session;
  readonly #changed: () => void;
  /** The column of the last heatmap. */
  #heat = "";
  /** Hears how the user wants the node colours spread. */
  onRescale: (choice: ScaleChoice) => void = () => undefined;
  /** Column that sizes nodes, "" for none. */
  size = "";

  constructor(session: () => Session, changed: () => void) {
    this.#session = session;
    this.#changed = changed;
  }

  /** The column that colours nodes, "" for categories. */
  get color(): string {
    return this.#session().coloring?.column.info.name ?? "";
  }

  /** The column that colours edges, "" for precision. */
  get edgeColor(): string {
    return this.#session().edgeColoring?.column.info.name ?? "";
  }

  setColor(column: string): void {
    this.#session().color(column || null);
    this.#heat = this.color || this.#heat;
    this.#changed();
  }

  /** Colours anew: values that share the scale are others now. */
  again(): void {
    const session = this.#session();
    session.color(this.color || null);
    session.edgeColor(this.edgeColor || null);
    this.#changed();
  }

  /** Spreads the node colours otherwise. */
  rescale(choice: ScaleChoice): void {
    this.#session().color(this.color || null, choice);
    this.#changed();
    this.onRescale(choice);
  }

  setEdgeColor(column: string): void {
    this.#session().edgeColor(column || null);
    this.#changed();
  }

  /** Sizes nodes by a column of amounts; "" makes them all alike. */
  setSize(column: string): void {
    this.size = this.#session().model.doc.ops.numeric(column) ? column : "";
    this.#session().sizeBy(this.size || null);
    this.#changed();
  }

  /** Heat on and off: the column of last time, or the first sensible one. */
  toggleHeat(): void {
    const { doc } = this.#session().model;
    const known = (name: string): boolean => {
      const column = doc.column(name);
      return column instanceof NumericColumn && column.values.some((value) => value > 0);
    };
    const last = this.#heat && doc.column(this.#heat) ? this.#heat : undefined;
    this.setColor(this.color ? "" : (last ?? HEAT.find(known) ?? ""));
  }

  /** Gives another session of the view the same look. */
  passOn(session: Session): void {
    session.color(this.color || null);
    session.edgeColor(this.edgeColor || null);
    if (this.size) session.sizeBy(this.size);
  }
}
