/**
 * Keeps two views in step. The one the user touched last leads; the other follows it and never leads back.
 *
 * The two drawings differ, so equal cameras would show different things: what stands in the middle of the leading view
 * and its counterpart in the other stand at the same place of their views, at the same scale.
 */

import type { Desk } from "../desk.js";
import type { GraphModel } from "../model/graph-model.js";
import type { Rect } from "../paint/camera.js";
import { walk } from "../scene/walk.js";
import type { GraphState } from "../state.js";
import type { GraphView } from "../view.js";
import { counterpartRows, otherOps, representative, translated } from "./counterparts.js";

/** Items looked at for one to hold on to. */
const MOST_ANCHORS = 600;

interface Half {
  readonly view: GraphView;
  rows: Int32Array;
  /** The item that the views last stood together by, -1 for none. */
  held: number;
}

export class Lockstep {
  readonly #halves: readonly [Half, Half];
  readonly #stop = new AbortController();
  readonly #undo: (() => void)[] = [];
  #leader = 0;
  #on = true;

  constructor(first: GraphView, second: GraphView) {
    this.#halves = [half(first), half(second)];
    this.#halves.forEach(({ view }, side) => {
      this.#listen(view, side);
    });
    this.#recolor();
  }

  get on(): boolean {
    return this.#on;
  }

  /** In step or each by itself; back in step the other comes to where the leader is. */
  set on(value: boolean) {
    this.#on = value;
    if (value) this.#follow(this.#leader, this.#halves[this.#leader]!.view.state());
  }

  /** The documents have other columns now. */
  refresh(): void {
    for (const one of this.#halves) one.rows = counterpartRows(one.view.desk.session.model.doc);
    this.#recolor();
  }

  /** Each is coloured by what the other shows too. */
  #recolor(): void {
    for (const { view } of this.#halves) view.desk.tints.again();
  }

  /** What a side was told from outside holds for the other too. */
  lead(side: 0 | 1, changed: Partial<GraphState>): void {
    this.#leader = side;
    this.#changed(side, changed);
  }

  /** Brings an op of one side into view, and with it its counterpart or what is around. */
  go(side: 0 | 1, op: number): void {
    this.#leader = side;
    const { view } = this.#halves[side];
    view.focusOp(op);
    view.setSelection([op]);
    this.#selected(side, [op]);
  }

  dispose(): void {
    this.#stop.abort();
    for (const undo of this.#undo) undo();
  }

  #listen(view: GraphView, side: number): void {
    const { signal } = this.#stop;
    for (const type of ["pointerdown", "wheel", "keydown", "focusin", "touchstart"] as const) {
      view.node().addEventListener(type, () => this.#lead(side), { signal, capture: true, passive: true });
    }
    this.#undo.push(view.onChange((changed) => this.#changed(side, changed)));
    this.#undo.push(view.onSelect((ops) => this.#selected(side, ops)));
    this.#undo.push(view.onCamera(() => this.#moved(side)));
    view.desk.tints.onRescale = (choice) => {
      if (this.#leads(side)) this.#ends(side)[1].view.desk.tints.rescale(choice);
    };
    view.desk.setBeside(() => ({ model: model(this.#halves[1 - side]!), first: side === 1 }));
  }

  #lead(side: number): void {
    this.#leader = side;
  }

  #leads(side: number): boolean {
    return this.#on && side === this.#leader;
  }

  #changed(side: number, changed: Partial<GraphState>): void {
    if (this.#leads(side)) this.#follow(side, changed);
  }

  #follow(side: number, changed: Partial<GraphState>): void {
    const [from, to] = this.#ends(side);
    to.view.setState(translated(changed, model(from), model(to), from.rows));
    if (changed.constants !== undefined || changed.quantizers !== undefined) this.#recolor();
    this.#moved(side);
  }

  /** Where the user selects what the other model has too, it is brought into its view. */
  #selected(side: number, ops: readonly number[]): void {
    if (!this.#leads(side)) return;
    const [from, to] = this.#ends(side);
    const others = otherOps(from.rows, ops);
    to.view.setSelection(others);
    if (ops.length !== 1 || others[0] === undefined) return;
    const item = model(to).itemOfOp(others[0]);
    if (item >= 0) to.view.desk.reveal(item);
    this.#moved(side);
  }

  #moved(side: number): void {
    if (!this.#leads(side)) return;
    const [from, to] = this.#ends(side);
    const [lead, other] = [from.view.desk, to.view.desk];
    const anchor = this.#anchor(from, other);
    if (lead.fitted !== "no") return fitLike(lead, other);
    if (!anchor) return;
    const { scale } = lead.stage.camera;
    const at = lead.stage.toScreen(anchor.here);
    other.fitted = "no";
    other.stage.jump({
      scale,
      x: anchor.there.x + anchor.there.w / 2 - (at.x + at.w / 2) / scale,
      y: anchor.there.y + anchor.there.h / 2 - (at.y + at.h / 2) / scale,
    });
  }

  #ends(side: number): [Half, Half] {
    return [this.#halves[side]!, this.#halves[1 - side]!];
  }

  /** What stands nearest to the middle and has a counterpart that is drawn; small things before what is around them. */
  #anchor(from: Half, other: Desk): { here: Rect; there: Rect } | null {
    const { session, stage } = from.view.desk;
    const { view } = stage;
    const middle = { x: view.x + view.w / 2, y: view.y + view.h / 2 };
    const near: { item: number; rect: Rect; off: number }[] = [];
    walk(session.root(), view, ({ item, rect, frame }) => {
      if (!frame) near.push({ item, rect, off: distance(rect, middle.x, middle.y) });
      return near.length < MOST_ANCHORS;
    });
    near.sort((a, b) => a.off - b.off);
    for (const { item, rect } of near) {
      const there = placeOf(other, representative(session.model, from.rows, item));
      if (!there) continue;
      from.held = item;
      return { here: rect, there };
    }
    return this.#heldAnchor(from, other);
  }

  /** Over empty space both go on from what they last held on to. */
  #heldAnchor(from: Half, other: Desk): { here: Rect; there: Rect } | null {
    const { session } = from.view.desk;
    const here = from.held < 0 ? null : session.place(from.held)?.rect;
    const there = here ? placeOf(other, representative(session.model, from.rows, from.held)) : null;
    return here && there ? { here, there } : null;
  }
}

function half(view: GraphView): Half {
  return { view, rows: counterpartRows(view.desk.session.model.doc), held: -1 };
}

function model({ view }: Half): GraphModel {
  return view.desk.session.model;
}

/** The overview of the one is the overview of the other. */
function fitLike(lead: Desk, other: Desk): void {
  if (!other.stage.ready) return;
  other.fitted = lead.fitted;
  other.stage.jump(other.mover.overview(other.session, lead.fitted === "first"));
}

/** Where an op, or the closed group that holds it, is drawn. */
function placeOf({ session }: Desk, op: number): Rect | null {
  const item = op < 0 ? -1 : session.model.itemOfOp(op);
  return item < 0 ? null : (session.place(session.expansion.visible(item))?.rect ?? null);
}

function distance(rect: Rect, x: number, y: number): number {
  return Math.hypot(rect.x + rect.w / 2 - x, rect.y + rect.h / 2 - y);
}
