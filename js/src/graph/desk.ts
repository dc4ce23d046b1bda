/** The state of one graph view and what can be done to it; panels and input devices act through it. */

import type { ReportDocument } from "../data/index.js";
import type { DeskEvents } from "./events.js";
import { Finder } from "./explore/finder.js";
import type { Stage } from "./input/stage.js";
import type { ModelOptions } from "./model/graph-model.js";
import { ROOT } from "./model/tree.js";
import type { Beside } from "./overlay/beside.js";
import { type Rect, zoomAt } from "./paint/camera.js";
import type { EdgeRef, Look } from "./paint/look.js";
import type { Theme } from "./paint/theme.js";
import { spoken } from "./panels/describe.js";
import { Mover } from "./scene/mover.js";
import { Places, stillThere } from "./scene/places.js";
import { Session } from "./scene/session.js";
import { itemsWithin } from "./scene/within.js";
import { Tints } from "./tints.js";

/** Beyond this many ops a selection is drawn on closed groups only by chance; looking all up would be slow. */
const MOST_MARKED = 20_000;

/** The overview may follow the size of the view: as at first sight, or as the user asked for. */
type Fitted = "first" | "whole" | "no";

export class Desk {
  session: Session;
  readonly stage: Stage;
  readonly mover: Mover;
  readonly finder = new Finder();
  readonly places = new Places();
  readonly tints = new Tints(
    () => this.session,
    () => this.#changed(),
  );
  readonly events: DeskEvents;
  #awaited = -1;
  selectedOps: readonly number[] = [];
  /** Items that the user picked; none where the selection came from outside. */
  picked: readonly number[] = [];
  /** Drawn items that hold selected ops. */
  marked: ReadonlySet<number> = new Set();
  hover = -1;
  hoverEdge: EdgeRef | null = null;
  /** Whether what is open is the user's choice. */
  opened = false;
  #beside: (() => Beside) | null = null;
  fitted: Fitted = "first";

  constructor(doc: ReportDocument, stage: Stage, events: DeskEvents) {
    this.session = new Session(doc, { constants: false, quantizers: true });
    this.stage = stage;
    this.mover = new Mover(stage);
    this.events = events;
    this.#attend(this.session);
  }

  dispose(): void {
    this.session.scene.dispose();
  }

  /** Another model is drawn beside: amounts are coloured on one scale from the next colouring on. */
  setBeside(beside: () => Beside): void {
    this.#beside = beside;
    this.session.beside = beside;
  }

