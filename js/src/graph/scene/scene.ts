/**
 * Everything that is open, laid out. What looks the same is laid out once: a group's shape follows from its structural
 * class and the shapes of the open groups inside it.
 */

import { effortOf } from "../layout/effort.js";
import { LayoutMemo } from "../layout/memo.js";
import { type Offload, pageOffload } from "../layout/offload.js";
import type { Layout, LayoutInput } from "../layout/types.js";
import type { GraphModel } from "../model/graph-model.js";
import { Sequences } from "../model/sequences.js";
import { ROOT } from "../model/tree.js";
import type { Expansion } from "./expansion.js";
import { blankFrame, type Frame, type FrameSource, SharedFrame } from "./frame.js";
import { type LocalEdges, localEdges } from "./local.js";
import { PortFinder } from "./ports.js";
import { layoutInput, makeShape, type Shape } from "./shape.js";
import { closedSize } from "./sizes.js";
import { type Sizing, sizedClasses } from "./sizing.js";
import { findSkips } from "./skips.js";
import { type PendingGroup, type Ready, Waiting } from "./waiting.js";

/** Effort from which on a layout is made elsewhere where that is possible: a tenth of a second or so. */
const LARGE = 12_000;
/** Milliseconds of layouts after which all but the smallest that are left are made elsewhere too. */
const PATIENCE = 100;
const SMALL = 200;
/** Groups that are laid out before it pays to find out which are alike. */
const FEW = 40;
/** Numbers in the courses of remembered layouts: about 64 MB. */
const MOST_KEPT = 8_000_000;

export class Scene {
  readonly #model: GraphModel;
  readonly #expansion: Expansion;
  readonly #ports: PortFinder;
  readonly #slot: Int32Array;
  readonly #memo = new LayoutMemo();
  readonly #waiting: Waiting;
  readonly #source: FrameSource;
  #asked = 0;
  #kept = 0;
  /** Time spent on layouts for the frame that is asked for. */
  #spent = 0;
  #sizing: Sizing | null = null;
  #classes: Int32Array | null = null;
  /** Numbers of what decides a shape. */
  #keys = new Sequences();
  readonly #shapes = new Map<number, Shape>();
  /** The shape of each open group, null while its first is pending. */
  readonly #shapeOf = new Map<number, Shape | null>();
  /** What it was before a change: a group looks so until its new layout is there. */
  readonly #former = new Map<number, Shape>();
  readonly #frames = new Map<number, Frame>();

