/** The state of one graph view and what can be done to it; panels and input devices act through it. */

import type { ReportDocument } from "../data/index.js";
import { Finder } from "./explore/finder.js";
import type { Stage } from "./input/stage.js";
import { zoomAt } from "./paint/camera.js";
import type { EdgeRef, Look } from "./paint/look.js";
import type { Theme } from "./paint/theme.js";
import { spoken } from "./panels/describe.js";
import { Mover } from "./scene/mover.js";
import { Session } from "./scene/session.js";

export interface DeskEvents {
  /** The user selected ops. */
  selected(ops: number[]): void;
  /** Matches, or the current one, changed. */
  found(): void;
  /** Something for a screen reader. */
  say(text: string): void;
  /** Colours, constants or the document changed. */
  changed(): void;
}

/** Beyond this many ops a selection is drawn on closed groups only by chance; looking all up would be slow. */
const MOST_MARKED = 20_000;

export class Desk {
  session: Session;
  readonly stage: Stage;
  readonly mover: Mover;
  readonly finder = new Finder();
  readonly #events: DeskEvents;
  #awaited = -1;
  selectedOps: readonly number[] = [];
  /** Drawn items that hold selected ops. */
  marked: ReadonlySet<number> = new Set();
  /** The item that keys act on, -1 for none. */
  cursor = -1;
  hover = -1;
  hoverEdge: EdgeRef | null = null;
  /** Whether the camera still shows the overview, so that a resize may move it. */
  fitted = true;

  constructor(doc: ReportDocument, stage: Stage, events: DeskEvents) {
    this.session = new Session(doc, false);
    this.stage = stage;
    this.mover = new Mover(stage);
    this.#events = events;
  }

  look(theme: Theme): Look {
    const { model, expansion, summaries, coloring } = this.session;
    const { hover, hoverEdge, marked: selected, cursor: current } = this;
    return {
      model,
      expansion,
      summaries,
      coloring,
      theme,
      selected,
      hover,
      hoverEdge,
      emphasis: this.finder.emphasis,
      edgeColoring: null,
      change: null,
      current,
      tween: this.mover.tween(),
    };
  }

  color(column: string | null): void {
    this.session.color(column);
    this.#changed();
  }

  setColumns(doc: ReportDocument): void {
    this.session.setColumns(doc);
    this.#changed();
  }

  /** Starts afresh with another report. */
  load(doc: ReportDocument): void {
    this.#replace(new Session(doc, false));
    this.stage.jump(this.mover.overview(this.session, true));
  }

  setConstants(shown: boolean): void {
    const session = new Session(this.session.model.doc, shown);
    session.adopt(this.session);
    this.#replace(session);
    if (this.fitted) this.fit();
  }

  #replace(session: Session): void {
    session.color(this.session.coloring?.column.info.name ?? null);
    this.session = session;
    this.#awaited = -1;
    this.hover = -1;
    this.hoverEdge = null;
    this.cursor = -1;
    this.find(this.finder.query);
    this.mark();
    this.#changed();
  }

  #changed(): void {
    this.#events.changed();
    this.stage.request();
  }

  /** Selects ops as the user does. */
  choose(item: number, ops: readonly number[]): void {
    this.cursor = item;
    this.selectedOps = ops;
    this.mark();
    this.#events.selected([...ops]);
    this.#events.say(item < 0 ? "Nothing selected" : spoken(this.session, item));
  }

  select(ops: readonly number[]): void {
    this.selectedOps = ops;
    this.cursor = -1;
    this.mark();
  }

  /** Finds the drawn items of the selected ops anew. */
  mark(): void {
    const { model, expansion } = this.session;
    const marked = new Set<number>();
    if (this.cursor >= 0) marked.add(expansion.visible(this.cursor));
    else {
      for (const op of this.selectedOps.slice(0, MOST_MARKED)) {
        const item = model.itemOfOp(op);
        if (item >= 0) marked.add(expansion.visible(item));
      }
    }
    this.marked = marked;
    this.stage.request();
  }

  /** Opens what is around an item. */
  reveal(item: number): void {
    this.session.expansion.reveal(item);
    this.session.scene.touch(item);
    this.session.root();
    this.mark();
  }

  /** Brings an item into view; a view that is not on screen yet does so when it is. */
  focus(item: number): void {
    this.reveal(item);
    this.fitted = false;
    if (this.stage.ready) this.mover.focus(this.session, item);
    else this.#awaited = item;
  }

  /** The view got a size, or another one. */
  resized(): void {
    if (this.#awaited >= 0) this.mover.focus(this.session, this.#awaited);
    else if (this.fitted) this.stage.camera = this.mover.overview(this.session, true);
    this.#awaited = -1;
  }

  toggle(item: number): void {
    if (!this.session.model.isGroup(item)) return;
    this.mover.toggle(this.session, item);
    this.fitted = false;
    this.mark();
    this.#events.say(spoken(this.session, item));
  }

  page(run: number, step: 1 | -1): void {
    this.mover.page(this.session, run, step);
    this.mark();
  }

  unroll(run: number): void {
    this.mover.unroll(this.session, run);
    this.mark();
  }

  openMany(act: (session: Session) => void): void {
    act(this.session);
    this.session.scene.touchAll();
    this.mark();
    this.fit();
  }

  fit(): void {
    this.fitted = true;
    this.stage.glide(this.mover.overview(this.session, false));
  }

  zoomBy(factor: number): void {
    const { target, width, height } = this.stage;
    this.fitted = false;
    this.stage.glide(zoomAt(target, factor, width / 2, height / 2));
  }

  find(query: string): void {
    this.finder.search(this.session.model, query);
    this.#events.found();
    this.stage.request();
  }

  stepMatch(direction: 1 | -1): void {
    const op = this.finder.step(direction);
    this.#events.found();
    if (op < 0) return;
    if (this.session.model.itemOfOp(op) < 0) this.#showHidden(op);
    const item = this.session.model.itemOfOp(op);
    if (item < 0) return;
    this.focus(item);
    this.choose(item, [op]);
  }

  /** Focuses an op, showing constants where it is one of them. */
  focusOp(op: number): void {
    if (this.session.model.itemOfOp(op) < 0 && this.session.model.graph.constant[op] === 1) this.setConstants(true);
    const item = this.session.model.itemOfOp(op);
    if (item >= 0) this.focus(item);
  }

  #showHidden(op: number): void {
    const { at } = this.finder;
    this.setConstants(true);
    this.finder.at = at;
    this.#events.found();
    this.focusOp(op);
  }
}
