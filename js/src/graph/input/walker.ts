/** What keys do to the item under the cursor. */

import type { Desk } from "../desk.js";
import { RUN } from "../model/tree.js";
import { neighbour } from "../scene/neighbours.js";

export type Direction = "up" | "down" | "left" | "right";

export class Walker {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The drawn item that keys act on, -1 for none. */
  get #at(): number {
    const { cursor, session, marked } = this.#desk;
    return cursor >= 0 ? session.expansion.visible(cursor) : ([...marked][0] ?? -1);
  }

  get onGroup(): boolean {
    return this.#desk.session.model.isGroup(this.#at);
  }

  walk(direction: Direction): void {
    const desk = this.#desk;
    const from = this.#at;
    const next = from < 0 ? (desk.session.root().boxes[0] ?? -1) : neighbour(desk.session, from, direction);
    if (next < 0) return;
    desk.choose([next]);
    const rect = desk.session.place(next)?.rect;
    if (rect) desk.mover.show(rect);
    desk.fitted = "no";
    desk.events.touched("camera");
  }

  toggle(): void {
    if (this.#at >= 0) this.#desk.toggle(this.#at);
  }

  /** The selected group, else the one around the selection; -1 for none. */
  group(): number {
    const { model } = this.#desk.session;
    for (let item = this.#at; item > 0; item = model.tree.parent[item]!) if (model.isGroup(item)) return item;
    return -1;
  }

  /** Pages the selected run, or the one around the selection. */
  page(step: 1 | -1): void {
    const { session, cursor } = this.#desk;
    for (let item = cursor; item >= 0; item = session.model.tree.parent[item]!) {
      if (session.expansion.isOpen(item) && session.model.tree.kind[item] === RUN) return this.#desk.page(item, step);
    }
  }
}