  /** `offload`: where large layouts are made; null makes them at once. */
  constructor(model: GraphModel, expansion: Expansion, offload: Offload | null = pageOffload()) {
    this.#model = model;
    this.#expansion = expansion;
    this.#ports = new PortFinder(model, expansion);
    this.#slot = new Int32Array(model.tree.itemOf.length);
    this.#waiting = new Waiting(offload, (items) => {
      for (const item of items) this.touch(item);
    });
    this.#source = {
      kids: (boxes) => boxes.map((box) => (this.#opened(box) ? this.frame(box) : null)),
      ports: (shown) => this.#ports.of(shown),
      edges: (shown) => this.#edges(shown),
      skips: (edges, layout) => findSkips(model, edges, layout),
    };
  }

  /** Layouts computed, and groups whose shape was asked for. */
  get layouts(): { computed: number; asked: number } {
    return { computed: this.#memo.counts.computed, asked: this.#asked };
  }

  /** Open groups whose layout is under way: drawn closed until then, or as they were. */
  get pending(): readonly PendingGroup[] {
    return this.#waiting.groups;
  }

  /**
   * Calls back when layouts of pending groups are there; the groups are drawn so after `touch(item)` of each. Returns
   * what ends the calls. Where nobody listens the scene touches them itself.
   */
  onReady(callback: Ready): () => void {
    return this.#waiting.listen(callback);
  }

  /** Finds out which groups are alike, before so many are opened that it pays. */
  prepare(): void {
    this.#classes ??= this.#alike();
  }

  #alike(): Int32Array {
    return this.#sizing ? sizedClasses(this.#model, this.#sizing) : this.#model.classes;
  }

  /** Gives up the layouts under way. */
  dispose(): void {
    this.#waiting.clear();
  }

  /** Sizes closed boxes by `sizing`; null: as usual. Everything is laid out again. */
  setSizing(sizing: Sizing | null): void {
    this.#sizing = sizing;
    this.#classes = null;
    this.#keys = new Sequences();
    this.#shapes.clear();
    this.touchAll();
  }

  /** The frame of the whole graph if nothing has changed since it was laid out. */
  current(): Frame | undefined {
    return this.#frames.get(ROOT);
  }

  /** The frame of the whole graph. */
  root(): Frame {
    return this.frame(ROOT);
  }

  /** The frame of one open group; without boxes while it is pending. */
  frame(item: number): Frame {
    const known = this.#frames.get(item);
    if (known) return known;
    this.#spent = 0;
    const shape = this.#shape(item);
    this.#waiting.sweep();
    const shown = this.#expansion.shown(item);
    const boxes = this.#model.tree.children[shown]!;
    const frame = shape ? new SharedFrame(item, shown, boxes, shape, this.#source) : blankFrame(item);
    this.#frames.set(item, frame);
    return frame;
  }

  /** Forgets the frames that a change of `item` alters: its own and those around it. */
  touch(item: number): void {
    for (let at = item; at >= 0; at = this.#model.tree.parent[at]!) {
      this.#frames.delete(at);
      this.#retire(at);
      this.#waiting.forget(at);
    }
  }

  touchAll(): void {
    this.#frames.clear();
    this.#former.clear();
    for (const item of [...this.#shapeOf.keys()]) this.#retire(item);
    for (const { item } of this.#waiting.groups) this.#waiting.forget(item);
  }

  #retire(item: number): void {
    const shape = this.#shapeOf.get(item);
    if (shape) this.#former.set(item, shape);
    this.#shapeOf.delete(item);
  }

  #opened(box: number): Shape | null {
    return this.#expansion.isOpen(box) ? (this.#shapeOf.get(box) ?? null) : null;
  }

  /** The shape of an open group; null while it is pending. */
  #shape(item: number): Shape | null {
    const known = this.#shapeOf.get(item);
    if (known !== undefined) return known;
    this.#asked += 1;
    const shown = this.#expansion.shown(item);
    for (const box of this.#model.tree.children[shown]!) if (this.#expansion.isOpen(box)) this.#shape(box);
    const key = this.#key(shown);
    const shape = this.#shapes.get(key) ?? this.#make(key, item, shown) ?? this.#formerShape(item, shown);
    if (!this.#waiting.has(item)) this.#former.delete(item);
    this.#shapeOf.set(item, shape);
    return shape;
  }

  /** Only of use while it has a place for each box. */
  #formerShape(item: number, shown: number): Shape | null {
    const former = this.#former.get(item);
    return former?.sizes.length === 2 * this.#model.tree.children[shown]!.length ? former : null;
  }

  /** What a shape depends on: the class of the group, the shapes of open groups in it, the instances they show. */
  #key(shown: number): number {
    this.#keys.push(this.#classOf(shown));
    for (const box of this.#model.tree.children[shown]!) {
      if (!this.#model.isGroup(box)) continue;
      const kid = this.#opened(box);
      this.#keys.push(kid ? kid.key : -1);
      if (kid) this.#keys.push(this.#expansion.instance(box));
    }
    return this.#keys.take();
  }

  /** At first every group is a class of its own: a first view shows few, and is waited for. */
  #classOf(shown: number): number {
    if (!this.#classes && this.#asked <= FEW) return -1 - shown;
    this.#classes ??= this.#alike();
    return this.#classes[shown]!;
  }

  #make(key: number, item: number, shown: number): Shape | null {
    if (this.#waiting.join(key, item)) return null;
    const boxes = this.#model.tree.children[shown]!;
    const kids = boxes.map((box) => this.#opened(box));
    const edges = this.#edges(shown);
    const parts = { key, origin: shown, edges, ports: this.#ports.of(shown), kids, bare: item === ROOT };
    const input = layoutInput(parts, (i) => this.#closedSize(boxes[i]!));
    const keep = (layout: Layout): Shape => this.#keep(makeShape(parts, input, layout));
    const known = this.#memo.find(input);
    if (known) return keep(known);
    if (!this.#tooMuch(input)) {
      const start = performance.now();
      const layout = this.#memo.layout(input);
      this.#spent += performance.now() - start;
      return keep(layout);
    }
    this.#waiting.start(key, item, input, (layout) => {
      this.#memo.keep(input, layout);
      keep(layout);
    });
    return null;
  }

  /** Whether a layout would keep the page busy for too long, by itself or after the others of this change. */
  #tooMuch(input: LayoutInput): boolean {
    if (!this.#waiting.possible) return false;
    const effort = effortOf(input);
    return effort >= LARGE || (this.#spent >= PATIENCE && effort > SMALL);
  }

  #closedSize(item: number): { w: number; h: number } {
    return this.#sizing?.(item) ?? closedSize(this.#model, item);
  }

  #edges(shown: number): LocalEdges {
    const boxes = this.#model.tree.children[shown]!;
    const open = boxes.map((box) => this.#opened(box) !== null);
    const ports = this.#ports;
    return localEdges({
      model: this.#model,
      shown,
      boxes,
      ports: ports.of(shown),
      portOf: (i, edge, side) => (open[i] ? ports.find(boxes[i]!, edge, side) : -1),
      slot: this.#slot,
    });
  }

  /** Shapes on show stay whatever is forgotten here. */
  #keep(shape: Shape): Shape {
    this.#kept += shape.layout.points.length;
    if (this.#kept > MOST_KEPT) {
      this.#shapes.clear();
      this.#memo.clear();
      this.#kept = shape.layout.points.length;
    }
    this.#shapes.set(shape.key, shape);
    return shape;
  }
}
