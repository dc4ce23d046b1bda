/** Which groups are open, and how a run shows itself. */

import type { GraphModel } from "../model/graph-model.js";
import { GROUP, INPUT, OUTPUT, ROOT, RUN } from "../model/tree.js";

/** A default view grows until it has `ENOUGH` nodes, by steps that keep it below `MOST`. */
const ENOUGH = 9;
const MOST = 22;
/** With next to nothing on show a crowded group is better than none. */
const FEW = 3;
const MOST_AT_FIRST = 40;
/** Share of the model that a group must hold to be opened unasked. */
const WEIGHTY = 0.12;
/** "Expand all" stops here: more boxes than pixels help nobody, and a hostile file must not hang the page. */
export const EXPAND_LIMIT = 400_000;
const MAX_DEPTH = 48;

export class Expansion {
  readonly #model: GraphModel;
  readonly #open = new Set<number>([ROOT]);
  /** Instance that an open run shows; absent: the first. -1: all of them. */
  readonly #instance = new Map<number, number>();

  constructor(model: GraphModel) {
    this.#model = model;
  }

  isOpen(item: number): boolean {
    return this.#open.has(item);
  }

  /** Shown instance of a run, -1 where it shows all. */
  instance(run: number): number {
    return this.#instance.get(run) ?? 0;
  }

  /** Items drawn directly inside an open group. A run that shows one instance stands in for it. */
  content(item: number): readonly number[] {
    const shown = this.shown(item);
    return this.#model.tree.children[shown]!;
  }

  /** The item whose leaves an open group shows: itself, or one instance of a run. */
  shown(item: number): number {
    const tree = this.#model.tree;
    const instance = this.instance(item);
    return tree.kind[item] === RUN && instance >= 0 ? tree.children[item]![instance]! : item;
  }

  open(item: number): void {
    if (this.#model.isGroup(item)) this.#open.add(item);
  }

  close(item: number): void {
    if (item !== ROOT) this.#open.delete(item);
  }

  setInstance(run: number, instance: number): void {
    const last = this.#model.tree.children[run]!.length - 1;
    this.#instance.set(run, Math.max(-1, Math.min(last, instance)));
  }

  closeAll(): void {
    this.#open.clear();
    this.#open.add(ROOT);
    this.#instance.clear();
  }

  /** Opens every group, runs with all their instances, breadth first up to `limit` nodes. */
  openAll(limit = EXPAND_LIMIT): void {
    let level = [ROOT];
    let nodes = 0;
    for (let depth = 0; level.length > 0 && depth < MAX_DEPTH && nodes <= limit; depth += 1) {
      for (const item of level) this.#openWhole(item);
      const children = level.flatMap((item) => this.#model.tree.children[item]!);
      nodes += children.length;
      level = children.filter((child) => this.#model.isGroup(child));
    }
  }

  #openWhole(item: number): void {
    this.open(item);
    if (this.#model.tree.kind[item] === RUN) this.#instance.set(item, -1);
  }

  /** Opens what must be open for an item to be drawn; a run turns to the instance that holds it. */
  reveal(item: number): void {
    const { tree } = this.#model;
    let below = item;
    for (let above = tree.parent[item]!; above >= 0; above = tree.parent[above]!) {
      this.open(above);
      if (tree.kind[above] === RUN && this.instance(above) !== -1) {
        this.setInstance(above, tree.children[above]!.indexOf(below));
      }
      below = above;
    }
  }

  /** The nearest drawn item at or above `item`. */
  visible(item: number): number {
    const { tree } = this.#model;
    let drawn = item;
    let below = item;
    for (let above = tree.parent[item]!; above >= 0; above = tree.parent[above]!) {
      if (!this.isOpen(above) || this.#hides(above, below)) drawn = above;
      else if (tree.kind[above] === RUN && this.instance(above) >= 0 && drawn === below) drawn = above;
      below = above;
    }
    return drawn;
  }

  #hides(run: number, instance: number): boolean {
    const shown = this.instance(run);
    return this.#model.tree.kind[run] === RUN && shown >= 0 && this.#model.tree.children[run]![shown] !== instance;
  }

  /**
   * Opens the groups with the most in them, outermost first, while the view stays readable.
   *
   * Repeated blocks stay closed unless there is nearly nothing else to see: `[Block ×32]` is the story.
   */
  openDefault(weight: (item: number) => number): void {
    let nodes = this.#inner(this.content(ROOT));
    while (nodes < ENOUGH) {
      const room = nodes <= FEW ? MOST_AT_FIRST : MOST;
      const closed = this.#frontier().filter((item) => nodes + this.#inner(this.#behind(item)) <= room);
      const weighty = closed.filter((item) => weight(item) >= WEIGHTY * weight(ROOT));
      const plain = weighty.filter((item) => this.#model.tree.kind[item] !== RUN);
      const pool = plain.length > 0 || nodes > FEW ? plain : weighty;
      if (pool.length === 0) return;
      const pick = pool.reduce((a, b) => (weight(b) > weight(a) ? b : a));
      this.open(pick);
      nodes += this.#inner(this.content(pick));
    }
  }

  #behind(item: number): readonly number[] {
    return this.#model.tree.children[this.shown(item)]!;
  }

  /** Loose ops were folded to be out of the way. */
  #isLoose(item: number): boolean {
    const { kind, ref, owner } = this.#model.tree;
    return kind[item] === GROUP && ref[item]! < 0 && owner[item]! < 0;
  }

  /** How many items are not model inputs or outputs. */
  #inner(items: readonly number[]): number {
    const { kind } = this.#model.tree;
    return items.filter((item) => kind[item] !== INPUT && kind[item] !== OUTPUT).length;
  }

  #frontier(): number[] {
    const closed: number[] = [];
    const visit = (item: number): void => {
      for (const child of this.content(item)) {
        const kind = this.#model.tree.kind[child];
        if (kind === INPUT || kind === OUTPUT || !this.#model.isGroup(child)) continue;
        if (this.isOpen(child)) visit(child);
        else if (!this.#isLoose(child)) closed.push(child);
      }
    };
    visit(ROOT);
    return closed;
  }
}