  /** Large groups are laid out elsewhere: they open when that is done. */
  #attend(session: Session): void {
    session.scene.onReady(([first, ...others]) => {
      if (this.session !== session || first === undefined) return;
      this.mover.change(session, first, () => {
        for (const item of others) session.scene.touch(item);
      });
      this.mark();
      if (this.fitted !== "no" && this.stage.ready) {
        this.stage.jump(this.mover.overview(session, this.fitted === "first"));
      }
    });
  }

  /** The item that keys act on, -1 for none. */
  get cursor(): number {
    return this.picked.at(-1) ?? -1;
  }

  look(theme: Theme): Look {
    const { model, expansion, summaries, coloring, edgeColoring } = this.session;
    const { hover, hoverEdge, marked: selected, cursor: current } = this;
    return {
      model,
      expansion,
      summaries,
      coloring: coloring?.themed(theme.dark) ?? null,
      theme,
      selected,
      hover,
      hoverEdge,
      emphasis: this.finder.emphasis,
      edgeColoring: edgeColoring?.themed(theme.dark) ?? null,
      change: this.session.change,
      current,
      tween: this.mover.tween(),
    };
  }

  /** Heat on and off, as the user asks. */
  toggleHeat(): void {
    this.tints.toggleHeat();
    this.events.touched("color");
  }

  setColumns(doc: ReportDocument): void {
    this.session.setColumns(doc);
    this.finder.setFilter(this.session.model, this.finder.filter);
    this.#changed();
  }

  /** Starts afresh with another report. */
  load(doc: ReportDocument): void {
    this.opened = false;
    this.selectedOps = [];
    this.finder.filter = "";
    this.#replace(new Session(doc, this.session.model.options));
    this.fitted = "first";
    this.stage.jump(this.mover.overview(this.session, true));
  }

  /** Draws more or fewer ops of the same report, as the user asks. */
  leaveOut(options: Partial<ModelOptions>): void {
    this.setShown(options);
    this.events.touched("constants", "quantizers");
  }

  /** Draws more or fewer ops of the same report. */
  setShown(options: Partial<ModelOptions>): void {
    const { model } = this.session;
    const session = new Session(model.doc, { ...model.options, ...options });
    session.adopt(this.session);
    this.#replace(session);
    if (this.fitted !== "no") this.fit();
  }

  #replace(session: Session): void {
    session.beside = this.#beside;
    this.tints.passOn(session);
    this.session.scene.dispose();
    this.session = session;
    this.#attend(session);
    this.#awaited = -1;
    this.hover = -1;
    this.hoverEdge = null;
    this.picked = [];
    this.places.clear();
    this.finder.refresh(session.model);
    this.mark();
    this.#changed();
  }

  #changed(): void {
    this.events.changed();
    this.events.shown();
    this.stage.request();
  }

  /** Selects items as the user does; with `add` they join what is selected, or leave it. */
  choose(items: readonly number[], add = false): void {
    const before = add ? this.#pickedOr(this.selectedOps) : [];
    const again = items.length === 1 && before.includes(items[0]!);
    this.picked = again ? before.filter((item) => item !== items[0]) : [...new Set([...before, ...items])];
    const [only] = this.picked;
    const { model } = this.session;
    this.selectedOps =
      this.picked.length === 1 ? model.opsOf(only!) : [...new Set(this.picked.flatMap((item) => model.opsOf(item)))];
    this.mark();
    this.events.selected([...this.selectedOps]);
    this.events.touched("selection");
    this.events.say(this.#spokenSelection());
    this.events.shown();
  }

  /** Items that stand for a selection which came from outside. */
  #pickedOr(ops: readonly number[]): readonly number[] {
    if (this.picked.length > 0) return this.picked;
    return ops.slice(0, MOST_MARKED).flatMap((op) => {
      const item = this.session.model.itemOfOp(op);
      return item < 0 ? [] : [item];
    });
  }

  #spokenSelection(): string {
    const { length } = this.picked;
    if (length > 1) return `${length} selected`;
    return length === 0 ? "Nothing selected" : spoken(this.session, this.cursor);
  }

  select(ops: readonly number[]): void {
    this.selectedOps = ops;
    this.picked = [];
    this.mark();
    this.events.shown();
  }

  selectWithin(area: Rect, add: boolean): void {
    this.choose(itemsWithin(this.session, area), add);
  }

  /** The items of the selection, whoever made it. */
  get chosen(): readonly number[] {
    return this.#pickedOr(this.selectedOps);
  }

  /** Finds the drawn items of the selected ops anew. */
  mark(): void {
    const { expansion } = this.session;
    this.marked = new Set(this.chosen.map((item) => expansion.visible(item)));
    this.stage.request();
  }

  /** Opens what is around an item. */
  reveal(item: number): void {
    if (!this.session.holds(item)) this.session.top = ROOT;
    this.session.expansion.reveal(item);
    this.session.scene.touch(item);
    this.session.root();
    this.mark();
    this.events.shown();
  }

  /** Brings an item into view; a view that is not on screen yet does so when it is. */
  bring(item: number): void {
    this.reveal(item);
    this.fitted = "no";
    if (this.stage.ready) this.mover.focus(this.session, item);
    else this.#awaited = item;
  }

  /** Focuses an op, showing what is hidden where it is one of that. */
  bringOp(op: number): void {
    const { model } = this.session;
    if (model.itemOfOp(op) < 0) {
      if (model.graph.constant[op] === 1) this.setShown({ constants: true });
      if (this.session.model.itemOfOp(op) < 0) this.setShown({ constants: true, quantizers: true });
    }
    const item = this.session.model.itemOfOp(op);
    if (item >= 0) this.bring(item);
  }

  /** The view got a size, or another one. */
  resized(): void {
    if (this.#awaited >= 0) this.mover.focus(this.session, this.#awaited);
    else if (this.fitted !== "no") this.stage.camera = this.mover.overview(this.session, this.fitted === "first");
    this.#awaited = -1;
  }

  toggle(item: number): void {
    if (!this.session.model.isGroup(item) || item === this.session.top) return;
    this.mover.toggle(this.session, item);
    this.#moved();
    this.events.say(spoken(this.session, item));
  }

  page(run: number, step: 1 | -1): void {
    this.mover.page(this.session, run, step);
    this.#moved();
  }

  unroll(run: number): void {
    this.mover.unroll(this.session, run);
    this.#moved();
  }

  #moved(): void {
    this.fitted = "no";
    this.opened = true;
    this.mark();
    this.events.touched("expanded", "camera");
    this.events.shown();
  }

  /** Opens and closes many groups at once. */
  openMany(act: (session: Session) => void): void {
    act(this.session);
    this.session.scene.touchAll();
    this.opened = true;
    this.mark();
    this.events.touched("expanded");
    this.events.shown();
    this.fit();
  }

  /** Shows a group alone; the root: everything. */
  enter(item: number): void {
    if (!this.session.model.isGroup(item) || item === this.session.top) return;
    this.remember(this.cursor);
    this.mover.enter(this.session, item);
    this.fitted = "first";
    this.opened = true;
    this.mark();
    this.events.touched("focus", "expanded", "camera");
    this.events.shown();
  }

  fit(): void {
    this.fitted = "whole";
    this.stage.glide(this.mover.overview(this.session, false));
    this.events.touched("camera");
  }

  fitItems(items: readonly number[]): void {
    this.fitted = "no";
    this.mover.fit(this.session, items);
    this.events.touched("camera");
  }

  zoomBy(factor: number): void {
    const { target, width, height } = this.stage;
    this.fitted = "no";
    this.stage.glide(zoomAt(target, factor, width / 2, height / 2));
    this.events.touched("camera");
  }

  /** Notes where we are before a jump. */
  remember(anchor: number): void {
    this.places.push(this.session, this.stage.target, anchor);
  }

  /** Goes back to where we were before the last jump. */
  back(): void {
    const place = this.places.pop();
    if (!place) return;
    const { session } = this;
    if (session.top !== place.top) this.mover.enter(session, place.top);
    if (stillThere(session, place)) this.stage.glide(place.camera);
    else if (place.anchor >= 0) this.mover.focus(session, session.expansion.visible(place.anchor));
    this.fitted = "no";
    this.mark();
    this.events.touched("focus", "camera");
    this.events.shown();
  }
}
