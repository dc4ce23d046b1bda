/** Which groups are open, and how a run shows itself. */

import type { GraphModel } from "../model/graph-model.js";
import { ROOT, RUN } from "../model/tree.js";
import { openDefault } from "./opening.js";

/** "Expand all" stops here: more boxes than pixels help nobody, and a hostile file must not hang the page. */
export const EXPAND_LIMIT = 400_000;
const MAX_DEPTH = 48;
/** Shown instance of a run that shows all of them. */
export const ALL = -1;

export class Expansion {
  readonly #model: GraphModel;
  readonly #open = new Set<number>([ROOT]);
  /** Instance that an open run shows; absent: the first. */
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
    this.#instance.set(run, Math.max(ALL, Math.min(last, instance)));
  }

  /** Turns a run to another instance, in which the same groups are open as in the one that was shown. */
  turn(run: number, instance: number): void {
    const before = this.shown(run);
    this.setInstance(run, instance);
    const after = this.shown(run);
    if (before !== run && after !== run) this.#mirror(before, after);
  }

  #mirror(from: number, to: number): void {
    const { children, kind } = this.#model.tree;
    const pairs: [number, number][] = [[from, to]];
    for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
      const [olds, news] = [children[pair[0]]!, children[pair[1]]!];
      olds.forEach((old, i) => {
        const twin = news[i];
        if (twin === undefined || kind[twin] !== kind[old] || !this.isOpen(old)) return;
        this.open(twin);
        const shown = this.#instance.get(old);
        if (shown !== undefined) this.setInstance(twin, shown);
        pairs.push([old, twin]);
      });
    }
  }

  closeAll(): void {
    this.#open.clear();
    this.#open.add(ROOT);
    this.#instance.clear();
  }

  /** Opens every group below `top`, runs with all their instances, breadth first up to `limit` nodes. */
  openAll(limit = EXPAND_LIMIT, top = ROOT): void {
    this.#openLevels(top, MAX_DEPTH, limit, (item) => {
      if (this.#model.tree.kind[item] === RUN) this.#instance.set(item, ALL);
      return this.#model.tree.children[item]!;
    });
  }

  /** Opens `depth` levels of groups below `top`, runs with one instance, and closes what lies deeper. */
  openTo(depth: number, top = ROOT, limit = EXPAND_LIMIT): void {
    for (const item of this.#open) if (this.#isBelow(item, top)) this.close(item);
    this.#openLevels(top, depth + 1, limit, (item) => {
      if (this.#instance.get(item) === ALL) this.#instance.delete(item);
      return this.content(item);
    });
  }

  #openLevels(top: number, levels: number, limit: number, content: (item: number) => readonly number[]): void {
    let level = [top];
    let nodes = 0;
    for (let depth = 0; level.length > 0 && depth < levels && nodes <= limit; depth += 1) {
      const next: number[] = [];
      for (const item of level) {
        this.open(item);
        const inside = content(item);
        nodes += inside.length;
        for (const child of inside) if (this.#model.isGroup(child)) next.push(child);
      }
      level = next;
    }
  }

  #isBelow(item: number, top: number): boolean {
    const { parent } = this.#model.tree;
    for (let at = parent[item]!; at >= 0; at = parent[at]!) if (at === top) return true;
    return false;
  }

  /** Closes every group that does not hold one of `items` or `top`, is not one of `items`, and lies in none. */
  closeOthers(items: readonly number[], top = ROOT): void {
    const { parent } = this.#model.tree;
    const around = new Set<number>();
    for (const item of [...items, top]) for (let at = item; at >= 0; at = parent[at]!) around.add(at);
    const chosen = new Set(items);
    const within = (item: number): boolean => {
      for (let at = item; at >= 0; at = parent[at]!) if (chosen.has(at)) return true;
      return false;
    };
    for (const item of this.#open) if (!around.has(item) && !within(item)) this.close(item);
  }

  /** Opens what must be open for an item to be drawn; a run turns to the instance that holds it. */
  reveal(item: number): void {
    this.#uncover(item, (run, instance) => {
      if (this.instance(run) !== ALL) this.setInstance(run, instance);
    });
  }

  /** Opens what must be open for all of them to be drawn; a run with several of their instances shows all. */
  revealAll(items: readonly number[]): void {
    const wanted = new Map<number, number>();
    for (const item of items) {
      this.#uncover(item, (run, instance) => {
        const other = wanted.get(run);
        wanted.set(run, other === undefined || other === instance ? instance : ALL);
      });
    }
    for (const [run, instance] of wanted) if (this.instance(run) !== ALL) this.setInstance(run, instance);
  }

  /** Opens all groups around an item, and tells of each run on the way which instance holds it. */
  #uncover(item: number, turn: (run: number, instance: number) => void): void {
    const { tree } = this.#model;
    let below = item;
    for (let above = tree.parent[item]!; above >= 0; above = tree.parent[above]!) {
      this.open(above);
      if (tree.kind[above] === RUN) turn(above, tree.children[above]!.indexOf(below));
      below = above;
    }
  }

  /** The nearest drawn item at or above `item`. */
  visible(item: number): number {
    const { tree } = this.#model;
    let drawn = item;
    let below = item;
    for (let above = tree.parent[item]!; above >= 0; above = tree.parent[above]!) {
      if (!this.#shows(above) || this.#hides(above, below)) drawn = above;
      else if (tree.kind[above] === RUN && this.instance(above) >= 0 && drawn === below) drawn = above;
      below = above;
    }
    return drawn;
  }

  /** Whether what is inside is drawn: an instance that stands for its run need not be open itself. */
  #shows(item: number): boolean {
    if (this.isOpen(item)) return true;
    const run = this.#model.tree.parent[item]!;
    return run >= 0 && this.#model.tree.kind[run] === RUN && this.shown(run) === item;
  }

  #hides(run: number, instance: number): boolean {
    const shown = this.instance(run);
    return this.#model.tree.kind[run] === RUN && shown >= 0 && this.#model.tree.children[run]![shown] !== instance;
  }

  openDefault(weight: (item: number) => number): void {
    openDefault(this.#model, this, weight);
  }

  /** The open groups on show, outermost first, without the root. */
  shownGroups(): number[] {
    const open: number[] = [];
    const stack = [ROOT];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      if (item !== ROOT) open.push(item);
      const inside = this.content(item);
      for (let i = inside.length - 1; i >= 0; i -= 1) if (this.isOpen(inside[i]!)) stack.push(inside[i]!);
    }
    return open;
  }
}
